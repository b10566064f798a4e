"""A history, told: leaves with real signatures, folded one by one as every reader of a log does.

``Story`` is a log without a log: it keeps the leaves' bytes, the documents they name, and the state after each. What is said
is signed by the key of that name (`build.key`), sealed as `evidence.record` seals it, and put through `history.advance`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from build import APPROVED, BUILT, CAME, NOW, SIGNED, SOAKED, digest, key, nonce, person, person_id, request_id, roster
from build import policy as make_policy
from build import root as make_root
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.digest import Digest, digest_of
from lockgate.core.envelope import Envelope, Leaf
from lockgate.core.identity import Root, Roster
from lockgate.core.model import NONE, Release
from lockgate.core.policy import Policy, section_digest
from lockgate.core.state import EnvironmentState, State, release_digest, state_digest
from lockgate.errors import UnreadableError
from lockgate.evidence import record
from lockgate.evidence.history import advance
from lockgate.evidence.place import read_policy
from lockgate.ledger.merkle import leaf_hash

STEP = timedelta(minutes=1)


def signed(event: events.Event, about: tuple[Digest, ...], by: str) -> Envelope:
    """Sealed as its kind is: by nobody for a genesis, bare for a decision, as SSHSIG for people."""
    statement = record.statement_bytes(event, about)
    if isinstance(event, events.Genesis):
        return record.seal_genesis(statement)
    if isinstance(event, events.Decided):
        return record.seal_by_permit_key(statement, key(by).public, key(by).sign(record.to_sign(statement)))
    return record.seal_by_agent(statement, key(by).public, key(by).sign_ssh(record.agent_data(statement)))


GENESIS = Leaf(
    at=NOW + STEP, event=signed(events.Genesis(origin="example.com/shop", nonce=nonce("genesis"), created_at=NOW), (), ""), stream="house"
)  # fmt: skip
"""Leaf 0 of every story."""

LOG: Digest = "sha256:" + leaf_hash(encode(GENESIS)).hex()
"""The log that what is said in a story is signed for."""


class Story:
    """One environment's history and the house's, with what a reader makes of it.

    ``story.say(event, about, by)`` appends a leaf a minute after the last and returns why it is no fact, empty where it is one.
    """

    def __init__(self, environment: str = "production", pinned: Root | None = None) -> None:
        self.environment = environment
        self.pinned = pinned
        self.state = State(environment=EnvironmentState(name=environment))
        self.leaves: list[bytes] = []
        self.documents: dict[Digest, bytes] = {}
        self.now = NOW

    # What a reader does.

    def load(self, digest: Digest) -> bytes:
        try:
            return self.documents[digest]
        except KeyError:
            raise UnreadableError("document.unreadable", f"{digest} is not here") from None

    def append(self, leaf: bytes) -> str:
        """Fold these bytes as the next leaf; why they are no fact."""
        step = advance(self.state, leaf, len(self.leaves), self.load, self.pinned)
        self.leaves.append(leaf)
        self.state = step.state
        return step.ignored

    def put(self, envelope: Envelope, stream: str, at: datetime | None = None) -> str:
        """An envelope as a leaf, in a stream, at a time of the log's choosing."""
        self.now += STEP
        return self.append(encode(Leaf(at=at or self.now, event=envelope, stream=stream, previous=len(self.leaves) - 1)))

    def say(self, event: events.Event, about: tuple[Digest, ...], by: str, at: datetime | None = None) -> str:
        return self.put(signed(event, about, by), events.stream_of(event), at)

    def copy(self, index: int) -> str:
        """An old leaf's envelope, appended again, now: all that the log's own key can do to what people signed."""
        old = record.read_leaf(self.leaves[index])
        return self.put(old.event, old.stream)

    # Documents.

    def document(self, document: Policy | Roster | Root) -> Digest:
        data = encode(document)
        self.documents[digest_of(data)] = data
        return digest_of(data)

    def propose(self, document: Policy | Roster | Root, name: str, by: str = "owner", at: datetime | None = None, **changes: Any) -> str:
        house = self.state.house
        struct: Any
        struct, current = {
            Policy: (events.PolicyProposed, house.policy), Roster: (events.RosterProposed, house.roster), Root: (events.RootProposed, house.root),
        }[type(document)]  # fmt: skip
        base = {"version": (current.version if current else 0) + 1, "replaces": current.digest if current else NONE}
        event = struct(**{"log": LOG, "id": request_id(name), "requested_at": self.now, **base, **changes})
        return self.say(event, (self.document(document),), by, at)

    def back(self, name: str, by: str = "owner", again: str = "", **changes: Any) -> str:
        """An owner's approval of a proposal."""
        proposal = next(one for one in (*self.state.house.proposals, *self.state.house.closed) if one.id == request_id(name))
        current = {"root": self.state.house.root, "roster": self.state.house.roster, "policy": self.state.house.policy}[proposal.kind]
        shown = events.Shown(from_=current.digest if current else NONE, to=proposal.digest)
        base: dict[str, Any] = {
            "log": LOG, "request": request_id(name), "environment": "house", "duty": "owner", "config": NONE, "section": NONE, "baseline": NONE, "shown": shown,
            "expires": self.now + timedelta(days=3), "nonce": nonce(f"{name} {by} {again}"),
        }  # fmt: skip
        return self.say(events.Approved(**{**base, **changes}), (proposal.digest,), by)

    def enact(self, document: Policy | Roster | Root, name: str, *owners: str) -> None:
        assert self.propose(document, name, (owners or ("owner",))[0]) == ""
        for owner in owners or ("owner",):
            assert self.back(name, owner) == ""
        assert not any(one.id == request_id(name) for one in self.state.house.proposals), "it has not come into force"

    def begin(self, **changes: Any) -> Root:
        """Genesis and first root."""
        assert self.put(GENESIS.event, GENESIS.stream) == ""
        root = make_root(**{"genesis": LOG, **changes})
        assert self.propose(root, "root 1") == ""
        return root

    # An environment.

    def policy_in_force(self) -> Policy:
        assert self.state.house.policy is not None
        return read_policy(self.load(self.state.house.policy.digest))

    def request(self, release: Release, name: str = "", by: str = "rita") -> str:
        event = events.Requested(log=LOG, id=request_id(name), environment=self.environment, config=release.config, from_=NONE, requested_at=self.now)
        return self.say(event, release.artifacts, by)

    def approval(self, release: Release, duty: str, name: str = "", again: str = "", **changes: Any) -> events.Approved:
        """What an approver signs: by the policy in force, over what runs there now."""
        occupant = self.state.environment.occupant()
        shown = events.Shown(from_=release_digest(occupant.release if occupant else None), to=release_digest(release))
        policy = self.policy_in_force()
        base: dict[str, Any] = {
            "log": LOG, "request": request_id(name), "environment": self.environment, "duty": duty, "config": release.config,
            "section": section_digest(policy, self.environment),
            "baseline": policy.environments[self.environment].baseline, "shown": shown, "expires": self.now + timedelta(days=1),
            "nonce": nonce(f"{name} {duty} {again}"),
        }  # fmt: skip
        return events.Approved(**{**base, **changes})

    def approve(self, release: Release, by: str, duty: str, name: str = "", again: str = "", **changes: Any) -> str:
        return self.say(self.approval(release, duty, name, f"{by} {again}", **changes), release.artifacts, by)

    def reject(self, release: Release, by: str, name: str = "", again: str = "") -> str:
        event = events.Rejected(log=LOG, request=request_id(name), environment=self.environment, nonce=nonce(f"no {by} {name} {again}"))
        return self.say(event, release.artifacts, by)

    def withdraw(self, release: Release, by: str, what: Any, name: str = "", again: str = "") -> str:
        event = events.Withdrawn(log=LOG, request=request_id(name), environment=self.environment, what=what, nonce=nonce(f"back {what} {by} {name} {again}"))
        return self.say(event, release.artifacts, by)

    def decision(self, release: Release, name: str | None = "", person: str | None = "dora", **changes: Any) -> events.Decided:
        base: dict[str, Any] = {
            "log": LOG, "environment": self.environment, "config": release.config, "request": "" if name is None else request_id(name), "outcome": "allowed",
            "outcomes": (),
            "decided_at": self.now, "not_after": self.now + timedelta(minutes=15), "engine": "0.1.0", "history": len(self.leaves), "policy": digest("policy"),
            "section": NONE, "root": 1, "roster": 1, "evidence": digest("evidence"), "state": state_digest(self.state), "person": person and person_id(person),
        }  # fmt: skip
        return events.Decided(**{**base, **changes})

    def decide(self, release: Release, name: str | None = "", person: str | None = "dora", **changes: Any) -> str:
        return self.say(self.decision(release, name, person, **changes), release.artifacts, "permit")

    def deploy(self, release: Release, permit: int | None = None, by: str = "dora", failed: int = 0, at: datetime | None = None, **changes: Any) -> str:
        """By the newest permit, where none is named."""
        base: dict[str, Any] = {
            "log": LOG, "permit": self.state.environment.permits[-1].decision if permit is None else permit, "environment": self.environment,
            "config": release.config, "started_at": self.now, "ended_at": self.now,
        }  # fmt: skip
        event = events.DeployFailed(**{**base, **changes}, exit_status=failed) if failed else events.Deployed(**{**base, **changes})
        return self.say(event, release.artifacts, by, at)


PEOPLE = roster(
    person("owner", keys=["owner", "owner-at-home"]),
    person("rita", {"production": ["request"], "staging": ["request"]}),
    person("dora", {"production": ["deploy"], "staging": ["deploy"]}),
    person("otto", {"production": ["deploy"]}),
    person("ann", {"production": ["approve:release-management"]}),
    person("sam", {"production": ["approve:security"], "staging": ["approve:security"]}),
    person("max", {"production": ["approve:release-management", "approve:security"]}, keys=["max", "max-at-home"]),
)
"""Who `house` enrols: Rita asks, Dora and Otto deploy, Ann, Sam and Max approve; the owner has no duties."""


def house(policy: Policy | None = None, environment: str = "production", pinned: Root | None = None) -> Story:
    """A story that has a root, `PEOPLE` and a policy, all of the one owner ``owner``."""
    story = Story(environment, pinned)
    story.begin()
    story.enact(PEOPLE, "roster 1")
    story.enact(policy or make_policy(SIGNED, BUILT, CAME, SOAKED, APPROVED), "policy 1")
    return story
