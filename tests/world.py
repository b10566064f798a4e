"""A whole gate in memory: fakes for the world, real keys, and an oracle that checks everything after a test.

`opened` is a gate with a policy and people; `World.ports` is what use cases are given. Attacks go around the use cases:
`smuggle` appends a leaf as whoever holds the log key can.

Who is there: ``owner`` (and first person), ``rita`` requests, ``dora`` deploys, ``ann`` approves for release-management,
``bob`` for security, ``carl`` for both, ``eve`` is enrolled and may do nothing; ``mallory`` is not enrolled.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import PurePath
from typing import Any, TypeVar

from build import APPROVED, BUILDER, BUILT, CAME, COMMIT, KEYS, NOW, REF, REPOSITORY, SIGNED, SOAKED, Key, digest, key, nonce, person, person_id
from fakes.fake_zones import FakeZones
from fakes.fixed_clock import FixedClock
from fakes.memory_advisories import MemoryAdvisories
from fakes.memory_blobs import MemoryBlobs
from fakes.memory_directory import MemoryDirectory
from fakes.memory_heads import MemoryHeads
from fakes.memory_index import MemoryIndex
from fakes.memory_log import MemoryLog
from fakes.memory_source import MemorySource
from lockgate.app import attach, backtest, begin, deploy, filing, gate, govern, recheck, replay, report, request, say
from lockgate.app.gate import Gated
from lockgate.app.project import project
from lockgate.app.recheck import Look
from lockgate.app.world import Ports
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.duration import span
from lockgate.core.envelope import Envelope, Leaf
from lockgate.core.identity import Person, PublicKey, Root, Roster
from lockgate.core.model import NONE
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.ports import Blobs, Ended, Entry, Heads, Index, Log, Receipt
from lockgate.core.state import state_digest
from lockgate.evidence import record, slsa
from lockgate.ledger.merkle import leaf_hash
from lockgate.ledger.note import SignerKey

ORIGIN = "example.com/shop"
T = TypeVar("T")
WEEK = timedelta(days=7)

PEOPLE = (
    person("rita", {"staging": ["request"], "production": ["request"]}),
    person("dora", {"staging": ["deploy"], "production": ["deploy"]}),
    person("ann", {"production": ["approve:release-management"]}),
    person("bob", {"production": ["approve:security"]}),
    person("carl", {"production": ["approve:release-management", "approve:security"]}),
    person("eve"),
)


class FakeRunner:
    """Port `Runner`: says what it was told to say; `during` is called while the command "runs"."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.status = 0
        self.ended: Ended | None = None
        """In place of a status."""
        self.during: Callable[[], object] = lambda: None

    def run(self, command: Sequence[str], limit: timedelta, *, to_stderr: bool) -> Ended:
        self.ran.append(list(command))
        self.during()
        return self.ended or Ended(status=self.status)


class FakeUnderway:
    """Port `Underway`: what `dead` holds has died."""

    def __init__(self) -> None:
        self.begun: set[str] = set()
        self.dead: set[str] = set()

    def begin(self, name: str) -> None:
        self.begun.add(name)

    def over(self, name: str) -> None:
        self.begun.discard(name)
        self.dead.discard(name)

    def died(self, name: str) -> bool:
        return name in self.dead


