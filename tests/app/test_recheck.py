"""What runs is decided again: allowed yesterday, and what became of that today. Each test ends with a replay of everything recorded (`World.check`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from build import CAME, KEYS, RESOURCE, SCANNED, SIGNED, VERIFIED, VERIFIER, digest, exception_id, key, nonce, person
from lockgate.app import attach, earlier, exceptional, gather, inspect, prove, recall, recheck, replay, report, say, status_list, why
from lockgate.app.permit import standing
from lockgate.app.project import project
from lockgate.app.recheck import Look
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.ports import Ended, Entry, Evidence, Guard, Receipt
from lockgate.core.rechecked import Mark, Rechecked
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.sightings import Blank
from lockgate.core.signers import Accepts
from lockgate.errors import ConflictError, LedgerError, UnreadableError
from lockgate.evidence import said_types, vsa
from lockgate.evidence.sigstore import bundle
from world import PEOPLE, World, standard_policy

Fails = Callable[..., str]
NEXT_KEYS = {**KEYS, "release": key("the next release").public}


def under_the_next_key(**changes: Any) -> Policy:
    """The standard policy, under which another key than the one that signed ``shop`` is the release key."""
    return replace(standard_policy(**changes), keys=NEXT_KEYS)


def answers(looks: list[Look]) -> list[tuple[str, str, str]]:
    return [(one.environment, one.outcome, one.code) for one in looks]


def mark(world: World, environment: str = "staging") -> Mark | None:
    state = project(world.ports, environment).state.environment
    return state.mark(state.stays[-1].decision)


def leaves(world: World) -> int:
    return int(world.log.head().size)


def sign(world: World, by: str, path: str = "shop") -> None:
    attach.sign(attach.Bench(source=world.source, clock=world.clock), f"file:{path}", key(by))


def summary(world: World, result: str, by: str = "builder") -> None:
    said = {
        "verifier": {"id": VERIFIER},
        "resourceUri": RESOURCE,
        "verificationResult": result,
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"] * (result == "PASSED"),
    }
    attach.attest(attach.Bench(source=world.source, clock=world.clock), "file:shop", vsa.PREDICATE_TYPE, said, key(by))


def scanned(world: World, *levels: str) -> None:
    """A scanner looks at ``shop`` now, and finds weaknesses of these levels."""
    found = [{"id": f"CVE-2026-{number}", "severity": [{"method": "nvd", "score": level}]} for number, level in enumerate(levels)]
    at = f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    said = {"scanner": {"uri": "pkg:generic/trivy@1", "version": "1", "result": found}, "metadata": {"scanStartedOn": at, "scanFinishedOn": at}}
    attach.attest(attach.Bench(source=world.source, clock=world.clock), "file:shop", said_types.VULNS[0], said, key("builder"))


@pytest.fixture
def running(world: World) -> World:
    """``shop`` runs in staging."""
    world.deploy("staging")
    return world


class TestAllowedStill:
    def test_nothing_changed_and_nothing_is_recorded(self, running: World) -> None:
        before = leaves(running)
        (look,) = running.recheck()
        assert (look.outcome, look.fetched, look.leaf, look.new) == ("allowed", True, -1, False)
        assert leaves(running) == before

    def test_what_was_about_the_moment_of_entering_is_over(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.deploy()
        world.artifact("other")
        world.deploy("staging", "other")
        world.clock.advance(days=90)  # approvals have ended, and staging has moved on
        assert answers(world.recheck("production")) == [("production", "allowed", "")]

    def test_ages_are_as_of_the_decision(self, world: World) -> None:
        strict = (SignedBy(keys=("release",), max_age="30d"),)
        world.policy(replace(standard_policy(), environments={"staging": EnvironmentPolicy(requires=strict)}))
        world.deploy("staging")
        world.clock.advance(days=31)
        assert answers(world.recheck()) == [("staging", "allowed", "")]
        assert world.gate("staging").decision.outcome == "refused"

    def test_a_hold_is_about_what_enters(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.deploy()
        exceptional.hold(world.ports, "production", None, exceptional.prose("a freeze", nonce("freeze")), exception_id("h"), key("bob"))
        world.caught_up()
        assert answers(world.recheck("production")) == [("production", "allowed", "")]

    def test_nothing_runs(self, world: World) -> None:
        assert world.recheck() == []


class TestRefused:
    def test_a_key_is_taken_from_the_policy(self, running: World, fails: Fails) -> None:
        gated = running.gate("staging")
        running.policy(under_the_next_key())
        first, second = running.recheck()
        assert answers([first, second]) == [("staging", "refused", "signed-by.no-good-signature")] * 2
        assert (first.runs is not None, second.runs, second.decision) == (True, None, gated.index)
        assert fails(standing, running.ports, "staging", gated.index, gated.release) == "permit.revoked"
        assert project(running.ports, "staging").state.environment.mark(gated.index).struck == second.leaf  # type: ignore[union-attr]

    def test_it_is_recorded_once_and_told_each_time(self, running: World) -> None:
        running.policy(under_the_next_key())
        (first,) = running.recheck()
        size = leaves(running)
        running.clock.advance(hours=1)
        (again,) = running.recheck()
        assert (first.new, again.new, again.leaf, again.since, leaves(running)) == (True, False, first.leaf, first.since, size)

    def test_it_is_recorded_anew_where_another_thing_stands_against_it(self, running: World) -> None:
        running.policy(under_the_next_key())
        (first,) = running.recheck()
        running.clock.advance(hours=1)
        recall.revoke(running.ports, [digest("shop")], "vulnerable", "", running.id, key("owner"))
        running.caught_up()
        (again,) = running.recheck()
        assert (again.new, again.code, again.since) == (True, "release.recalled", first.since)

    def test_status_recall_and_the_record_tell_it(self, running: World) -> None:
        running.policy(under_the_next_key())
        (look,) = running.recheck()
        (staging,) = [one for one in report.status(running.ports).environments if one.name == "staging"]
        expected = Mark(
            decision=look.decision,
            outcome="refused",
            requirement="signed-by",
            code="signed-by.no-good-signature",
            since=running.clock.now(),
            leaf=look.leaf,
            struck=look.leaf,
            until=running.clock.now() + timedelta(minutes=15),
        )
        assert staging.rechecked == (expected,)
        assert recall.locate(running.ports, [digest("shop")]).running[0].rechecked == expected
        event, release = why.explain_any(running.ports, look.leaf)
        assert isinstance(event, Rechecked)
        assert (event.decision, release, why.marked(running.ports, why.explain(running.ports, look.decision)[0], look.decision)) == (
            look.decision,
            look.release,
            (expected,),
        )
        assert replay.replay(running.ports, look.leaf).result == "same"

    def test_it_is_proved_offline(self, running: World) -> None:
        running.policy(under_the_next_key())
        (look,) = running.recheck()
        assert running.pinned is not None
        data = prove.prove(running.ports, look.leaf)
        proven = prove.check(data, running.pinned)
        assert (proven.event, proven.signed) == (why.explain_any(running.ports, look.leaf)[0], "permit key")
        assert inspect.inspect_proof(data, running.pinned, "lockgate.trust", running.clock.now()).outcome == ""

    def test_the_status_list_names_the_permit_as_long_as_something_runs_by_it(self, running: World) -> None:
        running.policy(under_the_next_key())
        (look,) = running.recheck()
        running.clock.advance(days=9)
        listed, _ = status_list.issue(running.ports, "1h")
        assert [(one.environment, one.permit, one.leaf, one.reason) for one in listed.revoked] == [("staging", look.decision, look.leaf, "rechecked")]

    def test_a_permit_that_nobody_used_is_forgotten_when_it_would_be_over(self, world: World) -> None:
        world.gate("staging")
        world.policy(under_the_next_key())
        world.recheck()
        assert len(status_list.issue(world.ports, "1h")[0].revoked) == 1
        world.clock.advance(days=2)
        assert status_list.issue(world.ports, "1h")[0].revoked == ()
        assert world.recheck() == []

    def test_a_deployment_that_is_under_way_counts_for_nothing(self, world: World) -> None:
        def meanwhile() -> None:
            world.caught_up()
            world.policy(under_the_next_key())
            assert answers(world.recheck()) == [("staging", "refused", "signed-by.no-good-signature")]

        world.runner.during = meanwhile
        world.deploy("staging")
        assert project(world.ports, "staging").state.environment.stays[-1].fell

    def test_what_perhaps_runs(self, running: World) -> None:
        running.artifact("other")
        running.runner.ended = Ended(status=137, signal=9)
        running.deploy("staging", "other")
        running.policy(under_the_next_key())
        assert [(one.release.artifacts[0], one.outcome) for one in running.recheck()] == [(digest("shop"), "refused"), (digest("other"), "refused")]

    def test_the_environment_is_in_no_policy_any_more(self, running: World) -> None:
        running.policy(replace(standard_policy(from_=None, requires=(SIGNED,)), environments={"production": EnvironmentPolicy(requires=(SIGNED,))}))
        assert answers(running.recheck()) == [("staging", "refused", "policy.no-environment")]
        assert answers(running.recheck("staging")) == [("staging", "refused", "policy.no-environment")]

    def test_a_new_requirement_asks_for_what_was_never_attached(self, running: World) -> None:
        asks_more = EnvironmentPolicy(requires=(SIGNED, VERIFIED))
        running.policy(replace(standard_policy(), environments={**standard_policy().environments, "staging": asks_more}))
        assert answers(running.recheck()) == [("staging", "refused", "verified-by.no-summary")]

    def test_one_environment_alone(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.deploy()
        world.policy(under_the_next_key())
        assert answers(world.recheck("production")) == [("production", "refused", "signed-by.no-good-signature")]
        assert mark(world) is None


class TestAllowedAgain:
    def test_the_mark_is_lifted_and_the_permit_stays_gone(self, running: World, fails: Fails) -> None:
        gated = running.gate("staging")
        running.policy(under_the_next_key())
        running.recheck()
        sign(running, "the next release")
        looks = running.recheck()
        assert [(one.outcome, one.new) for one in looks] == [("allowed", True)]  # of the permit that fell there is nothing left to ask
        found = mark(running)
        assert found is not None
        assert (found.outcome, found.struck >= 0) == ("allowed", True)
        assert fails(standing, running.ports, "staging", gated.index, gated.release) == "permit.revoked"
        assert running.gate("staging").decision.outcome == "allowed"
        size = leaves(running)
        running.recheck()
        assert leaves(running) == size

    def test_deployed_again_what_allowed_it_since_counts(self, running: World) -> None:
        """The stay goes on, under the decision it began with."""
        running.policy(under_the_next_key())
        sign(running, "the next release")
        running.deploy("staging")
        assert len(project(running.ports, "staging").state.environment.stays) == 1
        assert answers(running.recheck(offline=True)) == [("staging", "allowed", "")]


class TestNotKnown:
    def test_a_place_that_cannot_be_reached_strikes_nothing(self, running: World, fails: Fails) -> None:
        gated = running.gate("staging")
        running.policy(under_the_next_key())
        sign(running, "the next release")
        running.source.fails["attached"] = UnreadableError("ref.unreachable", "no")
        looks = running.recheck()
        assert answers(looks) == [("staging", "undecided", "signed-by.unreadable")] * 2
        assert all(one.new for one in looks)
        assert recheck.answer(looks) == "undecided"
        size = leaves(running)
        running.recheck()
        assert leaves(running) == size
        assert fails(standing, running.ports, "staging", gated.index, gated.release) == "permit.gone"  # not revoked: the policy asks for more
        running.source.fails.clear()
        assert {one[1] for one in answers(running.recheck())} == {"allowed"}
        assert mark(running).struck == -1  # type: ignore[union-attr]

    def test_what_was_refused_stays_refused(self, running: World) -> None:
        running.policy(under_the_next_key())
        running.recheck()
        running.source.fails["attached"] = UnreadableError("ref.unreachable", "no")
        size = leaves(running)
        looks = running.recheck()
        assert (answers(looks)[0][1], looks[0].stands, recheck.answer(looks), leaves(running)) == ("undecided", "refused", "refused", size)
        assert mark(running).outcome == "refused"  # type: ignore[union-attr]

    def test_offline_it_is_decided_by_the_record_alone(self, running: World) -> None:
        running.policy(under_the_next_key())
        sign(running, "the next release")
        running.source.fails["attached"] = UnreadableError("ref.unreachable", "no")
        (look,) = running.recheck(offline=True)
        assert (look.outcome, look.fetched) == ("refused", False)

    def test_a_file_that_is_gone_is_no_place_to_ask(self, running: World) -> None:
        del running.source.artifacts["shop"]
        (look,) = running.recheck()
        assert (look.outcome, look.fetched) == ("allowed", False)

    def test_evidence_that_was_erased(self, running: World) -> None:
        (index,) = running.decisions()
        evidence = why.explain(running.ports, index)[0].evidence
        running.erased.add(index)
        del running.blobs.held[evidence]
        assert answers(running.recheck()) == [("staging", "undecided", "digest.unreadable")]

    def test_evidence_that_was_altered_keeps_nothing_else_from_being_looked_at(self, world: World) -> None:
        world.policy(standard_policy(requires=(SIGNED,)))
        world.artifact("other")
        world.deploy("production", "other")
        world.deploy("staging")
        evidence = why.explain(world.ports, world.decisions()[0])[0].evidence
        world.blobs.held[evidence] = b"altered"
        found = list(recheck.recheck(world.ports, ["production", "staging"], recheck.Manner()))
        assert found[0] == Blank(environment="production", code="blob.altered")
        assert isinstance(found[1], Look)
        world.broken = True

    def test_past_the_end_of_the_root_nothing_is_decided(self, running: World) -> None:
        running.clock.advance(days=366)
        assert answers(running.recheck()) == [("staging", "undecided", "root.expired")]
        assert mark(running).struck == -1  # type: ignore[union-attr]

    def test_an_environment_that_cannot_be_read(self, running: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(ports: Any, environment: str, *args: Any, **kwargs: Any) -> Any:
            if environment == "staging":
                raise LedgerError("log.leaf-altered", "no")
            return project(ports, environment, *args, **kwargs)

        monkeypatch.setattr("lockgate.app.recheck.project", broken)
        found = list(recheck.recheck(running.ports, ["production", "staging"], recheck.Manner()))
        assert found == [Blank(environment="staging", code="log.leaf-altered")]
        assert recheck.answer(found) == "undecided"


class TestExceptions:
    """Production asks for a scan besides, which may be waived, and which a broken glass goes past; and wants no key of anybody's."""

    @pytest.fixture
    def world(self, world: World) -> World:
        requires = (SIGNED, CAME, SCANNED)
        world.policy(standard_policy(requires=requires, waivable=("scanned",)))
        duties = {"production": ["waive", "break-glass", "deploy"]}
        world.roster(*PEOPLE, person("wim", duties), person("gus", duties))
        world.deploy("staging")
        return world

    def waive(self, world: World, request: str, name: str, lasts: timedelta = timedelta(hours=2)) -> None:
        reason = exceptional.prose("now", nonce(name))
        exceptional.waive(world.ports, "scanned", request, world.clock.now() + lasts, reason, exception_id("w", name), key("wim"))
        world.caught_up()

    def test_a_waiver_covers_as_long_as_it_stands(self, world: World) -> None:
        scanned(world, "high")
        id_ = world.request()
        self.waive(world, id_, "first")
        world.deploy(request=id_)
        assert answers(world.recheck("production")) == [("production", "allowed", "")]
        world.clock.advance(hours=3)
        (look,) = world.recheck("production")
        assert (look.outcome, look.code) == ("refused", "scanned.found")
        self.waive(world, id_, "second")
        assert answers(world.recheck("production")) == [("production", "allowed", "")]

    def test_what_the_glass_let_pass_stays_let_pass_and_nothing_else(self, world: World) -> None:
        ids = (exception_id("g"), world.nonce())
        exceptional.break_glass(world.ports, ("file:shop",), "production", "none", exceptional.prose("down", nonce("d")), ids, key("wim"))
        world.caught_up()
        exceptional.join(world.ports, exceptional.find(world.ports, ids[0]), world.nonce(), key("gus"))
        world.caught_up()
        assert world.deploy(by="gus").exit_status == 0
        assert answers(world.recheck("production")) == [("production", "allowed", "")]  # nobody had scanned it, and two people saw that
        scanned(world, "critical")
        assert answers(world.recheck("production")) == [("production", "refused", "scanned.found")]


