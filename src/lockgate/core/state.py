"""What history comes to: the house and one environment, as values; `core.promotion` folds events into them.

The state of one environment stays small whatever the log's size. Stays and permits: the newest are kept. Requests,
proposals and answers: what could be said again by replaying its leaf and would then stand without the rejection or
withdrawal that followed it, is never forgotten; where there is no room left, the new one falls away. So a full state
can only refuse, never open.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from lockgate.canon import Noun, digest_hex
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.exceptional import Exceptional
from lockgate.core.facts import Request, Stay
from lockgate.core.identity import Fingerprint, PersonId
from lockgate.core.model import NONE, DigestOrNone, Release, RequestId
from lockgate.core.rechecked import Mark
from lockgate.core.revocation import Revocation

KEPT_STAYS = 64
KEPT_REQUESTS = 256
KEPT_PERMITS = 64
KEPT_ANSWERS = 64
"""Approvals of one request or proposal, and withdrawals of rejections: as many of each are taken."""

KEPT_REVOKED = 256
"""Revocations of one environment, and of everywhere."""

PERMIT_GRACE = timedelta(days=1)
"""How long after its end a permit is remembered, for a deployment that began in time and is recorded late."""

DocumentKind = Literal["root", "roster", "policy"]

Who = str
"""A person id, or the fingerprint of an owner's key that nobody had enrolled. (A union of the two would be read as person ids alone.)"""


class Document(Noun, frozen=True, kw_only=True):
    """A document in force."""

    version: int
    digest: Digest


class Backing(Noun, frozen=True, kw_only=True):
    """An owner's approval of a proposal, as it stands in history.

    Attributes:
        by: who gave it: a person id, or the fingerprint of a key nobody had enrolled then.
        key: with which key; whose it is *now* decides how it counts, so that enrolling an owner does not make them two.
        expires: when its giver wants it to end; it counts from when it is recorded, if that is before.
        nonce: its own; seen twice is a replay. withdrawn: its giver took it back.
    """

    by: Who
    key: Fingerprint
    expires: Time
    nonce: str
    withdrawn: bool = False


class Owned(Noun, frozen=True, kw_only=True):
    """An owner's key that stands in no roster any more, and the person it last belonged to: two keys of one person never become two owners."""

    key: Fingerprint
    person: PersonId


class OpenProposal(Noun, frozen=True, kw_only=True):
    """A proposed document that is neither in force nor rejected.

    Attributes:
        by: who proposed it; a person id, or the fingerprint of a key nobody enrolled.
        leaf: where it was proposed.
        approvals: owners' approvals, oldest first.
    """

    id: RequestId
    kind: DocumentKind
    version: int
    digest: Digest
    by: Who
    at: Time
    leaf: int
    approvals: tuple[Backing, ...] = ()


