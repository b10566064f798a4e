"""Advisories are imported, looked up once for what was read, kept with the decision, and found again in every replay."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from build import NOW, digest, key, later
from lockgate.app import advisories, attach, replay
from lockgate.app.gather import Manifest
from lockgate.canon import decode, encode
from lockgate.core.advisories import Exported
from lockgate.core.components import Component, Sbom
from lockgate.core.facts import Complete, Need
from lockgate.core.findings import Database, Finding, LookedUp
from lockgate.core.outcome import Outcome
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.errors import EvidenceError, LockgateError, UsageError
from lockgate.evidence import readers
from lockgate.evidence.advisories.facts import asked, derive, packages_of
from world import World, standard_policy

TYPE = "https://example.com/toy-sbom"
PURL = "pkg:pypi/aiohttp@3.8.0"


def read_toy(said: Any, subject: Any, keys: Any, source: Any, now: Any) -> list[Any]:
    """A bill of materials in the smallest of all formats."""
    components = tuple(Component(purl=purl) for purl in said.predicate["purls"])
    return [Sbom(subject=subject, source=source, keys=keys, format="cyclonedx", spec="0", components=components)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Production asks for nothing but `vulnerable`; the artifact carries a bill of materials."""
    monkeypatch.setitem(readers.READERS, TYPE, read_toy)
    monkeypatch.setattr(readers, "KINDS", tuple(dict.fromkeys((*readers.KINDS, Sbom))))
    made = World()
    made.begin("owner")
    made.policy(replace(standard_policy(), environments={"production": EnvironmentPolicy(requires=(Vulnerable(refuse="high"),))}))
    made.artifact()
    return made


def attach_sbom(world: World, *purls: str, by: str = "builder") -> None:
    attach.attest(attach.Bench(source=world.source, clock=world.clock), "file:shop", TYPE, {"purls": list(purls)}, key(by))


