"""deploy: the same gate, then the command on exactly those bytes, then a signed record of how it ended.

1  who            the deployer may deploy here, and no other deployment is under way: else what came of it could not be recorded
2  gate           as always; refused means the command never starts
3  place          private, read-only copies, hashed while copied, of files, layouts and configuration; images in registries by digest
4  begin          the permit still lives, nobody rejected or withdrew meanwhile, the deployer still may: `deploy-started` is recorded, which
                  uses the permit, and only if nothing that touches this was recorded since that was looked at
5  run            the command, with ``{ref}`` and its like replaced
6  record         `deployed` only where it ended well by itself; `deploy-failed` where it says that it failed; `deploy-unknown` where it was killed,
                  stopped or took too long. What cannot be recorded is kept, signed, where `lockgate log record` finds it

Whoever dies between 4 and 6 leaves a deployment that began and did not end: what runs is unknown from there on (`core.deployments`), and the next
`deploy` says so (`app.unfinished`).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from lockgate.app import gate, say
from lockgate.app.gather import artifact_facts, stored
from lockgate.app.permit import standing
from lockgate.app.placing import ConfigFile, placed, require_whole
from lockgate.app.project import Projection, documents, project
from lockgate.app.unfinished import mark, settle
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.envelope import Envelope
from lockgate.core.facts import Need, Provenance, Unreadable
from lockgate.core.identity import PersonId, fingerprint
from lockgate.core.policy import believed, watched
from lockgate.core.ports import Ended, PersonSigner
from lockgate.core.state import Running
from lockgate.errors import ConflictError, EvidenceError, LedgerError, LockgateError, TrustError
from lockgate.evidence import history

LIMIT = timedelta(hours=1)
"""How long a command may take, unless something else is said; a day at most."""

SLACK = timedelta(minutes=5)
"""How long after the command's time its end is told at the latest."""

MOST_BUILT = 4


class How(Noun, frozen=True, kw_only=True):
    """How a deployment is run.

    Attributes:
        names: of the artifacts, in their order; empty for one that has none.
        files: of the configuration, whose digest the question has.
        limit: how many seconds the command may take; None for `LIMIT`.
        to_stderr: whether its stdout comes on stderr.
        abandon: an unfinished deployment of one's own is not waited for.
    """

    names: tuple[str, ...] = ()
    files: tuple[ConfigFile, ...] = ()
    limit: int | None = None
    to_stderr: bool = False
    abandon: bool = False

    @property
    def within(self) -> timedelta:
        """How long the command may take."""
        return LIMIT if self.limit is None else timedelta(seconds=self.limit)


