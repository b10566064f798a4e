"""Attestations, test results, change windows and what was recalled, through the whole gate: decided, recorded, replayed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from build import ATTESTED, HOURS, KEYS, NOT_REVOKED, NOW, REVIEW, SIGNED, TESTED, digest, key, zone
from lockgate import canon
from lockgate.app import attach, gate, gather, permit, recall, replay
from lockgate.core import events
from lockgate.core.digest import digest_of
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.zones import ZoneData
from lockgate.errors import EvidenceError
from lockgate.evidence import dsse, record, slsa
from lockgate.evidence.junit import predicate_of
from lockgate.evidence.test_result import PREDICATE_TYPE
from world import World


def asking(*requires: AnyRequirement, **production: Any) -> Policy:
    environments = {"staging": EnvironmentPolicy(requires=(SIGNED,)), "production": EnvironmentPolicy(requires=(SIGNED, *requires), **production)}
    return Policy(version=1, project="shop", environments=environments, keys=dict(KEYS))


def attest(world: World, type_: str, predicate: dict[str, Any], by: str = "builder") -> attach.Attached:
    return attach.attest(attach.Bench(source=world.source, clock=world.clock), "file:shop", type_, predicate, key(by))


def code(world: World, to: str = "production") -> str:
    """The one code that is not a pass; empty where all are."""
    gated = world.gate(to)
    wrong = [one.code for one in gated.decision.outcomes if one.result != "pass"]
    assert len(wrong) <= 1
    return wrong[0] if wrong else ""


def basket(world: World, index: int) -> gather.Basket:
    event = record.open_envelope(world.envelope(index)).event
    assert isinstance(event, events.Decided)
    return gather.stored(world.ports, event.evidence)


class TestHours:
    def test_inside_a_window_it_is_allowed_and_the_zone_is_kept(self, world: World) -> None:
        world.policy(asking(HOURS))
        gated = world.gate()
        assert gated.decision.outcome == "allowed"
        (kept,) = basket(world, gated.index).manifest.zones
        packaged = world.zones.read("Europe/Berlin")
        assert (kept.name, kept.digest, kept.version) == ("Europe/Berlin", digest_of(packaged.data), packaged.version)
        assert gated.decision.tzdata == packaged.version
        assert world.blobs.get(kept.digest) == packaged.data

    def test_outside_it_is_refused_until_it_opens(self, world: World) -> None:
        world.policy(asking(HOURS))
        world.clock.advance(hours=1)
        gated = world.gate()
        (outcome,) = [one for one in gated.decision.outcomes if one.result == "fail"]
        assert (outcome.code, outcome.opens_at) == ("within-hours.closed", datetime.fromisoformat("2026-11-29T20:00:00Z"))
        world.clock.advance(days=6, hours=23)
        assert world.gate().decision.outcome == "allowed"

    def test_a_replay_reads_the_clocks_of_then(self, world: World) -> None:
        """Another country's parliament changes its mind: the record does not."""
        world.policy(asking(HOURS))
        then = world.gate()
        world.zones.said["Europe/Berlin"] = ZoneData(data=world.zones.read("Asia/Tokyo").data, version="2099z")
        assert replay.replay(world.ports, then.index).result == "same"
        world.zones.lost = True
        assert replay.replay(world.ports, then.index).result == "same"
        world.zones.lost = False
        world.clock.advance(minutes=20)
        now = world.gate()
        assert ([one.code for one in now.decision.outcomes if one.code], now.decision.tzdata) == (["within-hours.closed"], "2099z")

    def test_a_zone_that_cannot_be_read_is_not_known(self, world: World) -> None:
        world.policy(asking(HOURS))
        world.zones.lost = True
        gated = world.gate()
        (outcome,) = [one for one in gated.decision.outcomes if one.code]
        assert (gated.decision.outcome, outcome.code, outcome.params) == ("undecided", "within-hours.unreadable", {"because": "zone.unreadable"})
        world.zones.lost = False
        assert replay.replay(world.ports, gated.index).result == "same"

    @pytest.mark.parametrize(("name", "because"), [("Europe/Atlantis", "zone.unknown"), ("Europe/Berlin", "zone.malformed")])
    def test_a_zone_that_is_none_is_not_known(self, world: World, name: str, because: str) -> None:
        from msgspec.structs import replace

        world.policy(asking(replace(HOURS, zone=name)))
        if because == "zone.malformed":
            world.zones.said[name] = ZoneData(data=b"TZif2", version="x")
        (outcome,) = [one for one in world.gate().decision.outcomes if one.code]
        assert (outcome.code, outcome.params) == ("within-hours.unreadable", {"because": because})

    def test_a_permit_opens_nothing_after_the_window(self, world: World) -> None:
        world.policy(asking(HOURS, permit="2h"))
        gated = world.gate()
        assert gated.decision.not_after == NOW + timedelta(hours=2)
        world.clock.advance(hours=1)
        with pytest.raises(EvidenceError) as err:
            permit.standing(world.ports, "production", gated.index, gated.release)
        assert (err.value.code, "within-hours.closed" in err.value.message) == ("permit.gone", True)

    def test_where_nobody_asks_for_hours_nothing_changes(self, world: World) -> None:
        gated = world.gate("staging")
        assert gated.decision.tzdata == ""
        assert b"zones" not in canon.encode(basket(world, gated.index).manifest)

    def test_the_policy_changes_while_it_is_asked(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """The zone of the policy in force is the one that is kept, whatever was fetched before."""
        from msgspec.structs import replace

        world.policy(asking(HOURS))
        again, tried = replace(HOURS, zone="Europe/Paris"), []

        def meanwhile(*arguments: Any) -> Any:
            tried.append(1)
            if len(tried) == 1:
                world.policy(asking(again))
            return record_(*arguments)

        record_ = gate._record
        monkeypatch.setattr(gate, "_record", meanwhile)
        gated = world.gate()
        assert (gated.decision.outcome, len(tried)) == ("allowed", 2)
        assert [one.name for one in basket(world, gated.index).manifest.zones] == ["Europe/Paris"]


class TestAttestations:
    def test_asked_for_said_and_taken_back(self, world: World) -> None:
        from msgspec.structs import replace

        world.policy(asking(replace(ATTESTED, time="at", max_age="7d")))
        assert code(world) == "has-attestation.no-attestation"
        attest(world, f"{REVIEW}/v1", {"result": "good", "at": "2026-11-22T10:00:00Z"}, by="second")
        assert code(world) == "has-attestation.no-good-attestation" or code(world) == "has-attestation.no-attestation"
        attest(world, f"{REVIEW}/v1", {"result": "good", "at": "2026-11-22T10:00:00Z"})
        assert code(world) == ""
        attest(world, f"{REVIEW}/v1", {"result": "bad", "at": "2026-11-22T11:00:00Z"})
        world.clock.advance(minutes=16)
        assert code(world) == "has-attestation.other-value"
        attest(world, f"{REVIEW}/v2", {"result": "good", "at": "2026-11-22T12:00:00Z"})
        assert code(world) == ""
        world.clock.advance(days=8)
        assert code(world) == "has-attestation.too-old"
        world.check()

    def test_an_older_policy_is_replayed_on_what_it_asked_for(self, world: World) -> None:
        attest(world, f"{REVIEW}/v1", {"result": "bad"})
        plain = world.gate("staging")
        world.policy(asking(ATTESTED))
        refused = world.gate()
        world.policy(asking())
        for index in (plain.index, refused.index):
            assert replay.replay(world.ports, index).result == "same"


class TestTests:
    def test_a_junit_file_opens_and_a_failure_shuts(self, world: World) -> None:
        world.policy(asking(TESTED))
        assert code(world) == "tested.no-result"
        red, green = (f'<testsuite><testcase classname="C" name="t">{inside}</testcase></testsuite>'.encode() for inside in ("<failure/>", ""))
        attest(world, PREDICATE_TYPE, predicate_of(red, "unit", world.clock.now()))
        assert code(world) == "tested.failed"
        world.clock.advance(minutes=1)
        attest(world, PREDICATE_TYPE, predicate_of(green, "e2e", world.clock.now()))
        assert code(world) == "tested.failed"
        attest(world, PREDICATE_TYPE, predicate_of(green, "unit", world.clock.now()))
        assert code(world) == ""
        world.check()

    def test_what_says_it_was_run_later_than_now_proves_nothing(self, world: World) -> None:
        world.policy(asking(TESTED))
        attest(world, PREDICATE_TYPE, predicate_of(b'<testsuite><testcase name="t"/></testsuite>', "unit", world.clock.now() + timedelta(hours=1)))
        assert code(world) == "tested.no-good-result"


class TestRevoked:
    def revoke(self, world: World, digests: list[str], environment: str = "") -> None:
        recall.revoke(world.ports, digests, "compromised", environment, world.id, key("owner"))
        world.caught_up()

    def test_a_base_image_is_recalled(self, world: World) -> None:
        world.policy(asking(NotRevoked(materials="yes")))
        world.artifact("plain", built="")
        assert [one.code for one in world.gate(ref="plain").decision.outcomes if one.code] == ["not-revoked.unknown-materials"]
        base = {"uri": "pkg:docker/base", "digest": {"sha256": digest("base").removeprefix("sha256:")}}
        built = {"buildDefinition": {"resolvedDependencies": [base]}, "runDetails": {"builder": {"id": "b"}}}
        attest(world, slsa.PREDICATE_TYPE, built)
        assert code(world) == ""
        self.revoke(world, [digest("base")])
        world.clock.advance(minutes=16)
        gated = world.gate()
        (outcome,) = [one for one in gated.decision.outcomes if one.code]
        assert (outcome.code, outcome.params["uri"], outcome.params["in"]) == ("not-revoked.material", "pkg:docker/base", "house")
        world.check()

    def test_evidence_is_recalled(self, world: World) -> None:
        world.policy(asking(NotRevoked(evidence="yes")))
        assert code(world) == ""
        (piece, *_) = [one for one in world.source.attached(*found(world)) if one.media_type == dsse.MEDIA_TYPE]
        self.revoke(world, [digest_of(piece.data)])
        world.clock.advance(minutes=16)
        assert code(world) == "not-revoked.evidence"
        world.check()

    def test_it_is_recalled_elsewhere(self, world: World) -> None:
        world.policy(asking(NOT_REVOKED.__class__(in_=("staging",))))
        assert code(world) == ""
        (_, shop) = found(world)
        self.revoke(world, [shop], "staging")
        world.clock.advance(minutes=16)
        assert code(world) == "not-revoked.elsewhere"
        assert code(world, "staging") == "release.recalled"
        world.check()


def found(world: World) -> Any:
    from lockgate.core.digest import parse_ref

    return world.source.resolve(parse_ref("file:shop"))


def test_the_zone_of_the_builders_is_the_packages() -> None:
    """The hand-made zone of the cases shows what the real one does."""
    from lockgate.adapters.zones import PackagedZones
    from lockgate.evidence.tzif import read_zone

    real = read_zone(PackagedZones().read("Europe/Berlin").data, "Europe/Berlin", "2026f", zone().shifts[0].at)
    assert real.shifts[:2] == zone().shifts