def entry(id_: str = "PYSEC-1", **more: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.9.2"}]}]
    affected = [{"package": {"ecosystem": "PyPI", "name": "aiohttp"}, "ranges": ranges}]
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"}]
    return {"id": id_, "modified": "2026-11-22T08:00:00Z", "aliases": ["CVE-2026-1001"], "affected": affected, "severity": severity, **more}


def exports(*entries: Any) -> list[Exported]:
    return [Exported(f"{number}.json", one if isinstance(one, bytes) else json.dumps(one).encode()) for number, one in enumerate(entries)]


def catalogue(*cves: str, at: str = "2026-11-20T10:00:00Z") -> bytes:
    listed = [{"cveID": cve, "dateAdded": "2026-11-20"} for cve in cves or ("CVE-2020-9999",)]
    return json.dumps({"dateReleased": at, "count": len(listed), "vulnerabilities": listed}).encode()


OTHER = entry("PYSEC-0", aliases=[], affected=[{"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["1"]}])


def answer(world: World) -> Outcome:
    """What the gate says; and that a replay says the same."""
    gated = world.gate(by="dora")
    (said,) = [one for one in gated.decision.outcomes if one.requirement == "vulnerable"]
    again = replay.replay(world.ports, gated.index)
    assert again.result == "same"
    assert [one.params for one in again.replayed] == [one.params for one in again.recorded]
    return said


def manifest(world: World, index: int) -> Manifest:
    from lockgate.app.why import explain

    return decode(world.blobs.get(explain(world.ports, index)[0].evidence), Manifest)


class TestTheGate:
    def test_allowed_yesterday_and_refused_today(self, world: World) -> None:
        attach_sbom(world, PURL)
        advisories.take_in(world.ports, exports(OTHER), catalogue())
        assert answer(world) == Outcome(requirement="vulnerable", result="pass", params={"components": 1, "as-of": "2026-11-22T08:00:00Z"})
        advisories.take_in(world.ports, exports(OTHER, entry()), None)
        said = answer(world)
        assert (said.result, said.code) == ("fail", "vulnerable.found")
        assert said.params["worst"] == (f"CVE-2026-1001 high {PURL} 3.9.2",)

    def test_exploited(self, world: World) -> None:
        attach_sbom(world, PURL)
        advisories.take_in(world.ports, exports(entry()), catalogue("CVE-2026-1001"))
        assert answer(world).code == "vulnerable.exploited"

    def test_no_bill_of_materials(self, world: World) -> None:
        advisories.take_in(world.ports, exports(entry()), catalogue())
        assert answer(world).code == "vulnerable.no-sbom"

    def test_one_that_a_stranger_signed(self, world: World) -> None:
        attach_sbom(world, "pkg:pypi/nothing@1", by="stranger")
        advisories.take_in(world.ports, exports(entry()), catalogue())
        assert answer(world).code == "vulnerable.no-sbom"

    def test_two_that_disagree(self, world: World) -> None:
        attach_sbom(world, "pkg:pypi/other@2")
        attach_sbom(world, PURL, by="release")
        advisories.take_in(world.ports, exports(entry()), catalogue())
        assert answer(world).code == "vulnerable.found"

    def test_no_advisories(self, world: World) -> None:
        attach_sbom(world, PURL)
        said = answer(world)
        assert (said.result, said.code, said.params) == ("unknown", "vulnerable.no-data", {"because": "advisories.none"})

    def test_unreadable_advisories(self, world: World) -> None:
        attach_sbom(world, PURL)
        world.advisories.broken = True
        said = answer(world)
        assert (said.code, said.params) == ("vulnerable.unreadable", {"because": "advisories.unreadable"})

    def test_no_catalogue(self, world: World) -> None:
        attach_sbom(world, PURL)
        advisories.take_in(world.ports, exports(OTHER), None)
        assert answer(world).code == "vulnerable.no-kev"

    def test_stale(self, world: World) -> None:
        attach_sbom(world, PURL)
        advisories.take_in(world.ports, exports(OTHER), catalogue())
        world.clock.at = later("3d")
        assert answer(world).code == "vulnerable.stale"

    def test_not_covered(self, world: World) -> None:
        attach_sbom(world, "pkg:npm/x@1.0.0", "pkg:generic/y@1", "")
        advisories.take_in(world.ports, exports(OTHER), catalogue())
        said = answer(world)
        assert (said.code, said.params["kinds"]) == ("vulnerable.not-covered", ("generic", "none", "npm"))

    def test_what_was_looked_up_is_kept_and_named(self, world: World) -> None:
        attach_sbom(world, PURL)
        advisories.take_in(world.ports, exports(OTHER, entry()), catalogue())
        kept = manifest(world, world.gate(by="dora").index)
        assert kept.unadvised == ""
        extract = json.loads(world.blobs.get(kept.advisories))
        assert [one["id"] for one in extract["advisories"]] == ["PYSEC-1"]
        assert [one["name"] for one in extract["databases"]] == ["osv", "kev"]

    def test_an_environment_that_does_not_ask_looks_nothing_up(self, world: World) -> None:
        world.policy(standard_policy())
        world.advisories.broken = True
        kept = manifest(world, world.gate(to="staging", by="dora").index)
        assert (kept.advisories, kept.unadvised) == ("", "")
        assert encode(Manifest()) == b"{}"

    def test_a_permit_falls_with_the_age_of_its_advisories(self, world: World) -> None:
        """It is decided again on what was kept, by the clock of then."""
        from lockgate.app.permit import standing

        attach_sbom(world, PURL)
        at = f"{NOW - timedelta(hours=72) + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
        advisories.take_in(world.ports, exports({**OTHER, "modified": at}), catalogue())
        gated = world.gate(by="dora")
        assert gated.decision.outcome == "allowed"
        standing(world.ports, "production", gated.index, gated.release)
        world.clock.at = later("6m")
        with pytest.raises(EvidenceError, match=r"vulnerable\.stale") as err:
            standing(world.ports, "production", gated.index, gated.release)
        assert err.value.code == "permit.gone"


def openvex(world: World, status: str = "not_affected", by: str = "release", component: str = PURL, at: str = "2026-11-22T10:00:00Z") -> None:
    product = {"@id": f"pkg:oci/shop@sha256%3A{digest('shop')[7:]}", "subcomponents": [{"@id": component}]}
    said = {"vulnerability": {"name": "CVE-2026-1001"}, "products": [product], "status": status, "justification": "vulnerable_code_not_present"}
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/1",
        "author": "Ada",
        "version": 1,
        "timestamp": at,
        "statements": [said],
    }
    attach.attest(attach.Bench(source=world.source, clock=world.clock), "file:shop", "https://openvex.dev/ns/v0.2.0", document, key(by))


class TestAVendorsWord:
    @pytest.fixture(autouse=True)
    def _asked(self, world: World) -> None:
        """Only `release` is believed; what the artifact is made of has a weakness."""
        needs = Vulnerable(refuse="high", vex_keys=("release",))
        world.policy(replace(standard_policy(), environments={"production": EnvironmentPolicy(requires=(needs,))}))
        attach_sbom(world, PURL)
        advisories.take_in(world.ports, exports(entry()), catalogue())

    def test_it_passes_a_finding_over(self, world: World) -> None:
        assert answer(world).code == "vulnerable.found"
        openvex(world)
        said = answer(world)
        assert (said.result, said.params["passed-over"]) == ("pass", 1)

    @pytest.mark.parametrize(
        "word",
        [{"by": "builder"}, {"by": "stranger"}, {"status": "under_investigation"}, {"status": "affected"}, {"component": "pkg:pypi/aiohttp@3.8.1"}],
        ids=str,
    )
    def test_it_does_not(self, world: World, word: dict[str, str]) -> None:
        openvex(world, **word)
        assert answer(world).code == "vulnerable.found"

    def test_a_newer_one_wins(self, world: World) -> None:
        openvex(world)
        openvex(world, "affected", at="2026-11-22T11:00:00Z")
        assert answer(world).code == "vulnerable.found"


class TestTheImport:
    def code(self, world: World, *words: Any, **more: Any) -> str:
        before = world.advisories.databases()
        with pytest.raises(LockgateError) as err:
            advisories.take_in(world.ports, *words, **more)
        assert world.advisories.databases() == before
        return err.value.code

    def test_it_says_what_it_took(self, world: World) -> None:
        taken = advisories.take_in(world.ports, exports(entry(), {"id": "x"}, OTHER, b"[]", entry("P-2", affected=7)), catalogue())
        assert [(one.name, one.entries, one.refused) for one in taken.databases] == [("osv", 3, 2), ("kev", 1, 0)]
        assert [one.origin for one in taken.refused] == ["1.json", "3.json"]
        assert taken.partly == 1
        assert world.advisories.databases() == taken.databases

    def test_what_is_cut_is_refused_whole(self, world: World) -> None:
        assert self.code(world, exports(entry(), b'{"id":'), None) == "advisories.export-cut"
        assert self.code(world, exports(entry()), b"{}") == "kev.malformed"

    def test_nothing_in_it(self, world: World) -> None:
        assert self.code(world, exports(), None) == "advisories.export-empty"
        assert self.code(world, exports({"id": "x"}), None) == "advisories.export-empty"

    def test_from_the_future(self, world: World) -> None:
        assert self.code(world, exports(entry(modified="2026-11-22T20:19:04Z")), None) == "advisories.from-future"
        assert self.code(world, None, catalogue(at="2026-11-22T20:19:04Z")) == "advisories.from-future"
        advisories.take_in(world.ports, exports(entry(modified="2026-11-22T20:19:03Z")), catalogue(at="2026-11-22T20:19:03Z"))

    def test_older(self, world: World) -> None:
        advisories.take_in(world.ports, exports(entry()), catalogue())
        older = exports(entry(modified="2026-11-22T07:59:59Z"))
        assert self.code(world, older, None) == "advisories.older"
        assert self.code(world, None, catalogue(at="2026-11-20T09:59:59Z")) == "advisories.older"
        advisories.take_in(world.ports, exports(entry()), catalogue())
        advisories.take_in(world.ports, older, None, anyway=True)
        assert world.advisories.databases()[0].as_of < NOW - timedelta(hours=12)

    def test_fewer(self, world: World) -> None:
        ten = [entry(f"P-{number}") for number in range(10)]
        advisories.take_in(world.ports, exports(*ten), None)
        advisories.take_in(world.ports, exports(*ten[:9]), None)
        assert self.code(world, exports(*ten[:8]), None) == "advisories.fewer"
        npm = [{**one, "affected": [{"package": {"ecosystem": "npm", "name": "x"}}]} for one in ten]
        with pytest.raises(UsageError, match="PyPI is not in it any more"):
            advisories.take_in(world.ports, exports(*npm), None)
        advisories.take_in(world.ports, exports(*npm), None, anyway=True)
        assert world.advisories.databases()[0].ecosystems == ("npm",)

    def test_what_is_unreadable_is_replaced_where_that_is_meant(self, world: World) -> None:
        world.advisories.broken = True
        with pytest.raises(LockgateError) as err:
            advisories.take_in(world.ports, exports(entry()), None)
        assert err.value.code == "advisories.unreadable"
        assert advisories.take_in(world.ports, exports(entry()), None, anyway=True).databases[0].entries == 1

    def test_a_bad_catalogue_keeps_the_advisories_out_too(self, world: World) -> None:
        assert self.code(world, exports(entry()), b"cut") == "kev.malformed"
        assert world.advisories.databases() == ()


class TestTheFacts:
    def sbom(self, *purls: str, **more: Any) -> Sbom:
        components = tuple(Component(purl=purl) for purl in purls)
        return Sbom(**{"subject": "sha256:" + "1" * 64, "source": "sha256:" + "2" * 64, "format": "spdx", "spec": "2.3", "components": components, **more})

    def test_an_extract_answers_for_its_packages_alone(self, world: World) -> None:
        advisories.take_in(world.ports, exports(entry()), None)
        extract = world.advisories.lookup(packages_of([self.sbom("pkg:pypi/other@1")]))
        with pytest.raises(LockgateError) as err:
            derive([self.sbom(PURL)], extract)
        assert err.value.code == "advisories.other-packages"
        assert extract.asked == asked(packages_of([self.sbom("pkg:pypi/OTHER@2", "pkg:generic/x@1")]))

    def test_two_bills_of_one_artifact_give_each_finding_once(self, world: World) -> None:
        advisories.take_in(world.ports, exports(entry()), None)
        sboms = [self.sbom(PURL, PURL), self.sbom(PURL, "pkg:pypi/aiohttp@3.8.1", source="sha256:" + "3" * 64), self.sbom(PURL, subject="sha256:" + "4" * 64)]
        derived = derive(sboms, world.advisories.lookup(packages_of(sboms)))
        assert [(one.subject[7], one.component, len(one.sboms)) for one in derived.findings] == [
            ("1", PURL, 2), ("1", "pkg:pypi/aiohttp@3.8.1", 1), ("4", PURL, 1),
        ]  # fmt: skip
        assert [one.components for one in derived.looked_up] == [2, 2, 1]

    def test_components_that_could_not_be_taken_in_are_not_covered(self, world: World) -> None:
        advisories.take_in(world.ports, exports(entry()), None)
        sbom = self.sbom(PURL, skipped=3)
        (found,) = derive([sbom], world.advisories.lookup(packages_of([sbom]))).looked_up
        assert [(one.kind, one.count) for one in found.uncovered] == [("none", 3)]
        assert found.components == 4

    def test_what_nobody_signed_is_not_looked_up(self, world: World) -> None:
        from lockgate.app.advised import facts, look_up

        advisories.take_in(world.ports, exports(entry()), None)
        unsigned = self.sbom("pkg:pypi/other@1", found="attached", source="sha256:" + "3" * 64)
        read = {Need(Sbom): Complete(items=(self.sbom(PURL), unsigned), as_of=NOW)}
        data, why = look_up(world.ports, read)
        assert why == ""
        found = facts(read, data, "", NOW)[Need(LookedUp)]
        assert isinstance(found, Complete)
        assert [one.sbom for one in found.items] == ["sha256:" + "2" * 64]

    def test_facts_without_a_bill_or_an_extract(self) -> None:
        from lockgate.app.advised import facts

        none = facts({Need(Sbom): Complete(items=(), as_of=NOW)}, b"", "", NOW)
        assert {getattr(none[Need(kind)], "code", "") for kind in (Finding, LookedUp, Database)} == {"vulnerable.no-sbom"}
        some = {Need(Sbom): Complete(items=(self.sbom(PURL),), as_of=NOW)}
        for data, why, code in ((b"", "advisories.unreadable", "advisories.unreadable"), (b"", "", "advisories.none"), (b"{}", "", "advisories.malformed")):
            assert getattr(facts(some, data, why, NOW)[Need(Finding)], "code", "") == code