class TestRecording:
    def test_dry_nothing_is_recorded(self, running: World) -> None:
        running.policy(under_the_next_key())
        running.permit = None
        size = leaves(running)
        (look,) = running.recheck(dry=True)
        assert (look.outcome, look.leaf, leaves(running)) == ("refused", -1, size)

    def test_it_needs_the_permit_key_and_a_pinned_root(self, running: World, fails: Fails) -> None:
        permit, running.permit = running.permit, None
        assert fails(running.recheck) == "permit.no-key"
        running.permit = key("another")
        assert fails(running.recheck) == "permit.other-key"
        running.permit, pinned = permit, running.pinned
        running.pinned = None
        assert fails(running.recheck) == "root.unpinned"
        running.pinned = pinned

    def test_an_environment_that_never_was(self, running: World, fails: Fails) -> None:
        assert fails(running.recheck, "stagging") == "policy.no-environment"

    def test_something_is_recorded_in_between(self, running: World) -> None:
        running.policy(under_the_next_key())
        real, tries = running.log.append, []

        def append(entry: Entry, guard: Guard | None = None) -> Receipt:
            tries.append(entry)
            if len(tries) == 1:
                raise ConflictError("log.conflict", "no")
            return real(entry, guard)  # type: ignore[no-any-return]

        running.log.append = append
        (look,) = running.recheck()
        assert (look.new, look.outcome, len(tries)) == (True, "refused", 2)

    def test_a_disk_that_is_full(self, running: World, fails: Fails) -> None:
        running.policy(under_the_next_key())
        real = running.log.append

        def full(entry: Entry, guard: Guard | None = None) -> Receipt:
            raise LedgerError("log.full", "no room")

        running.log.append = full
        assert fails(running.recheck) == "log.full"
        running.log.append = real
        assert mark(running) is None

    def test_it_is_never_brought_in(self, running: World, fails: Fails) -> None:
        running.policy(under_the_next_key())
        (look,) = running.recheck()
        assert fails(say.record_event, running.ports, running.envelope(look.leaf)) == "event.not-recorded"

    def test_the_state_it_commits_to_is_where_the_next_walk_ends(self, running: World) -> None:
        running.policy(under_the_next_key())
        (look,) = running.recheck()
        event, _ = why.explain_any(running.ports, look.leaf)
        assert running.index.snapshot(event.state) is not None

    def test_marks_of_what_is_over_are_forgotten(self, running: World) -> None:
        running.policy(under_the_next_key())
        running.recheck()
        running.artifact("other", signed="the next release")
        running.deploy("staging", "other")
        running.clock.advance(days=2)
        running.gate("staging", "other")
        running.policy(standard_policy())
        found = running.recheck()
        assert len(found) == 2
        assert [one.decision for one in project(running.ports, "staging").state.environment.rechecked] == [one.decision for one in found]

    def test_progress_is_told(self, running: World) -> None:
        told: list[tuple[int, int]] = []
        list(recheck.recheck(running.ports, ["production", "staging"], recheck.Manner(), lambda done, whole: told.append((done, whole))))
        assert told == [(1, 2), (2, 2)]


