"""Whether a permit still lives: it is there, unexpired, and would be given again on what history says now."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from lockgate.app import say
from lockgate.app.asking import subject_of
from lockgate.app.gather import complete, stored
from lockgate.app.project import Projection, look_beside, project
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.decide import decide
from lockgate.core.identity import Name
from lockgate.core.model import Release
from lockgate.core.recall import struck
from lockgate.errors import EvidenceError, TrustError
from lockgate.evidence import record


def outstanding(ports: Ports, environment: Name, index: int, release: Release) -> events.Decided:
    """The decision that gave an outstanding permit, told again to whoever holds it. Raises as `standing`."""
    try:
        standing(ports, environment, index, release)
    except EvidenceError as err:  # while it is out no other is given: asking again would say the same
        raise EvidenceError(err.code, err.message, "lockgate status") from None
    return decided(ports, index)


def decided(ports: Ports, index: int) -> events.Decided:
    """The decision that a leaf holds. Raises EvidenceError ``permit.gone``, and as `record.open_envelope`."""
    decision = record.open_envelope(record.read_leaf(ports.log.leaf(index)).event).event
    if not isinstance(decision, events.Decided):
        raise EvidenceError("permit.gone", f"leaf {index} is no decision")
    return decision


def standing(ports: Ports, environment: Name, index: int, release: Release) -> Projection:
    """The environment as history gives it now, in which the permit of decision `index` lives and its request stands.

    Raises:
        EvidenceError: ``permit.gone``: used, given back, or what it rested on was withdrawn, rejected or changed; ``permit.revoked``,
            ``permit.expired``.
        TrustError: ``root.unpinned``. LedgerError: ``time.behind-log``.
    """
    if ports.pinned is None:
        raise TrustError("root.unpinned", f"no root is pinned: nobody vouches for the permit of decision {index}")
    own = project(ports, environment)
    state = own.state.environment
    permit = next((one for one in state.permits if one.decision == index), None)
    if permit is None or permit.release != release:
        raise EvidenceError("permit.gone", f"the permit of decision {index} is not there any more: it was used, given back or never stood")
    if (leaf := struck(own.state, permit)) >= 0:
        raise EvidenceError("permit.revoked", f"the permit of decision {index} was revoked by leaf {leaf}")
    now = say.require_clock(ports, own)
    if now >= permit.not_after:
        raise EvidenceError("permit.expired", f"the permit of decision {index} ended {permit.not_after:%Y-%m-%d %H:%M:%S} UTC")
    request = state.request(permit.request)
    if permit.request and (request is None or request.withdrawn or request.rejected_by or request.over):
        raise EvidenceError("permit.gone", f"{permit.request} was withdrawn, rejected, replaced or forgotten after decision {index}")
    _require_still_allowed(ports, own, index, release, now)
    return own


def _require_still_allowed(ports: Ports, own: Projection, index: int, release: Release, now: datetime) -> None:
    """Decide again on the stored evidence, on the advisories of now and on history as it is now; that this very permit is outstanding does not count.

    What a broken glass alone would allow is for a permit by that glass, under review, and keeps no ordinary one alive.
    So a withdrawn approval, a stricter policy, a removed person or another release deployed here since ends the permit.
    """
    decision = decided(ports, index)
    basket = stored(ports, decision.evidence)
    here = own.state.environment
    freed = tuple(replace(one, permit_until=None) if one.decision == index else one for one in here.requests)
    present = replace(own, state=replace(own.state, environment=replace(here, requests=freed)))
    subject = subject_of(present, release, here.name, decision.request, basket.blobs.get(basket.manifest.asked, b""), decision.decided_at)
    _, facts = complete(ports, basket, release.artifacts, present, look_beside(ports, present, here.name, own.size), now)
    judgement = decide(subject, present.policy_in_force(), facts, now, present.root)
    if judgement.result != "allowed" or (judgement.glass and not decision.break_glass):
        because = next((one.code for one in judgement.outcomes if one.result not in {"pass", "waived"}), "break-glass")
        raise EvidenceError("permit.gone", f"decision {index} would not be allowed any more ({because}): its permit is gone")
