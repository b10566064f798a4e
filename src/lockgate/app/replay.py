"""replay: the same stored evidence, root, policy and `now` must give the same outcome codes.

1  the present head is trusted, and with it the root that vouches for the history the decision looked at
2  the leaf is a decision that counts where it stands: signed by the permit key then in force, and no copy
3  history is folded past every leaf from 0, and stored evidence is read again: no link, hint or index is believed
4  everything the decision says of itself is derived anew and compared, but for what an engine may word otherwise
"""

from __future__ import annotations

from typing import Literal

from lockgate.app import asking, first_seen, gate, recheck
from lockgate.app.gather import Basket, facts_of, stored
from lockgate.app.hours import tzdata_of
from lockgate.app.permit import decided
from lockgate.app.project import Projection, documents, look_beside, project
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.decide import RULES, decide
from lockgate.core.envelope import Leaf
from lockgate.core.model import Release
from lockgate.core.outcome import Outcome
from lockgate.core.rechecked import Rechecked
from lockgate.errors import UnreadableError, UsageError
from lockgate.evidence import history, record

DERIVED = (
    "environment",
    "config",
    "request",
    "outcome",
    "not_after",
    "policy",
    "section",
    "root",
    "roster",
    "state",
    "actor",
    "person",
    "status_max_age",
    "break_glass",
)
"""What a replay compares besides outcome codes. `engine`, `tzdata` and outcomes' parameters may differ between releases."""


RECHECKED = ("environment", "config", "outcome", "policy", "section", "root", "roster", "state")
"""The same of a recheck."""


class Replayed(Noun, frozen=True, kw_only=True):
    """What a decision comes to today.

    Attributes:
        index: its leaf.
        result: ``same``; ``differs``, with the outcomes then and now; ``evidence-erased``, where its evidence is gone.
        recorded, replayed: the outcomes then and now.
        lost: the digest that is gone, for ``evidence-erased``.
        recheck: whether it is a recheck of a decision.
    """

    index: int
    result: Literal["same", "differs", "evidence-erased"]
    recorded: tuple[Outcome, ...]
    replayed: tuple[Outcome, ...] = ()
    lost: str = ""
    recheck: bool = False


def replay(ports: Ports, index: int) -> Replayed:
    """Decide again what decision `index` decided, folding history past every leaf and reading only stored evidence.

    Raises:
        UsageError: ``log.no-such-leaf``, ``replay.not-a-decision``, ``replay.newer-rules``. EvidenceError, TrustError: the leaf is no decision
            that counts, by the code `log check` shows. UnreadableError: evidence is there and was altered. Else as `project`.
    """
    size = project(ports, "").size
    if not 0 <= index < size:
        raise UsageError("log.no-such-leaf", f"there is no leaf {index}: the log has {size}, from 0")
    leaf = record.read_leaf(ports.log.leaf(index))
    opened = record.open_envelope(leaf.event)
    decision = opened.event
    if isinstance(decision, Rechecked):
        return _recheck(ports, index, leaf, decision)
    if not isinstance(decision, events.Decided):
        kind = events.kind_of(decision)
        raise UsageError("replay.not-a-decision", f"leaf {index} is no decision, and only those and rechecks are replayed: its kind is {kind}")
    if decision.rules > RULES:
        raise UsageError("replay.newer-rules", f"decision {index} was made by rules {decision.rules}, and this lockgate knows rules {RULES} at most")
    own = project(ports, decision.environment, index, "every")
    history.admit(own.state, leaf, index, documents(ports), ports.pinned)
    try:
        basket = stored(ports, decision.evidence)
        remembered = first_seen.confirmed(ports, own, basket.manifest.back.remembered, decision.decided_at)
    except UnreadableError as err:
        if err.code != "blob.missing":
            raise
        return Replayed(index=index, result="evidence-erased", recorded=decision.outcomes, lost=err.message)
    again = _decide(ports, decision, Release(artifacts=opened.subjects, config=decision.config), own, basket)
    agrees = (
        remembered and gate.codes(again.outcomes) == gate.codes(decision.outcomes) and all(getattr(again, name) == getattr(decision, name) for name in DERIVED)
    )
    return Replayed(index=index, result="same" if agrees else "differs", recorded=decision.outcomes, replayed=again.outcomes)


def _recheck(ports: Ports, index: int, leaf: Leaf, event: Rechecked) -> Replayed:
    """The same of a second look: on the evidence it rests on, and on what history said then of the decision it is about."""
    if event.rules > RULES:
        raise UsageError("replay.newer-rules", f"recheck {index} was made by rules {event.rules}, and this lockgate knows rules {RULES} at most")
    own = project(ports, event.environment, index, "every")
    history.admit(own.state, leaf, index, documents(ports), ports.pinned)
    try:
        basket = stored(ports, event.evidence)
    except UnreadableError as err:
        if err.code != "blob.missing":
            raise
        return Replayed(index=index, result="evidence-erased", recorded=event.outcomes, lost=err.message, recheck=True)
    about = decided(ports, event.decision)
    _, judgement = recheck.judge_again(ports, own, about, event.decision, basket, event.checked_at, event.rules)
    again = recheck.rechecked_of(own, about, event.decision, judgement, event.evidence, event.checked_at)
    agrees = gate.codes(again.outcomes) == gate.codes(event.outcomes) and all(getattr(again, name) == getattr(event, name) for name in RECHECKED)
    return Replayed(index=index, result="same" if agrees else "differs", recorded=event.outcomes, replayed=again.outcomes, recheck=True)


def _decide(ports: Ports, decision: events.Decided, release: Release, own: Projection, basket: Basket) -> events.Decided:
    # As of its leaf, like `own`: had anything been recorded there since it looked, it would not have been recorded.
    others = look_beside(ports, own, decision.environment, own.size, "every")
    asked = basket.blobs.get(basket.manifest.asked, b"")
    subject = asking.subject_of(own, release, decision.environment, decision.request, asked, decision.decided_at)
    facts = facts_of(basket, release.artifacts, own, others, decision.decided_at, decision.rules)
    judgement = decide(subject, own.policy_in_force(), facts, decision.decided_at, own.root, decision.rules)
    return gate.decision_of(subject, judgement, own, decision.evidence, decision.decided_at, tzdata_of(basket.manifest))