class TestWhatStrangersAttach:
    def test_a_forgery_in_a_stronger_format_undoes_nothing_that_was_verified(self, world: World) -> None:
        """Where a policy lists formats, a piece that failed keeps its signer's weaker ones from counting: at the gate, and never of what it let in."""
        staging = EnvironmentPolicy(requires=(SIGNED,), accepts=Accepts(formats=("sigstore-bundle", "dsse")))
        world.policy(replace(standard_policy(), environments={"staging": staging}))
        world.deploy("staging")
        evidence = world.source.artifacts["shop"].evidence
        forged = json.loads(evidence[0].data)
        forged["signatures"] = [{"sig": "AAAA"}]
        said = {
            "mediaType": bundle.MEDIA_TYPE,
            "verificationMaterial": {"publicKey": {"hint": bundle.hint_of(key("release").public)}},
            "dsseEnvelope": forged,
        }
        evidence.append(Evidence(media_type=bundle.MEDIA_TYPE, data=json.dumps(said).encode(), origin=digest("forged")))
        assert world.gate("staging", by="eve").decision.outcomes[-1].code == "signed-by.no-good-signature"
        size = leaves(world)
        assert answers(world.recheck()) == [("staging", "allowed", "")]
        assert leaves(world) == size

    def test_as_many_pieces_as_are_read_at_once_are_read_of_then_and_of_now(self, running: World) -> None:
        evidence = running.source.artifacts["shop"].evidence
        evidence.extend(Evidence(media_type=evidence[0].media_type, data=b"%d" % number, origin=digest(f"junk {number}")) for number in range(255))
        running.deploy("staging")
        evidence[1:] = [Evidence(media_type=evidence[0].media_type, data=b"x%d" % number, origin=digest(f"other {number}")) for number in range(255)]
        assert answers(running.recheck()) == [("staging", "allowed", "")]


