from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from fakes.memory_advisories import MemoryAdvisories
from lockgate.adapters.store.advisories import SqliteAdvisories
from lockgate.canon import encode
from lockgate.core.advisories import Advisory, Affected, Event, Exploited, Package, Range
from lockgate.core.advisory_port import Advisories
from lockgate.core.digest import digest_of
from lockgate.core.findings import Database
from lockgate.errors import EvidenceError, UnreadableError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEV = Database(name="kev", digest="sha256:" + "0" * 64, as_of=NOON, entries=1)


@pytest.fixture(params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Advisories:
    return MemoryAdvisories() if request.param == "memory" else SqliteAdvisories(tmp_path / "gate" / "advisories")


def about(id_: str, *packages: tuple[str, str], **more: object) -> Advisory:
    ranges = (Range(type="ECOSYSTEM", events=(Event("introduced", "0"),)),)
    affected = tuple(Affected(ecosystem=ecosystem, name=name, ranges=ranges) for ecosystem, name in packages)
    return Advisory(**{"id": id_, "modified": NOON, "affected": affected, **more})  # type: ignore[arg-type]


def same(counted: Database) -> Database:
    return counted


class TestAdvisories:
    def test_a_new_one_has_none_and_knows_nothing(self, kept: Advisories) -> None:
        assert kept.databases() == ()
        with pytest.raises(UnreadableError) as err:
            kept.lookup([Package("PyPI", "a")])
        assert err.value.code == "advisories.none"

    def test_what_was_counted_is_told(self, kept: Advisories) -> None:
        entries = [about("B", ("Debian:12", "a"), ("Alpine:v3.18", "a")), about("A", ("PyPI", "a"), modified=NOON.replace(hour=14)), about("C", withdrawn=NOON)]
        found = kept.replace(iter(entries), lambda counted: replace(counted, refused=7))
        assert kept.databases() == (found,)
        digest = digest_of(b"".join(encode(one) + b"\n" for one in sorted(entries, key=lambda one: one.id)))
        ecosystems = ("Alpine", "Alpine:3.18", "Debian", "Debian:12", "PyPI")
        assert found == Database(name="osv", digest=digest, as_of=NOON.replace(hour=14), entries=3, ecosystems=ecosystems, refused=7)

    def test_what_names_a_package_is_found_and_nothing_else(self, kept: Advisories) -> None:
        entries = [
            about("A", ("PyPI", "a")),
            about("B", ("PyPI", "b"), ("npm", "a")),
            about("C", ("Debian:12", "a")),
            about("D", ("PyPI", "a"), withdrawn=NOON),
        ]
        kept.replace(entries, same)
        for packages, ids in (
            ([("PyPI", "a")], ["A"]), ([("PyPI", "a"), ("PyPI", "b")], ["A", "B"]),
            ([("Debian", "a")], ["C"]), ([("PyPI", "c")], []), ([("Debian:12", "a")], []), ([], []),
        ):  # fmt: skip
            asked = [Package(*one) for one in packages]
            extract = kept.lookup(asked)
            assert [one.id for one in extract.advisories] == ids
            assert extract.asked == digest_of(encode(asked))
            assert extract.databases == kept.databases()

    def test_what_is_joined_comes_along(self, kept: Advisories) -> None:
        entries = [
            about("A", ("PyPI", "a"), aliases=("CVE-1",)), about("B", ("npm", "b"), aliases=("CVE-1", "C")), about("C", upstream=("CVE-7",)),
            about("D", aliases=("CVE-9",)),
            about("E", aliases=("CVE-7",)), about("CVE-7"), about("F", aliases=("F", "A")),
        ]  # fmt: skip
        kept.replace(entries, same)
        assert [one.id for one in kept.lookup([Package("PyPI", "a")]).advisories] == ["A", "B", "C", "CVE-7", "E", "F"]

    def test_what_is_exploited_comes_along_by_any_id(self, kept: Advisories) -> None:
        kept.replace([about("A", ("PyPI", "a"), aliases=("CVE-1",)), about("CVE-2", ("PyPI", "a")), about("C", ("PyPI", "a"), upstream=("CVE-3",))], same)
        assert kept.lookup([Package("PyPI", "a")]).exploited == ()
        listed = [Exploited(cve=f"CVE-{number}", added="2026-11-01") for number in (1, 2, 3, 4)]
        kept.replace_exploited(listed, KEV)
        assert kept.lookup([Package("PyPI", "a")]).exploited == tuple(listed[:3])
        assert kept.databases()[1] == KEV
        kept.replace_exploited([], replace(KEV, entries=0))
        assert kept.lookup([Package("PyPI", "a")]).exploited == ()

    def test_the_newer_of_two_counts(self, kept: Advisories) -> None:
        newer = about("A", ("PyPI", "a"), modified=NOON.replace(hour=14))
        older = about("A", ("PyPI", "b"))
        for entries in ([newer, older], [older, newer], [newer, newer]):
            assert kept.replace(entries, same).entries == 1
            assert kept.lookup([Package("PyPI", "a"), Package("PyPI", "b")]).advisories == (newer,)

    def test_two_of_one_time_that_differ_change_nothing(self, kept: Advisories) -> None:
        before = kept.replace([about("Z", ("PyPI", "z"))], same)
        with pytest.raises(EvidenceError) as err:
            kept.replace([about("A", ("PyPI", "a")), about("A", ("PyPI", "b"))], same)
        assert err.value.code == "advisories.twice"
        assert kept.databases() == (before,)

    def test_what_raises_on_the_way_changes_nothing(self, kept: Advisories) -> None:
        before = kept.replace([about("Z", ("PyPI", "z"))], same)

        def broken() -> Iterator[Advisory]:
            yield about("A", ("PyPI", "a"))
            raise EvidenceError("advisories.export-cut", "cut")

        def refuse(_: Database) -> Database:
            raise EvidenceError("advisories.from-future", "later")

        for entries, settle, code in ((broken(), same, "advisories.export-cut"), ([about("A")], refuse, "advisories.from-future")):
            with pytest.raises(EvidenceError) as err:
                kept.replace(entries, settle)
            assert err.value.code == code
            assert kept.databases() == (before,)
            assert [one.id for one in kept.lookup([Package("PyPI", "z")]).advisories] == ["Z"]

    def test_what_was_there_is_gone(self, kept: Advisories) -> None:
        kept.replace([about("A", ("PyPI", "a"))], same)
        kept.replace([about("B", ("PyPI", "b"))], same)
        assert kept.lookup([Package("PyPI", "a")]).advisories == ()
        assert kept.databases()[0].entries == 1
