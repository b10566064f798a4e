"""replay: the same stored evidence, root, policy and `now` must give the same outcome codes."""

from __future__ import annotations

from typing import Literal

from lockgate import canon
from lockgate.app import gate
from lockgate.app.gather import Basket, Manifest, facts_of
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.decide import decide
from lockgate.core.digest import Digest
from lockgate.core.model import Release
from lockgate.core.outcome import Outcome
from lockgate.core.promotion import state_digest
from lockgate.errors import UnreadableError, UsageError
from lockgate.evidence import record


class Replayed(Noun, frozen=True, kw_only=True):
    """What a decision comes to today.

    Attributes:
        index: its leaf.
        result: ``same``; ``differs``, with the outcomes then and now; ``evidence-erased``, where its evidence is gone.
        recorded, replayed: the outcomes then and now.
        lost: the digest that is gone, for ``evidence-erased``.
    """

    index: int
    result: Literal["same", "differs", "evidence-erased"]
    recorded: tuple[Outcome, ...]
    replayed: tuple[Outcome, ...] = ()
    lost: str = ""


def replay(ports: Ports, index: int) -> Replayed:
    """Decide again what decision `index` decided, folding history from leaf 0 and reading only stored evidence.

    Raises:
        UsageError: ``log.no-such-leaf``, ``replay.not-a-decision``. Else as `project`.
    """
    if not 0 <= index < ports.log.head().size:
        raise UsageError("log.no-such-leaf", f"there is no leaf {index}: the log has {ports.log.head().size}, from 0")
    opened = record.open_envelope(record.read_leaf(ports.log.leaf(index)).event)
    decision = opened.event
    if not isinstance(decision, events.Decided):
        raise UsageError("replay.not-a-decision", f"leaf {index} is a {events.kind_of(decision)}: only decisions are replayed")
    release = Release(artifacts=opened.subjects, config=decision.config)
    own, others = gate.look(ports, decision.environment, decision.history, whole=True)
    record.check_permit_signature(record.read_leaf(ports.log.leaf(index)).event, own.root.permit)
    try:
        basket = _basket(ports, decision.evidence)
    except UnreadableError as err:
        if err.code != "blob.missing":
            raise
        return Replayed(index=index, result="evidence-erased", recorded=decision.outcomes, lost=err.message)
    asked = basket.blobs.get(basket.manifest.asked, b"")
    subject = gate.subject_of(own, release, decision.environment, decision.request, asked)
    facts = facts_of(basket, release.artifacts, own, others, decision.decided_at)
    judgement = decide(subject, own.policy_in_force(), facts, decision.decided_at, own.root)
    agrees = (
        gate.codes(judgement.outcomes) == gate.codes(decision.outcomes) and judgement.result == decision.outcome and state_digest(own.state) == decision.state
    )
    return Replayed(index=index, result="same" if agrees else "differs", recorded=decision.outcomes, replayed=judgement.outcomes)


def _basket(ports: Ports, evidence: Digest) -> Basket:
    """The stored evidence of a decision. Raises UnreadableError ``blob.missing`` where it was erased."""
    manifest = canon.decode(ports.blobs.get(evidence), Manifest, what="evidence manifest", code="evidence.malformed")
    wanted = [item.digest for item in manifest.items] + ([manifest.asked] if manifest.asked else [])
    return Basket(manifest=manifest, blobs={digest: ports.blobs.get(digest) for digest in wanted})