class Deployment(Noun, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        gated: the gate's answer.
        outcome: what was recorded; empty where the command never started.
        exit_status: the command's own; None where it never started.
        exit_code: what this process ends with: 0 for `deployed` alone.
        because: why nobody knows what runs; empty where somebody does.
        index: leaf of the record of its end. started: leaf of its begin. -1 where nothing was recorded.
        seconds: how long it took.
        settled: the unfinished deployment that was found, and recorded as unknown.
    """

    gated: gate.Gated
    outcome: Literal["", "deployed", "deploy-failed", "deploy-unknown"] = ""
    exit_status: int | None = None
    exit_code: int = 0
    because: str = ""
    index: int = -1
    started: int = -1
    seconds: int = 0
    settled: Running | None = None


def deploy(
    ports: Ports, ask: gate.GateRequest, command: Sequence[str], signer: PersonSigner, told: Callable[[gate.Gated], None], how: How | None = None
) -> Deployment:
    """Gate a release and, allowed, run `command` on it.

    Args:
        ports: the world.
        ask: the question, as for `gate`.
        command: argv; `app.placing` says which words stand for what.
        signer: the deployer's key: it asks, and signs when it begins and what came of it.
        told: called with the gate's answer before the command starts.
        how: how it is run.

    Raises:
        LockgateError: from the gate, the copies or the ledger; the message says so where the command ran and that could not be recorded, and
            where the signed event is. ``people.no-duty`` where the signer may not deploy here, ``deployed.under-way`` where another deployment
            is: nothing was decided. UsageError: as `require_whole`.
    """
    how = how or How()
    names = how.names or ("",) * len(ask.refs)
    require_whole(command, names, how.files)
    own = project(ports, ask.environment)
    gate.require_answerable(own, ask)
    person = _require_deployer(own, ask.environment, signer)
    _, settled = settle(ports, own, person, signer, abandon=how.abandon)
    resolved = gate.resolve(ports, ask.refs, ask.config, ask.platform)
    gated = gate.gate_resolved(ports, ask, resolved, signer)
    told(gated)
    if gated.decision.outcome != "allowed":
        return Deployment(gated=gated, settled=settled)
    name = mark(gated.decision.log, gated.index)
    with ports.scratch.directory() as private:
        words = placed(ports, command, names, how.files, ask.config, resolved, private)
        built = _built(ports, own, gated)
        ports.underway.begin(name)
        try:
            begun, leaf = _begin(ports, ask, gated, signer, how.within)
        except (EvidenceError, LedgerError, TrustError):  # anything else may come after it was recorded
            ports.underway.over(name)
            raise
        ended = ports.runner.run(words, how.within, to_stderr=how.to_stderr)
        at = max(begun.started_at, ports.clock.now())
    event = end_of(begun, ended, at, gated.decision.evidence, built)
    recorded = _record_end(ports, event, gated, signer, name)
    outcome: Any = events.kind_of(event)
    return Deployment(
        gated=gated,
        outcome=outcome,
        exit_status=ended.status,
        exit_code=_exit_code(event, ended),
        because=event.because if isinstance(event, events.DeployUnknown) else "",
        index=recorded.index,
        started=leaf,
        seconds=int((at - begun.started_at).total_seconds()),
        settled=settled,
    )


def _begin(ports: Ports, ask: gate.GateRequest, gated: gate.Gated, signer: PersonSigner, limit: timedelta) -> tuple[events.DeployStarted, int]:
    """Step 4: the last look and the record of the begin are one: what is recorded in between is looked at again."""
    decision, environment = gated.decision, gated.decision.environment
    own = project(ports, environment)
    now = say.require_clock(ports, own)
    event = events.DeployStarted(
        log=decision.log,
        permit=gated.index,
        environment=environment,
        config=decision.config,
        started_at=now,
        ends_by=now + limit + SLACK,
        nonce=ask.nonce,
    )
    envelope = say.sign_event(event, gated.release.artifacts, signer)
    stream = events.stream_of(event)
    for _ in range(say.ATTEMPTS):
        _require_deployer(project(ports, environment), environment, signer)
        own = standing(ports, environment, gated.index, gated.release)
        leaf = say.leaf_for(ports, envelope, stream, own)
        history.admit(own.state, leaf, own.size, documents(ports), ports.pinned)
        beside = (f"env:{name}" for name in watched(own.policy_in_force(), environment))
        try:
            receipt = say.append(ports, leaf, say.event_key(envelope), own.size, (stream, events.HOUSE, *beside))
        except ConflictError:
            continue
        return event, receipt.index
    raise LedgerError("record.contended", f"something else was recorded {say.ATTEMPTS} times in between: nothing was run")


def end_of(begun: events.DeployStarted, ended: Ended, at: datetime, evidence: str, built: tuple[events.Built, ...]) -> events.Deployed:
    """How it ended, as an event: `Deployed` where, and only where, the command ended with 0 and nobody stopped it."""
    said: dict[str, Any] = {
        "log": begun.log,
        "permit": begun.permit,
        "environment": begun.environment,
        "config": begun.config,
        "started_at": begun.started_at,
        "ended_at": at,
        "evidence": evidence,
        "built": built,
    }
    status = min(max(ended.status, 0), 255)
    if ended.stopped or ended.signal:
        return events.DeployUnknown(**said, because=ended.stopped or "killed", exit_status=status)
    return events.Deployed(**said) if ended.status == 0 else events.DeployFailed(**said, exit_status=max(status, 1))


def _exit_code(event: events.Deployed, ended: Ended) -> int:
    """The command's own; never 0 unless it is deployed."""
    if not isinstance(event, events.DeployUnknown):
        return ended.status
    return ended.status or (124 if ended.stopped == "timed-out" else 128 + ended.heard)


def _record_end(ports: Ports, event: events.Deployed, gated: gate.Gated, signer: PersonSigner, name: str) -> say.Recorded:
    """Step 6. While its end is neither recorded nor kept, this deployment stays marked: once this process is gone, it is known to have died."""
    outcome = _OUTCOME[events.kind_of(event)].format(status=getattr(event, "exit_status", 0))
    try:
        envelope = say.sign_event(event, gated.release.artifacts, signer)
    except LockgateError as err:
        raise type(err)(err.code, f"{outcome}, and that could not be signed: {err.message}", err.remedy) from err
    try:
        recorded = say.record_event(ports, envelope)
    except KeyboardInterrupt:
        where, remedy = _kept(ports, envelope, gated.index, name)
        raise LedgerError("command.stopped", f"{outcome}, and it was stopped before that was recorded{where}", remedy) from None
    except LockgateError as err:
        where, remedy = _kept(ports, envelope, gated.index, name)
        raise type(err)(err.code, f"{outcome}, and that could not be recorded{where}: {err.message}", remedy or err.remedy) from err
    ports.underway.over(name)
    return recorded


_OUTCOME = {
    "deployed": "the command succeeded",
    "deploy-failed": "the command ended with {status}",
    "deploy-unknown": "the command was stopped or killed",
}


def _kept(ports: Ports, envelope: Envelope, permit: int, name: str) -> tuple[str, str]:
    """Step 6, where the record failed: where the signed event waits, in words, and the command that records it."""
    path = ports.outbox.keep(f"deployed-by-permit-{permit}.json", encode(envelope))
    if not path:
        return " or kept anywhere", ""
    ports.underway.over(name)
    return f" (it is signed, and kept in {path})", f"lockgate log record {shlex.quote(path)}"


def _built(ports: Ports, own: Projection, gated: gate.Gated) -> tuple[events.Built, ...]:
    """The first few builds that the decision's evidence tells of, by keys of the policy; what is too long to be one is left out."""
    basket = stored(ports, gated.decision.evidence)
    policy = own.policy_in_force()
    counted = believed(policy, gated.decision.environment)
    found = artifact_facts(basket, gated.release.artifacts, policy.keys, counted, gated.decision.decided_at)[Need(Provenance)]
    if isinstance(found, Unreadable):
        return ()
    facts: list[Provenance] = list(found.items)
    source = {id(one): f"{one.repository}@{one.ref}" if one.ref else one.repository for one in facts}
    built = [
        events.Built(builder=one.builder, source=source[id(one)], commit=one.commit, finished_at=one.finished_at)
        for one in facts
        if len(one.builder) <= 256 and len(source[id(one)]) <= 256
    ]
    return tuple(dict.fromkeys(built))[:MOST_BUILT]


def _require_deployer(own: Projection, environment: str, signer: PersonSigner) -> PersonId:
    """Steps 1 and 4: whoever signs has the duty; the person. Raises TrustError ``key.not-enrolled``, ``people.no-duty``."""
    person = own.roster.person_of(signer.public)
    if person is None:
        raise TrustError("key.not-enrolled", f"{fingerprint(signer.public)} belongs to nobody in the roster: nothing was run")
    if not own.roster.may(person.id, "deploy", environment):
        raise TrustError(
            "people.no-duty",
            f"{person.id} does not have the duty deploy in {environment}: nothing was run",
            f"lockgate people add NAME --duty {environment}=deploy",
        )
    return person.id