class FakeOutbox:
    """Port `Outbox` in memory; with `full`, nothing takes it."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.full = False

    def keep(self, name: str, data: bytes) -> str:
        if self.full:
            return ""
        self.kept[name] = data
        return name


class FakeScratch:
    """Port `Scratch`: a path that nothing stands at."""

    @contextmanager
    def directory(self) -> Iterator[PurePath]:
        yield PurePath("/scratch")

    def copies(self, files: Sequence[tuple[str, PurePath]], into: PurePath) -> list[str]:
        """The digest of a file is that of its place, until `changed` says otherwise."""
        return [digest(self.changed.get(place, place)) for place, _ in files]

    def __init__(self) -> None:
        self.changed: dict[str, str] = {}


def standard_policy(**changes: Any) -> Policy:
    """Staging asks for a signature; production for everything there is."""
    production = {"requires": (SIGNED, BUILT, CAME, SOAKED, APPROVED), "from_": "staging", **changes}
    return Policy(
        version=1,
        project="shop",
        environments={"staging": EnvironmentPolicy(requires=(SIGNED,)), "production": EnvironmentPolicy(**production)},
        keys=dict(KEYS),
    )


class World:
    """A gate and everything around it.

    Args:
        log, blobs, index, heads: other implementations, for tests on a disk.
    """

    def __init__(self, *, log: Log | None = None, blobs: Blobs | None = None, index: Index | None = None, heads: Heads | None = None) -> None:
        self.clock = FixedClock(NOW)
        self.log: Any = log or MemoryLog(ORIGIN)
        self.blobs: Any = blobs or MemoryBlobs()
        self.source = MemorySource()
        self.index: Any = index or MemoryIndex()
        self.heads: Any = heads or MemoryHeads()
        self.directory = MemoryDirectory()
        self.runner = FakeRunner()
        self.outbox = FakeOutbox()
        self.scratch = FakeScratch()
        self.underway = FakeUnderway()
        self.zones = FakeZones()
        self.advisories = MemoryAdvisories()
        self.permit: Key | None = key("permit")
        self.pinned: Root | None = None
        self.erased: set[int] = set()
        """Decisions whose evidence a test erased."""
        self.broken = False
        """A test left it as nothing should be: there is nothing to check."""
        self._count = count(1)

    @property
    def genesis(self) -> str:
        """What the events of this log are signed for."""
        return "sha256:" + leaf_hash(self.log.leaf(0)).hex()

    @property
    def ports(self) -> Ports:
        """As `wire` would make it."""
        return Ports(
            log=self.log,
            blobs=self.blobs,
            source=self.source,
            index=self.index,
            heads=self.heads,
            directory=self.directory,
            clock=self.clock,
            runner=self.runner,
            outbox=self.outbox,
            underway=self.underway,
            scratch=self.scratch,
            zones=self.zones,
            advisories=self.advisories,
            permit=self.permit,
            pinned=self.pinned,
        )

    def copy(self) -> World:
        """Another world of the same history."""
        other = World(log=_copied_log(self.log))
        other.clock.at = self.clock.at
        other.blobs, other.index, other.heads = (copy.deepcopy(one) for one in (self.blobs, self.index, self.heads))
        other.source, other.directory, other.advisories = copy.deepcopy(self.source), copy.deepcopy(self.directory), copy.deepcopy(self.advisories)
        other.pinned, other._count = self.pinned, count(next(self._count))
        return other

    # --- set-up ------------------------------------------------------------------------------------------------------

    def begin(self, *owners: str, threshold: int = 1) -> Root:
        """The first leaves; the root is pinned."""
        names = owners or ("owner",)
        plan = begin.Beginning(
            owners=tuple(key(name).public for name in names),
            threshold=threshold,
            expires=NOW + timedelta(days=365),
            nonce=self.nonce(),
            person=person_id(names[0]),
        )
        self.pinned, _ = begin.begin(self.ports, plan, (self.id(), self.id()), key(names[0]), self.clock.now() + WEEK)
        self.caught_up()
        return self.pinned

    def policy(self, policy: Policy, by: str = "owner") -> govern.Changed:
        """Propose a policy and approve it as its proposer."""
        return self._told(govern.change(self.ports, policy, self.id(), self.nonce(), WEEK, key(by)))

    def roster(self, *people: Person, by: str = "owner") -> govern.Changed:
        """The next roster: the first owner and these."""
        current = project(self.ports, "").roster
        first = tuple(one for one in current.people if one.id == person_id("owner"))
        return self._told(govern.change(self.ports, Roster(version=current.version + 1, people=(*first, *people)), self.id(), self.nonce(), WEEK, key(by)))

    def root(self, by: str = "owner", **changes: Any) -> govern.Changed:
        """The next root."""
        house = project(self.ports, "")
        assert house.state.house.root is not None
        following = {"version": house.root.version + 1, "previous": house.state.house.root.digest, **changes}
        fields = {name: getattr(house.root, name) for name in house.root.__struct_fields__}
        return self._told(govern.change(self.ports, Root(**{**fields, **following}), self.id(), self.nonce(), WEEK, key(by)))

    def artifact(self, path: str = "shop", data: bytes = b"", *, signed: str = "release", built: str = "builder") -> str:
        """An artifact with a signature and provenance; its digest."""
        digest = self.source.put(path, data or path.encode())
        bench = attach.Bench(source=self.source, clock=self.clock)
        if signed:
            attach.sign(bench, f"file:{path}", key(signed))
        if built:
            attach.attest(bench, f"file:{path}", slsa.PREDICATE_TYPE, provenance(), key(built))
        return digest

    # --- what people do ----------------------------------------------------------------------------------------------

    def ask(self, to: str = "production", ref: str = "shop", **more: Any) -> gate.GateRequest:
        """A question to the gate."""
        fresh = self.nonce()
        return gate.GateRequest(**{"refs": (f"file:{ref}",), "environment": to, "key": fresh, "nonce": fresh, **more})

    def gate(self, to: str = "production", ref: str = "shop", by: str | None = "dora", **more: Any) -> Gated:
        """Ask the gate."""
        return self._told(gate.gate(self.ports, self.ask(to, ref, **more), key(by) if by else None))

    def deploy(self, to: str = "production", ref: str = "shop", by: str = "dora", **more: Any) -> deploy.Deployment:
        """Gate and deploy."""
        return self._told(deploy.deploy(self.ports, self.ask(to, ref, **more), ["run", "{ref}"], key(by), lambda _: None))

    def recheck(self, *environments: str, offline: bool = False, dry: bool = False) -> list[Look]:
        """Look again at what runs, in these environments or everywhere."""
        wanted = recheck.named(self.ports, environments)
        looks = list(recheck.recheck(self.ports, wanted, recheck.Manner(offline=offline, dry=dry)))
        return self._told([one for one in looks if isinstance(one, Look)])

    def request(self, to: str = "production", ref: str = "shop", by: str = "rita", config: str = NONE, id_: str = "", *, rollback: bool = False) -> str:
        """Ask for a release; the request's id."""
        id_ = id_ or self.id()
        request.request_release(self.ports, (f"file:{ref}",), to, config, id_, key(by), rollback=rollback)
        self.caught_up()
        return id_

    def approve(self, id_: str, by: str, duty: str = "", lasts: str = "72h") -> say.Recorded:
        """Say yes."""
        found = request.find(self.ports, id_)
        return self._told(request.approve(self.ports, found, request.duty_of(found, key(by), duty), self.nonce(), span(lasts), key(by)))

    def reject(self, id_: str, by: str) -> say.Recorded:
        """Say no."""
        return self._told(request.reject(self.ports, request.find(self.ports, id_), self.nonce(), key(by)))

    def withdraw(self, id_: str, by: str, what: Any = "approval") -> say.Recorded:
        """Take back."""
        return self._told(request.withdraw(self.ports, request.find(self.ports, id_), what, self.nonce(), key(by)))

    def soaked(self, ref: str = "shop") -> None:
        """Deploy to staging and let a day pass."""
        self.deploy("staging", ref)
        self.clock.advance(hours=25)

    def approved(self, ref: str = "shop", config: str = NONE) -> str:
        """A request with both approvals; its id."""
        id_ = self.request(ref=ref, config=config)
        self.approve(id_, "ann")
        self.approve(id_, "bob")
        return id_

    # --- made by hand ------------------------------------------------------------------------------------------------

    def approval(self, id_: str, under: str, **changes: Any) -> events.Approved:
        """The event an approver would sign now, with changes."""
        made = request.approval(request.find(self.ports, id_), under, self.nonce(), self.clock.now(), span("72h"))
        return changed(made, **changes)

    def deployed(self, by_permit: int, to: str = "production", **changes: Any) -> events.Deployed:
        """The event a deployer would sign now, with changes."""
        made = events.Deployed(log=self.genesis, permit=by_permit, environment=to, config=NONE, started_at=self.clock.now(), ended_at=self.clock.now())
        return changed(made, **changes)

    def record(self, event: events.Event, subjects: tuple[str, ...], by: str) -> say.Recorded:
        """Sign an event and bring it to the door."""
        return self._told(say.record_event(self.ports, say.sign_event(event, subjects, key(by))))

    def decided(self, like: Gated, signer: Key, **changes: Any) -> Envelope:
        """A decision like that one, on the state as it is now, with changes, signed by `signer`."""
        state = state_digest(project(self.ports, changes.get("environment", like.decision.environment)).state)
        statement = record.statement_bytes(changed(like.decision, **{"state": state, **changes}), like.release.artifacts)
        return record.seal_by_permit_key(statement, signer.public, signer.sign(record.to_sign(statement)))

    def smuggle(
        self, envelope: Envelope, stream: str = "", *, at: datetime | None = None, previous: int | None = None, column: str = "", idempotency: str = ""
    ) -> int:
        """Append a leaf past the door, as whoever holds the log key can; its index. `column`: what the stream hint says."""
        stream = stream or events.stream_of(record.open_envelope(envelope).event)
        last = self.log.last(stream)
        leaf = Leaf(at=at or self.clock.now(), event=envelope, stream=stream, previous=previous if previous is not None else -1 if last is None else last)
        receipt: Receipt = self.log.append(Entry(leaf=encode(leaf), stream=column or stream, key=idempotency or f"smuggled {next(self._count)}"))
        return self._told(receipt.index)

    def envelope(self, index: int) -> Envelope:
        """The signed event of a leaf."""
        return record.read_leaf(self.log.leaf(index)).event

    def id(self) -> str:
        """A fresh request id."""
        return f"r-{next(self._count):016}"

    def nonce(self) -> str:
        """A fresh nonce."""
        return nonce(f"{next(self._count)}")

    # --- the oracle --------------------------------------------------------------------------------------------------

    def caught_up(self) -> None:
        """As every command does first."""
        filing.catch_up(self.ports)

    def check(self) -> report.Checked:
        """Hold everything against everything: the log, each decision's replay, the index, the short cut."""
        self.caught_up()
        checked = report.check(self.ports)
        for index in self.decisions():
            if str(index) not in checked.ignored:
                assert replay.replay(self.ports, index).result == ("evidence-erased" if index in self.erased else "same"), index
        for index in self.index.find("kind", "rechecked"):
            if str(index) not in checked.ignored:
                assert replay.replay(self.ports, index).result == ("evidence-erased" if index in self.erased else "same"), index
        self._check_backtest()
        fresh = replace(self.ports, index=MemoryIndex())
        filing.rebuild(fresh)
        assert fresh.index.dump() == self.index.dump()
        for environment in self.environments():
            short, whole = project(self.ports, environment), project(self.ports, environment, walk="chain")
            assert short.state == whole.state
            assert project(fresh, environment).state == whole.state
        return checked

    def _check_backtest(self) -> None:
        """What the policy in force decided it would decide again: everything but what it did not decide, or what was erased."""
        house = project(self.ports, "")
        if house.policy is not None and house.state.house.policy is not None:
            for one in backtest.backtest(self.ports, house.policy).tried:
                decided = record.open_envelope(self.envelope(one.leaf)).event
                assert one.leaf in self.erased or getattr(decided, "policy", "") != house.state.house.policy.digest, one

    def decisions(self) -> list[int]:
        """Leaves that are decisions."""
        return list(self.index.find("kind", "decision"))

    def environments(self) -> list[str]:
        """Of the policy in force."""
        policy = project(self.ports, "").policy
        return sorted(policy.environments) if policy else []

    def ignored(self) -> dict[str, str]:
        """Leaves that mean nothing, as `log check` shows them."""
        self.caught_up()
        return report.check(self.ports).ignored

    def _told(self, answer: T) -> T:
        self.caught_up()
        return answer


