"""Outcomes -> pieces as they are shown: the facts that a decision is made on, and what the verifier told on its way."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.core.digest import digest_of
from lockgate.core.examined import Piece, Shown
from lockgate.core.facts import Rejected
from lockgate.core.ports import Evidence
from lockgate.core.signers import Accepts
from lockgate.evidence import predicates, steps, stronger
from lockgate.evidence.sigstore.verify import Verified
from lockgate.evidence.steps import Walk
from lockgate.evidence.stronger import Outcome, Read


def pieces(evidence: Sequence[Evidence], outcomes: Sequence[Outcome], accepts: Accepts) -> tuple[Piece, ...]:
    """Every piece with its outcome, and the facts that are left where a stronger format failed."""
    left = stronger.not_rescued(outcomes, accepts)
    return tuple(_piece(*one) for one in zip(evidence, outcomes, left, strict=True))


def _piece(piece: Evidence, outcome: Outcome, facts: tuple[Read, ...]) -> Piece:
    walk = outcome.walk or Walk()
    if any(one != before and isinstance(one, Rejected) for one, before in zip(facts, outcome.facts, strict=True)):
        walk.fail("stronger", "evidence.stronger-failed", "its signer's evidence of this kind failed in a format that the policy calls stronger")
    told = walk.told(steps.BY_CERTIFICATE if outcome.certified else steps.BY_KEY)
    return Piece(
        source=digest_of(piece.data),
        media_type=piece.media_type[:200],
        format=outcome.format if told and told[0].result == "pass" else "",
        predicate=outcome.kind,
        name=predicates.name_of(outcome.kind),
        proves=any(not isinstance(fact, Rejected) for fact in facts),
        code=next((one.code for one in told if one.result == "fail"), ""),
        facts=facts,
        shown=_shown(outcome.verified) if outcome.verified is not None else None,
        steps=told,
    )


def _shown(found: Verified) -> Shown:
    return Shown(times=found.times, log=found.log, logged=found.logged, included=found.included, certificate_logs=found.certificate_logs)
