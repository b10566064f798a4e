"""The cases of OSV entries and of CISA's catalogue, for `make_cases`; by itself it makes these two folders anew.

    cd tests && python -m evidence.cases_of_advisories

An OSV case asks what concerns a component: `case.json` has its purl, and what is exploited; `input` one entry, or a list of them.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

PURL = "pkg:pypi/foo-bar@1.5"
ZERO = {"introduced": "0"}


class Make(Protocol):
    """`make_cases.Maker`."""

    def case(self, reader: str, name: str, data: bytes, expected: Any, why: str, args: Any = None) -> None: ...


def entry(id_: str = "OSV-1", affected: Any = None, **more: Any) -> dict[str, Any]:
    """An entry; by default every version of Foo_Bar before 2.0 is affected."""
    return {"id": id_, "modified": "2026-11-20T08:00:00Z", "affected": [package(ranges(ZERO, {"fixed": "2.0"}))] if affected is None else affected, **more}


def package(found: dict[str, Any], ecosystem: str = "PyPI", name: str = "Foo_Bar") -> dict[str, Any]:
    return {"package": {"ecosystem": ecosystem, "name": name}, **found}


def ranges(*events: Any, type_: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"ranges": [{"type": type_, "events": list(events)}]}


def found(
    advisory: str = "OSV-1",
    level: str = "unknown",
    score: int = -1,
    *,
    sure: bool = True,
    fixed: Any = ("2.0",),
    aliases: Any = (),
    upstream: Any = (),
    kev: bool = False,
) -> dict[str, Any]:
    return {
        "advisory": advisory,
        "aliases": list(aliases),
        "upstream": list(upstream),
        "level": level,
        "score": score,
        "fixedIn": list(fixed),
        "kev": kev,
        "certain": sure,
    }


MAYBE = found(sure=False, fixed=())
V31 = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"}
V40 = {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}
ODD = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AV:N"}
LIST = {"versions": ["1.4", "1.5"]}

MATCHES: list[tuple[str, Any, list[Any], str, str]] = [
    ("before-the-fix", entry(), [found()], PURL, "a version before the fix is affected, under the name as PyPI compares it"),
    ("the-fix-itself", entry(), [], "pkg:pypi/foo.bar@2.0.0", "the fix, written otherwise, is not affected"),
    ("another-ecosystem", entry(), [], "pkg:npm/foo-bar@1.5", "a package of this name in another ecosystem is another package"),
    ("withdrawn", entry(withdrawn="2026-11-20T09:00:00Z"), [], PURL, "what was withdrawn counts no more"),
    ("withdrawn-malformed", entry(withdrawn="yesterday"), [found()], PURL, "that it was withdrawn cannot be read: it stands"),
    ("empty-range", entry(affected=[package(ranges())]), [MAYBE], PURL, "a range without events says nothing: it may be affected"),
    ("no-range", entry(affected=[package({})]), [MAYBE], PURL, "neither versions nor ranges: it may be affected"),
    ("range-without-introduced", entry(affected=[package(ranges({"fixed": "2.0"}))]), [found(sure=False)], PURL, "a range without a beginning says nothing"),
    ("git-alone", entry(affected=[package(ranges(ZERO, {"fixed": "c0ffee"}, type_="GIT"))]), [MAYBE], PURL, "commits tell nothing of a version"),
    ("git-and-versions", entry(affected=[package({**ranges(ZERO, type_="GIT"), "versions": ["1.4"]})]), [], PURL, "beside commits, the versions that are listed decide"),
    ("listed", entry(affected=[package(LIST)]), [found(fixed=())], PURL, "a version that is listed is affected, without any range"),
    ("listed-otherwise", entry(affected=[package(LIST)]), [found(fixed=())], "pkg:pypi/foo-bar@v1.5.0", "a version that is listed in another spelling is affected"),
    ("listed-beyond-the-range", entry(affected=[package({**ranges(ZERO, {"fixed": "1.0"}), **LIST})]), [found(fixed=("1.0",))], PURL, "a version that is listed is affected, whatever the range says"),
    ("last-affected", entry(affected=[package(ranges(ZERO, {"last_affected": "1.5"}))]), [found(fixed=())], PURL, "the last affected version is affected"),
    ("after-last-affected", entry(affected=[package(ranges(ZERO, {"last_affected": "1.5"}))]), [], "pkg:pypi/foo-bar@1.5.1", "what follows it is not"),
    ("local-build", entry(affected=[package(ranges(ZERO, {"last_affected": "1.5"}))]), [found(fixed=())], "pkg:pypi/foo-bar@1.5%2Bcu118", "a local build of an affected version is affected"),
    ("limit", entry(affected=[package(ranges(ZERO, {"limit": "1.5"}))]), [], PURL, "outside the limit the range says nothing"),
    ("within-the-limit", entry(affected=[package(ranges(ZERO, {"limit": "1.6"}))]), [found(fixed=())], PURL, "within it, it does"),
    ("limit-without-end", entry(affected=[package(ranges(ZERO, {"limit": "*"}))]), [found(fixed=())], PURL, "a star is no limit"),
    ("introduced-again", entry(affected=[package(ranges({"introduced": "1.5"}, {"fixed": "2.0"}, ZERO, {"fixed": "1.2"}))]), [found()], PURL, "events in any order: fixed in 1.2, introduced again in 1.5"),
    ("between", entry(affected=[package(ranges(ZERO, {"fixed": "1.2"}, {"introduced": "1.6"}))]), [], PURL, "between a fix and the next introduction it is not affected"),
    ("fixed-and-introduced-at-once", entry(affected=[package(ranges(ZERO, {"fixed": "1.5"}, {"introduced": "1.5"}))]), [found(fixed=())], PURL, "fixed and introduced in the very version: it is affected"),
    ("no-version", entry(), [found(sure=False)], "pkg:pypi/foo-bar", "a component without a version may be affected"),
    ("no-such-version", entry(), [found(sure=False)], "pkg:pypi/foo-bar@final-2", "a version that PEP 440 does not have may be affected"),
    ("odd-version-in-the-range", entry(affected=[package(ranges(ZERO, {"fixed": "the next"}))]), [found(sure=False, fixed=("the next",))], PURL, "a range by a version that PEP 440 does not have says nothing"),
    ("endless-version", entry(), [found(sure=False)], "pkg:pypi/foo-bar@" + "9" * 1500, "a version of 1500 digits is compared with nothing"),
    ("malformed-range", entry(affected=[package({"ranges": "all"})]), [MAYBE], PURL, "ranges that are no list: it may be affected"),
    ("malformed-event", entry(affected=[package(ranges({"introduced": 0, "fixed": "1"}, {"introduced": "1.6"}))]), [MAYBE], PURL, "an event that is two: what it would have said is not known"),
    ("unknown-event", entry(affected=[package(ranges(ZERO, {"mended": "1.0"}))]), [found(fixed=())], PURL, "an event of a kind that is not known does not end anything"),
    ("later-schema", entry(schema_version="2.0.0", affected=[package(ranges(ZERO, {"fixed": "1.0"}))]), [MAYBE], PURL, "an entry of another schema: nothing it says is certain"),
    ("aliased-in-a-loop", [entry("OSV-1", aliases=["OSV-2"]), entry("OSV-2", aliases=["OSV-3"], severity=[V31]), entry("OSV-3", aliases=["OSV-1", "OSV-3"])], [found(level="high", score=75, aliases=("OSV-2", "OSV-3"))], PURL, "three that are aliases of one another are one finding"),
    ("joined-by-an-id-nobody-has", [entry("OSV-1", aliases=["CVE-2026-1001"]), entry("OSV-2", aliases=["CVE-2026-1001"])], [found(aliases=("CVE-2026-1001", "OSV-2"))], PURL, "two that share an alias are one finding"),
    ("joined-and-only-one-says-so", [entry("OSV-1", aliases=["OSV-2"], affected=[package(ranges(ZERO, {"fixed": "1.0"}))]), entry("OSV-2")], [found("OSV-2", aliases=("OSV-1",))], PURL, "of two that are one, one says that it is affected"),
    ("joined-to-one-without-packages", [entry(aliases=["CVE-2026-1001"]), entry("CVE-2026-1001", affected=[], severity=[V40])], [found(level="critical", score=93, aliases=("CVE-2026-1001",))], PURL, "the severity of an alias that names no package counts"),
    ("related", [entry(related=["OSV-2"]), entry("OSV-2", severity=[V40])], [found(), found("OSV-2", "critical", 93)], PURL, "related weaknesses are others"),
    ("packed-together", [entry("DSA-1", upstream=["CVE-2026-1001", "CVE-2026-1002"]), entry("CVE-2026-1001", affected=[], severity=[V31])], [found("DSA-1", "high", 75, upstream=("CVE-2026-1001", "CVE-2026-1002"), kev=True)], PURL, "what is packed together makes it more severe, and exploited"),
    ("two-scores", entry(severity=[V31, V40]), [found(level="critical", score=93)], PURL, "the higher of two scores counts"),
    ("malformed-vector", entry(severity=[ODD], database_specific={"severity": "MODERATE"}), [found(level="medium")], PURL, "where no vector can be read, the database's word counts"),
    ("a-word-beside-a-vector", entry(severity=[V31], database_specific={"severity": "LOW"}), [found(level="high", score=75)], PURL, "where one can, it does not"),
    ("an-unknown-word", entry(database_specific={"severity": "SEVERE"}), [found()], PURL, "a word that nobody knows is no severity"),
    ("exploited", entry(aliases=["CVE-2026-1002"]), [found(aliases=("CVE-2026-1002",), kev=True)], PURL, "an alias is listed as exploited"),
    ("this-release", entry(affected=[package(ranges(ZERO), "Debian:12", "openssl")]), [found(fixed=())], "pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12&upstream=openssl", "the source package, in this release"),
    ("another-release", entry(affected=[package(ranges(ZERO), "Debian:11", "openssl")]), [], "pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12&upstream=openssl", "an advisory for another release"),
    ("no-release-said", entry(affected=[package(ranges(ZERO), "Debian:11", "openssl")]), [MAYBE], "pkg:deb/debian/openssl@3.0.9-1", "which release it is of is not said: it may be affected"),
    ("every-release", entry(affected=[package(ranges(ZERO), "Debian", "openssl")]), [found(fixed=())], "pkg:deb/debian/openssl@3.0.9-1", "an advisory for every release"),
    ("epoch", entry(affected=[package(ranges(ZERO, {"fixed": "1:1.0-1"}), "Debian:12", "x")]), [found(fixed=("1:1.0-1",))], "pkg:deb/debian/x@9.0-1?distro=debian-12", "an epoch is before any number"),
    ("tilde", entry(affected=[package(ranges(ZERO, {"fixed": "1.0-1"}), "Debian:12", "x")]), [found(fixed=("1.0-1",))], "pkg:deb/debian/x@1.0~rc1-1?distro=debian-12", "a tilde is before nothing"),
    ("rpm-epoch", entry(affected=[package(ranges(ZERO, {"fixed": "1:1.0-1"}), "Rocky Linux:9", "x")]), [], "pkg:rpm/rocky/x@1.0-2?distro=rocky-9.2&epoch=1", "an epoch in a qualifier counts"),
    ("scope", entry(affected=[package(ranges(ZERO, {"fixed": "2.0.0"}, type_="SEMVER"), "npm", "@acme/shop")]), [found(fixed=("2.0.0",))], "pkg:npm/%40acme/shop@2.0.0-beta.11", "a scope, and a version before the release"),
    ("lying-encoding", entry(affected=[package(ranges(ZERO, {"fixed": "2.0.0"}, type_="SEMVER"), "npm", "@acme/shop")]), [found(fixed=("2.0.0",))], "pkg:npm/%40%61cme/%73hop@1.0.0", "letters written as escapes are the same letters"),
    ("slash-in-the-name", entry(affected=[package(ranges(ZERO, type_="SEMVER"), "npm", "@acme/shop")]), [found(fixed=())], "pkg:npm/%40acme%2Fshop@1.0.0", "a scope behind an escaped slash is found all the same: who writes it so hides nothing"),
    ("pseudo-version", entry(affected=[package(ranges(ZERO, {"fixed": "0.17.0"}, type_="SEMVER"), "Go", "golang.org/x/net")]), [found(fixed=("0.17.0",))], "pkg:golang/golang.org/x/net@v0.0.0-20230101000000-abcdefabcdef", "a pseudo-version is before the release"),
    ("go-case", entry(affected=[package(ranges(ZERO, type_="SEMVER"), "Go", "github.com/Acme/Shop")]), [found(fixed=())], "pkg:golang/github.com/acme/shop@v1.0.0", "purls lose the case of Go's modules"),
    ("build-metadata", entry(affected=[package(ranges(ZERO, {"fixed": "1.0.0"}, type_="SEMVER"), "npm", "x")]), [], "pkg:npm/x@1.0.0%2Bbuild", "build metadata does not count"),
    ("four-numbers", entry(affected=[package(ranges(ZERO, {"fixed": "2.0.0"}, type_="SEMVER"), "npm", "x")]), [found(sure=False, fixed=("2.0.0",))], "pkg:npm/x@1.2.3.4", "SemVer has no fourth number, and none is bent until it fits"),
    ("group", entry(affected=[package(ranges(ZERO, {"fixed": "2.15.0"}), "Maven", "org.acme:shop")]), [found(fixed=("2.15.0",))], "pkg:maven/org.acme/shop@2.15.0-rc1", "a release candidate is before the release"),
    ("composer-patch", entry(affected=[package(ranges(ZERO, {"fixed": "1.0.0"}), "Packagist", "Acme/Shop")]), [], "pkg:composer/acme/shop@1.0.0-patch1", "a patch is after the release it patches"),
    ("composer-numbers", entry(affected=[package(ranges(ZERO, {"fixed": "1.0.0-beta10"}), "Packagist", "acme/shop")]), [found(fixed=("1.0.0-beta10",))], "pkg:composer/acme/shop@1.0.0-beta2", "beta 2 is before beta 10"),
    ("no-order-listed", entry(affected=[package({"versions": ["v4.1.0"]}, "GitHub Actions", "acme/setup")]), [found(fixed=())], "pkg:githubactions/acme/setup@v4.1.0", "an ecosystem without an order: what is listed is affected"),
    ("no-order-range", entry(affected=[package(ranges(ZERO, {"fixed": "4.2.0"}), "GitHub Actions", "acme/setup")]), [found(sure=False, fixed=("4.2.0",))], "pkg:githubactions/acme/setup@v4", "what only a range says is not known"),
]  # fmt: skip

BAD: list[tuple[str, bytes, str, str]] = [
    ("cut_fail", b'{"id":"OSV-1","modified":"2026-11-20T08:0', "advisories.export-cut", "an entry that was not written to its end"),
    ("empty_fail", b"", "advisories.export-cut", "an entry of no bytes"),
    ("not-utf8_fail", b'{"id":"\xff"}', "advisories.export-cut", "bytes that are no text"),
    ("duplicate-key_fail", b'{"id":"OSV-1","id":"OSV-2","modified":"2026-11-20T08:00:00Z"}', "advisories.entry-malformed", "two ids"),
    ("too-deep_fail", b"[" * 5000 + b"]" * 5000, "advisories.entry-malformed", "5000 levels"),
    ("no-id_fail", b'{"modified":"2026-11-20T08:00:00Z"}', "advisories.entry-malformed", "no id"),
    ("odd-id_fail", b'{"id":"a b\\u001b[2J","modified":"2026-11-20T08:00:00Z"}', "advisories.entry-malformed", "an id that would trouble a terminal"),
    ("no-modified_fail", b'{"id":"OSV-1"}', "advisories.entry-malformed", "not said when it was modified"),
    ("no-time-zone_fail", b'{"id":"OSV-1","modified":"2026-11-20T08:00:00"}', "advisories.entry-malformed", "a time without its zone"),
    ("number_fail", b'{"id":7,"modified":"2026-11-20T08:00:00Z"}', "advisories.entry-malformed", "a number for an id"),
    ("list_fail", b"[]", "advisories.entry-malformed", "a list for an entry"),
]  # fmt: skip

LISTED = {"cveID": "CVE-2026-1001", "dateAdded": "2026-11-20"}
CATALOGUES: list[tuple[str, Any, Any, str]] = [
    ("one", {"dateReleased": "2026-11-21T10:00:00.1234Z", "count": 1, "vulnerabilities": [LISTED]}, {"released": "2026-11-21T10:00:00Z", "exploited": [["CVE-2026-1001", "2026-11-20"]]}, "one entry"),
    ("twice", {"dateReleased": "2026-11-21T10:00:00Z", "vulnerabilities": [LISTED, {**LISTED, "dateAdded": "2026-11-01"}]}, {"released": "2026-11-21T10:00:00Z", "exploited": [["CVE-2026-1001", "2026-11-01"]]}, "one CVE twice: the earlier day"),
    ("count_fail", {"dateReleased": "2026-11-21T10:00:00Z", "count": 2, "vulnerabilities": [LISTED]}, "kev.malformed", "fewer entries than it says"),
    ("none_fail", {"dateReleased": "2026-11-21T10:00:00Z", "count": 0, "vulnerabilities": []}, "kev.malformed", "no entry at all"),
    ("undated_fail", {"count": 1, "vulnerabilities": [LISTED]}, "kev.malformed", "not said when it was released"),
    ("odd-cve_fail", {"dateReleased": "2026-11-21T10:00:00Z", "vulnerabilities": [{**LISTED, "cveID": "GHSA-1"}]}, "kev.malformed", "an entry that is no CVE"),
    ("no-entry_fail", {"dateReleased": "2026-11-21T10:00:00Z", "vulnerabilities": [LISTED, 7]}, "kev.malformed", "an entry that is a number"),
]  # fmt: skip


def make_all(make: Make) -> None:
    """Every case."""
    for name, given, expected, purl, why in MATCHES:
        make.case("osv", name, json.dumps(given).encode(), {"matches": expected}, why, {"purl": purl, "exploited": ["CVE-2026-1002"]})
    for name, data, code, why in BAD:
        make.case("osv", name, data, code, why, {"purl": PURL, "exploited": []})
    for name, given, expected, why in CATALOGUES:
        make.case("kev", name, json.dumps(given).encode(), expected, why)
    make.case("kev", "cut_fail", b'{"dateReleased":"2026-11-21T10:00:00Z","vulnerabilities":[{"cveID":"CVE-2026', "kev.malformed", "not written to its end")


if __name__ == "__main__":
    from evidence.make_cases import CASES, Maker

    for reader in ("osv", "kev"):
        shutil.rmtree(CASES / reader, ignore_errors=True)
    make_all(Maker(Path()))
