"""People say things in any order, and the gate is asked: against a small model of the rules that shares no code with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from build import KEYS, SIGNED, digest, key, person, person_id
from lockgate.app import recall
from lockgate.app.project import project
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.requirements.approved import Approved
from lockgate.errors import LockgateError
from world import World, opened

DUTIES = ("release-management", "security")
HELD = {"ann": DUTIES[:1], "bob": DUTIES[1:], "carl": DUTIES, "rita": DUTIES[1:], "dora": DUTIES[:1]}
MAY_DEPLOY = ("dora", "carl")
RELEASES = ("shop", "other")
PERMIT = timedelta(minutes=15)
LAST = timedelta(hours=72)
NAMES = st.sampled_from(sorted(HELD))


def members(present: set[str]) -> list[Any]:
    return [
        person(
            name,
            {"production": [f"approve:{duty}" for duty in HELD[name]] + (["deploy"] if name in MAY_DEPLOY else []) + (["request"] if name == "rita" else [])},
        )
        for name in sorted(present)
    ]


@dataclass
class Yes:
    """An approval."""

    by: str
    duty: str
    at: datetime
    until: datetime
    over: str
    standing: bool = True


@dataclass
class Asked:
    """A request."""

    release: str
    yes: list[Yes] = field(default_factory=list)
    no: set[str] = field(default_factory=set)
    withdrawn: bool = False
    ran: bool = False
    replaced: bool = False
    rollback: bool = False
    permit: tuple[int, datetime, str] | None = None


class Machine(RuleBasedStateMachine):
    """Rules and what they should come to."""

    @initialize()
    def begin(self) -> None:
        self.world: World = opened()
        self.present = set(HELD)
        self.world.roster(*members(self.present))
        approved = Approved(duties=dict.fromkeys(DUTIES, 1), independent_of=("requester", "deployer"), expires="72h")
        self.world.policy(Policy(version=1, project="shop", environments={"production": EnvironmentPolicy(requires=(SIGNED, approved))}, keys=dict(KEYS)))
        self.world.artifact("other")
        self.asked: dict[str, Asked] = {}
        self.runs = ""
        self.permits: dict[int, str] = {}
        self.ran: list[str] = []
        self.revoked: dict[str, tuple[str, str]] = {}
        self.gone: set[int] = set()
        for release in RELEASES:
            self.request(release)
            self.agree(len(self.asked) - 1)

    def attempt(self, expected: bool, call: Any, *args: Any) -> Any:
        if expected:
            return call(*args)
        with pytest.raises(LockgateError):
            call(*args)
        return None

    def pick(self, number: int) -> str:
        return sorted(self.asked)[number % len(self.asked)]

    @rule(release=st.sampled_from(RELEASES), marked=st.sampled_from([True, True, False]))
    def request(self, release: str, marked: bool = True) -> None:
        """Marked as a rollback where it is one; or wrongly, where `marked` says so."""
        rollback = self.back(release) == marked
        expected = "rita" in self.present and release not in self.revoked and marked
        id_ = self.attempt(expected, lambda: self.world.request("production", release, rollback=rollback))
        if id_:
            self.asked[id_] = Asked(release, rollback=rollback)

    @rule(release=st.sampled_from(RELEASES), by=NAMES)
    def revoke(self, release: str, by: str) -> None:
        """By anybody who may approve here; every permit for it is gone for good. Who revokes again is told what stands, and needs no right."""
        may = by in self.present or release in self.revoked
        done = self.attempt(may, recall.revoke, self.world.ports, [digest(release)], "other", "production", self.world.id, key(by))
        self.world.caught_up()
        if done and release not in self.revoked:
            self.revoked[release] = (done[0].id, by)
            self.gone |= {index for index, id_ in self.permits.items() if self.asked[id_].release == release}
            for asked in self.asked.values():
                asked.permit = None if asked.release == release else asked.permit

    @precondition(lambda self: self.revoked)
    @rule(number=st.integers(0, 1), by=NAMES, same=st.booleans())
    def lift(self, number: int, by: str, same: bool) -> None:
        """By whoever revoked it, and nobody else who is no owner."""
        release = sorted(self.revoked)[number % len(self.revoked)]
        id_, said = self.revoked[release]
        by = said if same else by
        if self.attempt(by == said and by in self.present, recall.lift, self.world.ports, id_, self.world.nonce(), key(by)):
            self.world.caught_up()
            del self.revoked[release]

    @rule(number=st.integers(0, 3), by=NAMES, duty=st.sampled_from(DUTIES), hours=st.sampled_from([1, 48, 100]))
    def approve(self, number: int, by: str, duty: str, hours: int) -> None:
        asked = self.asked[id_ := self.pick(number)]
        now = self.world.clock.at
        if self.attempt(by in self.present and duty in HELD[by], self.world.approve, id_, by, duty, f"{hours}h"):
            asked.yes.append(Yes(by, duty, now, now + timedelta(hours=hours), self.runs))

    @rule(number=st.integers(0, 3))
    def agree(self, number: int) -> None:
        """All that is needed, if those who give it are there."""
        self.approve(number, "ann", DUTIES[0], 48)
        self.approve(number, "bob", DUTIES[1], 48)

    @rule(number=st.integers(0, 3), by=NAMES)
    def reject(self, number: int, by: str) -> None:
        asked = self.asked[id_ := self.pick(number)]
        if self.attempt(by in self.present, self.world.reject, id_, by):
            asked.no.add(by)

    @rule(number=st.integers(0, 3), by=NAMES, what=st.sampled_from(["request", "approval", "rejection", "rejection"]))
    def withdraw(self, number: int, by: str, what: str) -> None:
        asked = self.asked[id_ := self.pick(number)]
        theirs = {"request": by == "rita", "rejection": by in asked.no, "approval": any(yes.by == by and yes.standing for yes in asked.yes)}
        if self.attempt(by in self.present and theirs[what], self.world.withdraw, id_, by, what):
            asked.withdrawn |= what == "request"
            if what == "rejection":
                asked.no.discard(by)
            if what == "approval":
                for yes in asked.yes:
                    yes.standing &= yes.by != by

    @rule(by=st.sampled_from(["bob", "carl", "dora"]))
    def join_or_leave(self, by: str) -> None:
        self.present ^= {by}
        self.world.roster(*members(self.present))

    @rule(minutes=st.sampled_from([1, 14, 16, 60, 24 * 60]))
    def pass_time(self, minutes: int) -> None:
        self.world.clock.advance(minutes=minutes)

    @rule(number=st.integers(0, 3), by=st.sampled_from(["dora", "carl", "bob", None]))
    def gate(self, number: int, by: str | None) -> None:
        id_ = self.pick(number)
        asked = self.asked[id_]
        expected = self.opens(asked, by)
        gated = self.world.gate("production", asked.release, by, request=id_)
        assert (gated.decision.outcome == "allowed") == expected, gated.decision.outcomes
        if expected and by:
            mine = self.outstanding(asked)
            assert gated.new == (mine is None)
            assert mine is None or gated.index == mine[0]
            asked.permit = mine or (gated.index, self.world.clock.at + PERMIT, by)
            self.permits[gated.index] = id_

    @rule(number=st.integers(0, 3), by=st.sampled_from(MAY_DEPLOY), works=st.booleans())
    def deploy(self, number: int, by: str, works: bool) -> None:
        id_ = self.pick(number)
        asked = self.asked[id_]
        self.world.runner.status = 0 if works else 1
        expected = self.opens(asked, by)
        before = len(self.world.runner.ran)
        if by not in self.present:
            with pytest.raises(LockgateError):
                self.world.deploy("production", asked.release, by, request=id_)
            return
        done = self.world.deploy("production", asked.release, by, request=id_)
        assert (done.exit_status is not None) == expected
        assert len(self.world.runner.ran) - before == expected
        if expected and works:
            self.deployed(asked)
            asked.permit = None
        elif expected:
            asked.permit = None

    @rule(number=st.integers(0, 3), release=st.sampled_from(RELEASES), fresh=st.booleans())
    def deliver(self, number: int, release: str, fresh: bool) -> None:
        """All the way, of a new request or one that was there."""
        if fresh:
            self.request(release)
        self.agree(number)
        self.deploy(number, "dora", works=True)

    @precondition(lambda self: self.permits)
    @rule(number=st.integers(0, 3), by=st.sampled_from(MAY_DEPLOY))
    def use_a_permit(self, number: int, by: str) -> None:
        """As a pipeline does that was allowed and reports by itself."""
        index = sorted(self.permits)[number % len(self.permits)]
        asked = self.asked[self.permits[index]]
        leaf = project(self.world.ports, "production").state.environment.permits
        live = {permit.decision: permit for permit in leaf}
        permit = live.get(index)
        fell = asked.withdrawn or asked.no or asked.replaced
        lives = permit is not None and self.world.clock.at < permit.not_after and permit.person in {None, person_id(by)}
        expected = by in self.present and lives and not fell and index not in self.gone
        if self.attempt(expected, self.world.record, self.world.deployed(index), (digest(asked.release),), by):
            del self.permits[index]
            self.deployed(asked)
            asked.permit = asked.permit if asked.permit is None or asked.permit[0] != index else None

    def deployed(self, asked: Asked) -> None:
        asked.ran = True
        self.ran.append(asked.release)
        if self.runs != asked.release:  # what else was permitted is void, and keeps others out until its time is over
            for other in self.asked.values():
                if other.permit is not None and other.release != asked.release:
                    other.permit = (-1, other.permit[1], "")
        self.runs = asked.release
        for other in self.asked.values():
            other.replaced |= other.ran and other.release != asked.release

    def back(self, release: str) -> bool:
        """Whether it was here and is here no longer."""
        return release in self.ran and release != self.runs

    def outstanding(self, asked: Asked) -> tuple[int, datetime, str] | None:
        """The permit that keeps others out."""
        return asked.permit if asked.permit is not None and self.world.clock.at < asked.permit[1] and not asked.ran else None

    def opens(self, asked: Asked, by: str | None) -> bool:
        """The rules, told once more."""
        now = self.world.clock.at
        if asked.release in self.revoked or (self.back(asked.release) and not asked.rollback):
            return False
        if asked.withdrawn or asked.no or asked.replaced or by is None or by not in self.present or by not in MAY_DEPLOY:
            return False
        if (out := self.outstanding(asked)) is not None and out[2] != by:
            return False
        good = [
            yes
            for yes in asked.yes
            if yes.standing
            and yes.by in self.present
            and yes.by not in {"rita", by}
            and (asked.ran or (now < yes.until and now - yes.at < LAST and yes.over == self.runs))
        ]
        return any({one.duty, two.duty} == set(DUTIES) and one.by != two.by for one, two in product(good, good))

    @invariant()
    def one_permit_for_one_request(self) -> None:
        if not hasattr(self, "world"):
            return
        now = self.world.clock.at
        state = project(self.world.ports, "production").state.environment
        live = [permit.request for permit in state.permits if now < permit.not_after and permit.decision not in self.gone]
        ran = {request.id for request in state.requests if request.deployed >= 0}
        assert all(live.count(id_) == 1 or id_ in ran for id_ in live)
        occupant = state.occupant()
        assert (occupant.release.artifacts if occupant else ()) == ((digest(self.runs),) if self.runs else ())

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.check()


Machine.TestCase.settings = settings(max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
TestMachine = Machine.TestCase
