"""What a release is made of against what runs: a longer soak, components that are too young, the lane for security fixes; and the record of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from build import APPROVED, KEYS, SIGNED, SOAKED, key
from lockgate.app import attach, filing, first_seen, gate, replay, report, request, why
from lockgate.app.gate import Gated
from lockgate.app.gather import stored
from lockgate.core import events
from lockgate.core.dependencies import Whose
from lockgate.core.outcome import Outcome
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.soak import FixLane
from lockgate.errors import EvidenceError
from lockgate.evidence.advisories import osv
from world import World, opened

BILLS = Whose(keys=("builder",))
LONGER = replace(SOAKED, changed_dependencies="72h", sboms=BILLS)
AGED = replace(SOAKED, component_age="7d", sboms=BILLS)
HURRY = replace(LONGER, security_fix=FixLane(for_="2h"))
CYCLONEDX = "https://cyclonedx.org/bom"


def policy(*soaks: Soaked, approved: bool = False) -> Policy:
    asked = (SIGNED, *soaks, *((replace(APPROVED, independent_of=("requester",)),) if approved else ()))
    environments = {"staging": EnvironmentPolicy(requires=(SIGNED,)), "production": EnvironmentPolicy(requires=asked, from_="staging")}
    return Policy(version=1, project="shop", environments=environments, keys=dict(KEYS))


def made(*components: str) -> dict[str, Any]:
    """A bill of materials, as a tool writes it."""
    listed = []
    for one in components:
        name, version = one.split()
        listed.append({"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"})
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}


@pytest.fixture
def world() -> Iterator[World]:
    """Nothing but a signature is asked yet."""
    made_ = opened()
    made_.policy(policy(SOAKED))
    yield made_
    if not made_.broken:
        made_.check()


def release(world: World, name: str, *components: str, by: str = "builder") -> None:
    world.artifact(name, built="")
    if components:
        bill(world, name, *components, by=by)


def bill(world: World, name: str, *components: str, by: str = "builder") -> None:
    attach.attest(attach.Bench(source=world.source, clock=world.clock), f"file:{name}", CYCLONEDX, made(*components), key(by))


def runs(world: World, name: str, *components: str) -> None:
    """It soaks, and goes to production by a policy that asks for no more."""
    release(world, name, *components)
    world.soaked(name)
    world.deploy("production", name)


def soak(gated: Gated) -> Outcome:
    """What the decision says of the soak."""
    return next(one for one in gated.decision.outcomes if one.requirement == "soaked")


def advisories(world: World, **fixed: str) -> None:
    """Each package is weak before this version: ``OSV-2026-1`` of the first, and so on."""
    entries = []
    for number, (name, version) in enumerate(fixed.items(), 1):
        events = [{"introduced": "0"}, {"fixed": version}]
        affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
        entry = {"id": f"OSV-2026-{number}", "modified": "2026-11-01T00:00:00Z", "aliases": [f"CVE-2026-{number}"], "affected": affected}
        entries.append(osv.read(json.dumps(entry).encode()))
    world.advisories.replace(entries, lambda counted: counted)


class TestTheDifference:
    def test_a_changed_dependency_soaks_longer(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0", "jinja2 3.1.4")
        world.policy(policy(LONGER))
        release(world, "two", "flask 3.0.1", "jinja2 3.1.4")
        world.soaked("two")
        refused = world.gate("production", "two")
        assert refused.decision.outcome == "refused"
        assert (soak(refused).code, soak(refused).params["packages"]) == ("soaked.dependencies-changed", ("pkg:pypi/flask",))
        assert soak(refused).opens_at == world.clock.now() + timedelta(hours=47)
        world.clock.advance(hours=47)
        allowed = world.gate("production", "two")
        assert allowed.decision.outcome == "allowed"
        assert (soak(allowed).params["for"], soak(allowed).params["changed"]) == ("72h", 1)

    def test_an_unchanged_one_does_not(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(LONGER))
        release(world, "two", "flask 3.0.0")
        world.soaked("two")
        assert soak(world.gate("production", "two")).params["dependencies"] == "same"

    def test_without_a_bill_nothing_is_taken_for_unchanged(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(LONGER))
        release(world, "two")
        world.soaked("two")
        assert (soak(world.gate("production", "two")).code, soak(world.gate("production", "two")).params["side"]) == ("soaked.no-sbom", "proposed")

    def test_nor_with_one_by_somebody_else(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(LONGER))
        release(world, "two", "flask 3.0.0", by="second")
        world.soaked("two")
        assert soak(world.gate("production", "two")).code == "soaked.no-sbom"

    def test_evidence_of_what_runs_that_was_erased_is_unreadable(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(LONGER))
        release(world, "two", "flask 3.0.0")
        world.soaked("two")
        (running,) = [index for index in world.decisions() if decided(world, index).environment == "production"]
        for item in stored(world.ports, decided(world, running).evidence).manifest.items:
            world.blobs.held.pop(item.digest, None)
        world.erased.update(world.decisions())
        answer = soak(world.gate("production", "two"))
        assert (answer.result, answer.code, answer.params["because"]) == ("unknown", "soaked.sbom-unreadable", "blob.missing")
        world.broken = True

    def test_where_nobody_knows_what_runs_nobody_knows_what_changed(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(LONGER))
        release(world, "two", "flask 3.0.0")
        world.soaked("two")
        permit = world.gate("production", "one")
        started = events.DeployStarted(
            log=world.genesis, permit=permit.index, environment="production", config="none", started_at=world.clock.now(),
            ends_by=world.clock.now() + timedelta(hours=1), nonce=world.nonce(),
        )  # fmt: skip
        world.record(started, permit.release.artifacts, "dora")
        answer = soak(world.gate("production", "two"))
        assert (answer.code, answer.params["because"]) == ("soaked.sbom-unreadable", "soaked.running-unclear")


def decided(world: World, index: int) -> Any:
    return why.explain(world.ports, index)[0]


class TestComponentAge:
    def test_a_new_component_waits_from_when_it_was_first_seen(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(AGED))
        release(world, "two", "flask 3.0.1")
        world.deploy("staging", "two")
        world.clock.advance(days=2)
        refused = soak(world.gate("production", "two"))
        assert (refused.code, refused.params["components"]) == ("soaked.component-too-young", ("pkg:pypi/flask@3.0.1",))
        assert refused.opens_at == world.clock.now() + timedelta(days=5)
        world.clock.advance(days=5)
        assert world.gate("production", "two").decision.outcome == "allowed"

    def test_never_seen_it_is_seen_by_that_very_decision(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        release(world, "two")
        world.soaked("two")
        world.policy(policy(AGED))
        bill(world, "two", "flask 3.0.1")
        assert soak(world.gate("production", "two")).code == "soaked.component-new"
        assert soak(world.gate("production", "two")).code == "soaked.component-too-young"
        bill(world, "two", "flask 3.0.1", "evil 1")
        assert soak(world.gate("production", "two")).params["components"] == ("pkg:pypi/evil@1",)
        world.clock.advance(days=7)
        assert world.gate("production", "two").decision.outcome == "allowed"

    def test_a_bill_by_nobody_who_counts_makes_nothing_old(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(AGED))
        release(world, "mallory", "flask 3.0.1", by="second")
        world.gate("staging", "mallory")
        world.clock.advance(days=30)
        release(world, "two", "flask 3.0.1")
        world.soaked("two")
        assert soak(world.gate("production", "two")).code == "soaked.component-too-young"

    def test_an_index_that_was_edited_makes_nothing_older(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(AGED))
        release(world, "two", "flask 3.0.1")
        world.soaked("two")
        name = f"{key('builder').fingerprint} pkg:pypi/flask@3.0.1"
        (hint,) = world.index.find("component", name)
        for forged in (0, hint - 1, 3):
            world.index.rows.add(("component", name, forged))
            assert soak(world.gate("production", "two")).code in {"soaked.component-new", "soaked.component-too-young"}
        world.broken = True

    def test_a_rebuilt_index_is_the_live_one_and_check_finds_nothing_odd(self, world: World) -> None:
        world.policy(policy(AGED))
        for number in range(3):
            release(world, f"r{number}", "flask 3.0.0", f"lib{number} 1")
            world.gate("staging", f"r{number}")
        live = world.index.dump()
        assert len([row for row in live if row[0] == "component"]) == 4
        filing.rebuild(world.ports)
        assert world.index.dump() == live
        report.check(world.ports)

    def test_a_decision_that_says_it_remembered_what_nobody_knew_is_found_by_a_replay(self, world: World) -> None:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(AGED))
        release(world, "two", "flask 3.0.1")
        world.deploy("staging", "two")
        world.clock.advance(days=8)
        allowed = world.gate("production", "two")
        back = stored(world.ports, allowed.decision.evidence).manifest.back.remembered
        own = gate.look(world.ports, "production")[0]
        assert first_seen.confirmed(world.ports, own, back, world.clock.now())
        assert back
        older = [replace(one, at=one.at - timedelta(days=9)) for one in back]
        assert not first_seen.confirmed(world.ports, own, older, world.clock.now())
        assert not first_seen.confirmed(world.ports, own, [replace(one, decision=0) for one in back], world.clock.now())
        assert replay.replay(world.ports, allowed.index).result == "same"


class TestTheLane:
    def fixing(self, world: World, *ids: str, components: tuple[str, ...] = ("flask 3.0.1",)) -> str:
        runs(world, "one", "flask 3.0.0")
        world.policy(policy(HURRY, approved=True))
        advisories(world, flask="3.0.1", jinja2="9")
        release(world, "two", *components)
        world.deploy("staging", "two")
        world.clock.advance(hours=3)
        id_ = world.id()
        request.request_release(world.ports, ("file:two",), "production", "none", id_, key("rita"), fixes=ids)
        world.caught_up()
        world.approve(id_, "ann")
        world.approve(id_, "bob")
        return id_

    def test_a_proven_fix_hurries(self, world: World) -> None:
        self.fixing(world, "CVE-2026-1")
        allowed = world.gate("production", "two")
        assert allowed.decision.outcome == "allowed"
        assert {name: soak(allowed).params[name] for name in ("lane", "fixes", "for")} == {"lane": "security-fix", "fixes": ("CVE-2026-1",), "for": "2h"}

    def test_what_is_no_fix_of_it_waits(self, world: World) -> None:
        self.fixing(world, "CVE-2026-2")
        assert (soak(world.gate("production", "two")).code, soak(world.gate("production", "two")).params["unproven"]) == (
            "soaked.fix-unproven",
            ("CVE-2026-2",),
        )

    def test_what_does_not_fix_it_waits(self, world: World) -> None:
        self.fixing(world, "OSV-2026-1", components=("flask 3.0.0", "new 1"))
        assert soak(world.gate("production", "two")).code == "soaked.fix-unproven"

    def test_advisories_that_cannot_be_read_close_it(self, world: World) -> None:
        self.fixing(world, "OSV-2026-1")
        world.advisories.broken = True
        answer = soak(world.gate("production", "two"))
        assert (answer.result, answer.code, answer.params["because"]) == ("unknown", "soaked.fix-unreadable", "advisories.unreadable")

    def test_an_approval_says_what_was_shown(self, world: World) -> None:
        id_ = self.fixing(world, "OSV-2026-1")
        made_ = world.approval(id_, "security")
        assert made_.shown.fixes == ("OSV-2026-1",)
        unmarked = replace(made_, shown=replace(made_.shown, fixes=()))
        with pytest.raises(EvidenceError) as err:
            world.record(unmarked, world.gate("production", "two").release.artifacts, "carl")
        assert err.value.code == "approval.other-marking"

    def test_advisories_are_named_sorted_and_once(self, world: World) -> None:
        release(world, "two")
        made_ = events.Requested(
            log=world.genesis, id=world.id(), environment="production", config="none", from_="none",
            requested_at=world.clock.now(), fixes=("CVE-2026-2", "CVE-2026-1"),
        )  # fmt: skip
        with pytest.raises(EvidenceError) as err:
            world.record(made_, gate.resolve(world.ports, ("file:two",), "none").release.artifacts, "rita")
        assert err.value.code == "event.malformed"


class TestWhatApproversAreShown:
    def asked(self, world: World, *components: str) -> tuple[Any, Any]:
        runs(world, "one", "flask 3.0.0", "jinja2 3.1.4", "old 1")
        world.policy(policy(LONGER, approved=True))
        release(world, "two", *components)
        world.deploy("staging", "two")
        found = request.find(world.ports, world.request(ref="two"))
        return found, request.change_of(world.ports, found)

    def test_components_that_come_and_go(self, world: World) -> None:
        found, seen = self.asked(world, "flask 3.0.1", "jinja2 3.1.4", "new 1")
        assert seen.lines == (
            "@@ dependencies: 1 added, 1 removed, 1 changed, of 3",
            "-pkg:pypi/flask@3.0.0",
            "+pkg:pypi/flask@3.0.1",
            "+pkg:pypi/new@1",
            "-pkg:pypi/old@1",
        )
        shown = request.shown(found, seen, request.kept(world.ports, seen))
        assert world.ports.blobs.get(shown.lines) == seen.text().encode()
        assert shown.not_collected == ("source changes", "configuration contents")

    def test_an_approval_of_what_was_shown_is_recorded(self, world: World) -> None:
        found, seen = self.asked(world, "flask 3.0.1")
        duty = request.duty_of(found, key("ann"), "")
        assert seen.lines
        assert request.approve(world.ports, found, duty, world.nonce(), timedelta(hours=1), key("ann"), seen).new

    def test_without_bills_it_was_not_collected(self, world: World) -> None:
        found, seen = self.asked(world)
        assert (seen.lines, request.shown(found, seen).not_collected) == ((), request.NOT_COLLECTED)

    def test_many_are_counted(self, world: World) -> None:
        found, seen = self.asked(world, *(f"lib{number} 1" for number in range(500)))
        assert (len(seen.lines), seen.left_out) == (400, 104)
        assert "104 more lines of the difference" in request.shown(found, seen).not_collected
