"""What the permit key says of a decision afterwards: the gate's second look at what runs, or may."""

from __future__ import annotations

from lockgate.core.model import Release
from lockgate.core.recheck import runs_or_may
from lockgate.core.rechecked import Rechecked
from lockgate.core.state import State
from lockgate.errors import EvidenceError
from lockgate.evidence.admit_release import require_looked


def admit_rechecked(state: State, event: Rechecked, subjects: tuple[str, ...], index: int) -> None:
    """Whether a recheck, which the permit key signed, is a fact.

      1  it was made on what stood here, with nothing recorded since, by rules that are known: so it is no copy of an earlier one
      2  the decision it names gave a permit that is known here, by which something runs, is being deployed or may be
      3  it is about that permit's artifacts and configuration

    Raises:
        EvidenceError: ``decision.stale``, ``decision.other-state``, ``decision.older-rules``, ``event.newer``; ``recheck.no-permit``,
            ``recheck.other-release``.
    """
    require_looked(state, event.history, event.checked_at, event.rules, event.state, index)
    found = runs_or_may(state.environment).get(event.decision)
    if found is None:
        raise EvidenceError("recheck.no-permit", f"nothing runs or may run in {event.environment} by decision {event.decision}")
    if found[0] != Release(artifacts=subjects, config=event.config):
        raise EvidenceError("recheck.other-release", f"decision {event.decision} was about other artifacts or another configuration")