class House(Noun, frozen=True, kw_only=True):
    """Root, roster and policy in force, and what is proposed.

    Attributes:
        genesis: RFC 6962 leaf hash of leaf 0; ``none`` before it.
        proposals: open ones, oldest first.
        closed: rejected or withdrawn ones, until their version is in force or there is no room; and policies that were in force or
            became void, until their approvals have ended.
        formerly: owners' keys the roster names no more, and whose they were.
        revoked: what was revoked everywhere, oldest first. forgot: leaf before which every permit is gone, as a revocation from then was forgotten.
        at: when the house's newest fact was recorded: its own clock, which no environment's leaf moves. leaf: where; -1 before the first.
    """

    genesis: DigestOrNone = NONE
    root: Document | None = None
    roster: Document | None = None
    policy: Document | None = None
    proposals: tuple[OpenProposal, ...] = ()
    closed: tuple[OpenProposal, ...] = ()
    formerly: tuple[Owned, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    forgot: int = -1
    at: Time | None = None
    leaf: int = -1


class Permit(Noun, frozen=True, kw_only=True):
    """An allowed decision whose permit may still be used.

    Attributes:
        decision: its leaf index.
        request: the request it went by; empty for none.
        person: who asked for it, and alone may use it; None where nobody proved who asks.
        glass: the broken glass it was allowed by; empty for none.
    """

    decision: int
    release: Release
    not_after: Time
    request: str = ""
    person: PersonId | None = None
    glass: str = ""


class Running(Noun, frozen=True, kw_only=True):
    """A deployment that began and whose end was not told: meanwhile nobody knows what runs.

    Attributes:
        decision: leaf of the decision whose permit it uses. request: the request that went by; empty for none.
        person: who began it, and tells its end. glass: the broken glass it goes by; empty for none.
        started_at, ends_by: as they say.
        at: when its begin was recorded. leaf: where.
        fell: another release was recorded as deployed since.
    """

    decision: int
    release: Release
    request: str = ""
    person: PersonId
    glass: str = ""
    started_at: Time
    ends_by: Time
    at: Time
    leaf: int
    fell: bool = False


class Unclear(Noun, frozen=True, kw_only=True):
    """Nobody knows what runs, since a deployment whose end is not known; the next one that ends well clears it.

    Attributes:
        decision: leaf of the decision whose permit it used. release: what it was to bring.
        by: who said that it is not known. because: why.
        since: when that deployment began, as recorded. at: when this was recorded. leaf: where.
    """

    decision: int
    release: Release
    by: PersonId
    because: Literal["killed", "timed-out", "interrupted", "unfinished"]
    since: Time
    at: Time
    leaf: int


class EnvironmentState(Noun, frozen=True, kw_only=True):
    """All that history says of one environment, newest last.

    Attributes:
        name: the environment's; empty where only the house was folded.
        revoked, forgot: as the house's, for this environment alone.
        rules: the newest rules (`core.decide.RULES`) that a decision here was made by.
        at: when its newest fact was recorded. leaf: where; -1 before the first.
        exceptional: holds, waivers and broken glasses.
        running: the deployment that is under way, or whose end was never told. unclear: why nobody knows what runs.
        spent: permits that were used or fell away, newest last; their files are good until they end, and may be revoked.
        rechecked: decisions that were looked at again with another answer, while their permits are known.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,63})?\Z")]
    stays: tuple[Stay, ...] = ()
    requests: tuple[Request, ...] = ()
    permits: tuple[Permit, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    forgot: int = -1
    rules: int = 0
    at: Time | None = None
    leaf: int = -1
    exceptional: Exceptional = Exceptional()
    running: Running | None = None
    unclear: Unclear | None = None
    spent: tuple[Permit, ...] = ()
    rechecked: tuple[Mark, ...] = ()

    def mark(self, decision: int) -> Mark | None:
        """What stands recorded of a decision since it was looked at again."""
        return next((one for one in self.rechecked if one.decision == decision), None)

    def goes_by(self, rules: int) -> bool:
        """Whether a decision here went by these rules (`core.decide.RULES`): what came with them holds from then on, and what was before folds as it did."""
        return self.rules >= rules

    def occupant(self) -> Stay | None:
        """What runs there now, as recorded; None also where nobody knows."""
        last = self.last_known()
        return last if last is not None and last.until is None else None

    def last_known(self) -> Stay | None:
        """What was last known to run there."""
        return self.stays[-1] if self.stays else None

    def run_by(self) -> tuple[int, ...]:
        """The decisions by which what runs there, or is being deployed, was permitted; none where nothing is."""
        return (*(stay.decision for stay in self.stays[-1:]), *((self.running.decision,) if self.running else ()))

    def counted(self) -> tuple[Stay, ...]:
        """The stays as they are told elsewhere: while something is deployed, the one it may replace only until that began."""
        stays = self.stays
        if self.running is not None and stays and stays[-1].until is None:
            stays = (*stays[:-1], broken_off(stays[-1], self.running.at))
        return stays

    def request(self, id_: str) -> Request | None:
        """The request with this id."""
        return next((request for request in self.requests if request.id == id_), None)


class State(Noun, frozen=True, kw_only=True):
    """The folded state: the house and one environment, each by its own leaves and its own clock.

    So the house is the same whichever environment is looked at.

    Attributes:
        environment: the environment's; of an unnamed one where only the house was folded.
    """

    house: House = House()
    environment: EnvironmentState = EnvironmentState(name="")


def each_request(state: EnvironmentState, id_: str, change: Callable[[Request], Request]) -> EnvironmentState:
    """The environment with the request of this id changed."""
    return replace(state, requests=tuple(change(one) if one.id == id_ else one for one in state.requests))


def without_permits(state: EnvironmentState, left: tuple[Permit, ...]) -> EnvironmentState:
    """The environment with these permits left; from rules 2 on it remembers the others, whose files are not over."""
    gone = tuple(one for one in state.permits if one not in left) if state.goes_by(2) else ()
    return replace(state, permits=left, spent=(*state.spent, *gone)[-KEPT_PERMITS:])


def broken_off(stay: Stay, at: datetime) -> Stay:
    """The stay, where nobody knows what runs since `at`."""
    return replace(stay, until=max(stay.since, at), end="unknown")


def release_digest(release: Release | None) -> DigestOrNone:
    """The digest a release goes by in approvals; ``none`` for no release."""
    return NONE if release is None else "sha256:" + digest_hex(release)


def state_digest(state: State) -> Digest:
    """What a decision commits to."""
    return "sha256:" + digest_hex(state)


def room_for_request(state: EnvironmentState, at: datetime) -> tuple[Request, ...]:
    """The requests that stay when one more comes at `at`; `KEPT_REQUESTS` of them, and there is no room for it.

    Forgotten is only a request none of whose approvals could be replayed, and that no waiver is for: closed ones first, then those never deployed.
    From rules 2 on, none either that is being deployed, or whose permit lives: it would fall, though nobody said no.
    """
    requests = state.requests
    if len(requests) < KEPT_REQUESTS:
        return requests
    kept = {one.request for one in state.exceptional.waivers if not one.over(at)}
    if state.goes_by(2):
        kept |= {one.request for one in state.permits if at < one.not_after} | ({state.running.request} if state.running else set())
    spare = [one for one in requests if one.id not in kept and all(at >= given.expires for given in one.given)]
    closed = [one for one in spare if one.over or one.withdrawn or one.rejected_by]
    gone = next(iter(closed or [one for one in spare if one.deployed < 0] or spare), None)
    return tuple(one for one in requests if one is not gone)


def room_for_proposal(house: House, at: datetime) -> House:
    """The house with its proposals that stay when one more comes at `at`; `KEPT_REQUESTS` in all, and there is no room for it."""
    if len(house.proposals) + len(house.closed) < KEPT_REQUESTS:
        return house
    gone = next((one for one in (*house.closed, *house.proposals) if all(at >= given.expires for given in one.approvals)), None)
    proposals, closed = (tuple(one for one in proposals if one is not gone) for proposals in (house.proposals, house.closed))
    return replace(house, proposals=proposals, closed=closed)
