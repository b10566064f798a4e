"""deploy: the same gate, then the command on a private copy of exactly those bytes, then a signed `deployed`.

1  gate           as always; refused means the command never starts
2  copy           private and read-only, hashed while copied: what the command reads is what was decided on
3  look again     the permit still lives, and nobody rejected or withdrew meanwhile
4  run            the command, with ``{ref}`` replaced
5  record         `deployed`, signed by the deployer, only where it succeeded; else `deploy-failed`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import asdict

from lockgate.app import gate, say
from lockgate.app.project import project
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.ports import PersonSigner
from lockgate.errors import EvidenceError, LockgateError, UsageError


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
        LockgateError: from the gate, the copy or the ledger. ``deployed.unrecorded`` where the command succeeded and that could not be recorded.
    """
    if len(ask.refs) != 1:
        raise UsageError("deploy.one-artifact", "deploy takes one artifact")
    if not any("{ref}" in word for word in command):
        raise UsageError("deploy.no-ref", "the command does not say {ref} anywhere: it would deploy something other than what was decided on")
    gated = gate.gate(ports, ask, signer)
    told(gated)
    if gated.decision.outcome != "allowed":
        return Deployment(gated=gated)
    if gated.unpinned:
        raise UsageError("root.unpinned", "no root is pinned: what the gate answered is no permit, and nothing was run")
    resolved = gate.resolve(ports, gated.pinned, ask.config)
    (digest, ref), *_ = resolved.places.items()
    with ports.scratch.directory() as private:
        path = ports.source.copy(ref, digest, private)
        _still_open(ports, gated)
        started = ports.clock.now()
        status = ports.runner.run([word.replace("{ref}", str(path)) for word in command])
        ended = ports.clock.now()
    said = events.Deployed(permit=gated.index, environment=ask.environment, config=ask.config, started_at=started, ended_at=max(started, ended))
    event = said if status == 0 else events.DeployFailed(**asdict(said), exit_status=min(max(status, 1), 255))
    try:
        recorded = say.record_event(ports, say.sign_event(event, gated.release.artifacts, signer))
    except LockgateError as err:
        outcome = "succeeded" if status == 0 else f"ended with {status}"
        raise type(err)(err.code, f"the command {outcome}, and that could not be recorded: {err.message}", err.remedy) from err
    return Deployment(gated=gated, exit_status=status, index=recorded.index)


def _still_open(ports: Ports, gated: gate.Gated) -> None:
    """Step 3: the permit is in the state history gives now, it has not ended, and its request still stands."""
    state = project(ports, gated.decision.environment).state.environment
    permit = next((one for one in state.permits if one.decision == gated.index), None)
    if permit is None or permit.release != gated.release:
        raise EvidenceError("permit.gone", f"the permit of decision {gated.index} is not there any more: nothing was run")
    if ports.clock.now() >= permit.not_after:
        raise EvidenceError("permit.expired", f"the permit of decision {gated.index} ended before the command could start: nothing was run")
    request = state.request(permit.request)
    if request is not None and (request.withdrawn or request.rejected_by or request.over):
        raise EvidenceError("permit.gone", f"{request.id} was withdrawn or rejected after decision {gated.index}: nothing was run")