def changed(event: T, **changes: Any) -> T:
    """An event with other fields."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__}  # type: ignore[attr-defined]
    return type(event)(**{**fields, **changes})


def provenance() -> dict[str, Any]:
    """A SLSA provenance predicate that `BUILT` is content with."""
    parameters = {"source": f"{REPOSITORY}@{REF}"}
    dependencies = [{"uri": f"{REPOSITORY}@{REF}", "digest": {"gitCommit": COMMIT}}]
    return {
        "buildDefinition": {"buildType": "https://example.com/build/v1", "externalParameters": parameters, "resolvedDependencies": dependencies},
        "runDetails": {"builder": {"id": BUILDER}},
    }


def signer_key(name: str = "log") -> SignerKey:
    """A log key."""
    return SignerKey(name=ORIGIN, seed=key(name).private.private_bytes_raw())


def public(name: str) -> PublicKey:
    """A public key, by name."""
    return key(name).public


def _copied_log(log: MemoryLog) -> MemoryLog:
    other = MemoryLog(log.origin)
    other.entries = list(log.entries)
    return other


@cache
def _standard() -> World:
    world = World()
    world.begin()
    world.roster(*PEOPLE)
    world.policy(standard_policy())
    world.artifact()
    return world


def opened() -> World:
    """A gate with `standard_policy`, `PEOPLE` and the artifact ``shop``, signed and built; nothing decided yet."""
    return _standard().copy()
