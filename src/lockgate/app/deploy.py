"""deploy: the same gate, then the command on a private copy of exactly those bytes, then a signed `deployed`.

1  who            the deployer may deploy here: else the command's success could not be recorded
2  gate           as always; refused means the command never starts
3  copy           private and read-only, hashed while copied: what the command reads is what was decided on
4  look again     the permit still lives, nobody rejected or withdrew meanwhile, and the deployer still may
5  run            the command, with ``{ref}`` replaced
6  record         `deployed`, signed by the deployer, only where it succeeded; else `deploy-failed`. What cannot be
                  recorded is kept, signed, where `lockgate log record` finds it: the command ran, and cannot be unsaid
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from msgspec.structs import asdict

from lockgate.app import gate, say
from lockgate.app.permit import standing
from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.identity import fingerprint
from lockgate.core.ports import PersonSigner
from lockgate.errors import LedgerError, LockgateError, TrustError, UsageError


class Deployment(Noun, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        gated: the gate's answer.
        exit_status: the command's; None where it never started.
        index: leaf of `deployed` or `deploy-failed`; -1 where nothing was recorded.
    """

    gated: gate.Gated
    exit_status: int | None = None
    index: int = -1


def deploy(ports: Ports, ask: gate.GateRequest, command: Sequence[str], signer: PersonSigner, told: Callable[[gate.Gated], None]) -> Deployment:
    """Gate a release of one artifact and, allowed, run `command` on it.

    Args:
        ports: the world.
        ask: the question, as for `gate`.
        command: argv; ``{ref}`` in any argument becomes the path of the private copy.
        signer: the deployer's key: it asks, and signs what came of it.
        told: called with the gate's answer before the command starts.

    Raises:
        LockgateError: from the gate, the copy or the ledger; the message says so where the command ran and that could
            not be recorded, and where the signed event is. ``people.no-duty`` where the signer may not deploy here: nothing was decided.
    """
    if len(ask.refs) != 1:
        raise UsageError("deploy.one-artifact", "deploy takes one artifact")
    if not any("{ref}" in word for word in command):
        raise UsageError("deploy.no-ref", "the command does not say {ref} anywhere: it would deploy something other than what was decided on")
    own = project(ports, ask.environment)
    gate.require_answerable(own, ask)
    _require_deployer(own, ask.environment, signer)
    resolved = gate.resolve(ports, ask.refs, ask.config, ask.platform)
    gated = gate.gate_resolved(ports, ask, resolved, signer)
    told(gated)
    if gated.decision.outcome != "allowed":
        return Deployment(gated=gated)
    ((digest, ref),) = resolved.places.items()
    with ports.scratch.directory() as private:
        path = ports.source.copy(ref, digest, private)
        _require_deployer(project(ports, ask.environment), ask.environment, signer)
        own = standing(ports, ask.environment, gated.index, gated.release)
        started = say.require_clock(ports, own)
        status = ports.runner.run([word.replace("{ref}", str(path)) for word in command])
        ended = ports.clock.now()
    said = events.Deployed(
        log=gated.decision.log, permit=gated.index, environment=ask.environment, config=ask.config, started_at=started, ended_at=max(started, ended)
    )
    event = said if status == 0 else events.DeployFailed(**asdict(said), exit_status=min(max(status, 1), 255))
    outcome = "the command succeeded" if status == 0 else f"the command ended with {status}"
    try:
        envelope = say.sign_event(event, gated.release.artifacts, signer)
    except LockgateError as err:
        raise type(err)(err.code, f"{outcome}, and that could not be signed: {err.message}", err.remedy) from err
    try:
        recorded = say.record_event(ports, envelope)
    except KeyboardInterrupt:
        where, remedy = _kept(ports, envelope, gated.index)
        raise LedgerError("command.stopped", f"{outcome}, and it was stopped before that was recorded{where}", remedy) from None
    except LockgateError as err:
        where, remedy = _kept(ports, envelope, gated.index)
        raise type(err)(err.code, f"{outcome}, and that could not be recorded{where}: {err.message}", remedy or err.remedy) from err
    return Deployment(gated=gated, exit_status=status, index=recorded.index)


def _kept(ports: Ports, envelope: events.Envelope, permit: int) -> tuple[str, str]:
    """Step 6, where the record failed: where the signed event waits, in words, and the command that records it."""
    path = ports.outbox.keep(f"deployed-by-permit-{permit}.json", encode(envelope))
    if not path:
        return " or kept anywhere", ""
    return f" (it is signed, and kept in {path})", f"lockgate log record {shlex.quote(path)}"


def _require_deployer(own: Projection, environment: str, signer: PersonSigner) -> None:
    """Steps 1 and 4: whoever signs `deployed` has the duty. Raises TrustError ``key.not-enrolled``, ``people.no-duty``."""
    person = own.roster.person_of(signer.public)
    if person is None:
        raise TrustError("key.not-enrolled", f"{fingerprint(signer.public)} belongs to nobody in the roster: nothing was run")
    if not own.roster.may(person.id, "deploy", environment):
        raise TrustError(
            "people.no-duty",
            f"{person.id} does not have the duty deploy in {environment}: nothing was run",
            f"lockgate people add NAME --duty {environment}=deploy",
        )