class TestWhatToldAgainst:
    """A failed verification stays known where it is taken from the registry; what spoke for the artifact does not come back."""

    @pytest.fixture
    def world(self, world: World) -> World:
        asks = EnvironmentPolicy(requires=(SIGNED, VERIFIED))
        world.policy(replace(standard_policy(), environments={**standard_policy().environments, "staging": asks}))
        return world

    def take_away(self, world: World, number: int = -1) -> None:
        del world.source.artifacts["shop"].evidence[number]

    def test_at_the_gate(self, world: World) -> None:
        summary(world, "FAILED")
        assert world.gate("staging").decision.outcomes[-1].code == "verified-by.not-passed"
        self.take_away(world)
        assert world.gate("staging", by=None).decision.outcomes[-1].code == "verified-by.not-passed"
        assert world.gate("staging", by="eve").decision.outcomes[-1].code == "verified-by.not-passed"  # known by the decision before
        index = world.decisions()[-1]
        manifest = gather.stored(world.ports, why.explain(world.ports, index)[0].evidence).manifest
        assert [item.before for item in manifest.items].count(True) == 1

    def test_why_says_the_same(self, world: World) -> None:
        summary(world, "FAILED")
        world.gate("staging")
        self.take_away(world)
        assert why.would(world.ports, world.ask("staging"), key("dora"))[0].outcomes[-1].code == "verified-by.not-passed"

    def test_what_spoke_for_it_is_gone_with_it(self, world: World) -> None:
        summary(world, "PASSED")
        assert world.gate("staging").decision.outcome == "allowed"
        self.take_away(world)
        world.clock.advance(hours=1)
        assert world.gate("staging").decision.outcomes[-1].code == "verified-by.no-summary"

    def test_it_is_known_in_another_environment(self, world: World) -> None:
        world.policy(replace(standard_policy(requires=(VERIFIED,)), environments={
            "staging": EnvironmentPolicy(requires=(SIGNED, VERIFIED)), "production": EnvironmentPolicy(requires=(VERIFIED,)),
        }))  # fmt: skip
        summary(world, "FAILED")
        world.gate("staging")
        self.take_away(world)
        assert world.gate().decision.outcomes[-1].code == "verified-by.not-passed"

    def test_of_what_was_erased_nothing_is_known(self, world: World) -> None:
        summary(world, "FAILED")
        index = world.gate("staging").index
        piece = gather.stored(world.ports, why.explain(world.ports, index)[0].evidence).manifest.items[-1].digest
        self.take_away(world)
        del world.blobs.held[piece]
        world.erased.add(index)
        assert world.gate("staging", by=None).decision.outcomes[-1].code == "verified-by.no-summary"

    def test_what_was_altered_stops_it(self, world: World, fails: Fails) -> None:
        summary(world, "FAILED")
        index = world.gate("staging").index
        piece = gather.stored(world.ports, why.explain(world.ports, index)[0].evidence).manifest.items[-1].digest
        self.take_away(world)
        world.blobs.held[piece] = b"altered"
        assert fails(world.gate, "staging", by=None) == "blob.altered"
        world.broken = True

    def test_no_more_than_its_room_joins(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(earlier, "MOST", 1)
        for by in ("builder", "release"):
            summary(world, "FAILED", by)
        world.gate("staging")
        self.take_away(world)
        self.take_away(world)
        index = world.gate("staging", by="eve").index
        items = gather.stored(world.ports, why.explain(world.ports, index)[0].evidence).manifest.items
        assert sum(item.before for item in items) <= 1

    @pytest.mark.parametrize(("pieces", "size"), [(100, 100), (2, (1 << 20) - 10)])
    def test_nobody_pushes_it_out_of_sight(self, world: World, pieces: int, size: int) -> None:
        evidence = world.source.artifacts["shop"].evidence
        junk = [Evidence(media_type=evidence[0].media_type, data=b"%d" % number + b" " * size, origin=digest(f"junk {number}")) for number in range(pieces)]
        evidence.extend(junk)
        summary(world, "FAILED")
        world.gate("staging")
        self.take_away(world)
        del evidence[-pieces:]
        for who in (None, "eve"):
            assert world.gate("staging", by=who).decision.outcomes[-1].code == "verified-by.not-passed"

    def test_a_scan_that_found_something_outlives_its_removal(self, world: World) -> None:
        """Of one tool the newest decides: taken away, an older one would."""
        world.policy(replace(standard_policy(), environments={"staging": EnvironmentPolicy(requires=(SIGNED, SCANNED))}))
        scanned(world)
        world.deploy("staging")
        world.clock.advance(hours=1)
        scanned(world, "critical")
        assert answers(world.recheck()) == [("staging", "refused", "scanned.found")]
        self.take_away(world)
        size = leaves(world)
        assert answers(world.recheck()) == [("staging", "refused", "scanned.found")]
        assert leaves(world) == size
        assert world.gate("staging").decision.outcomes[-1].code == "scanned.found"
        world.clock.advance(hours=1)
        scanned(world)  # a newer one of that tool clears it
        assert answers(world.recheck()) == [("staging", "allowed", "")]

    def test_on_a_recheck(self, world: World) -> None:
        summary(world, "PASSED")
        world.deploy("staging")
        summary(world, "FAILED")
        (look,) = world.recheck()
        assert look.outcome == "allowed"  # `verified-by` is content with the one that passed
        world.policy(replace(standard_policy(), environments={"staging": EnvironmentPolicy(requires=(replace(VERIFIED, keys=("second",)),))}))
        assert answers(world.recheck()) == [("staging", "refused", "verified-by.no-summary")]
