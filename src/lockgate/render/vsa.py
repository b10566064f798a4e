"""A decision as a SLSA verification summary v1 (slsa.dev/spec/v1.1/verification_summary), for those who read VSAs and no lockgate.

    verifier.id             the log's name as a URI: ``https://example.com/shop``
    resourceUri             ``<verifier>/environments/<name>``, with ``?config=<digest>`` where the release has a configuration: what was
                            decided for one environment or configuration is nothing for another
    policy                  ``<verifier>/policy`` and the digest of the policy that was in force
    inputAttestations       the decision's own leaf, which commits to all history it looked at, and each piece of evidence; all or none
    verificationResult      PASSED for what was allowed in the ordinary course; FAILED for everything else
    verifiedLevels          ``LOCKGATE_<REQUIREMENT>`` for each that held, in their order; nothing of SLSA's own, which lockgate does not judge

Undecided is FAILED, as there is no word for it, and so is what went past the rules by a broken glass: those rules it did not pass.
What was waived is not among the levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, hex_of
from lockgate.core.model import NONE

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:")


class Input(Noun, frozen=True, kw_only=True):
    """A piece of evidence: its digest, and its media type as found."""

    digest: Digest
    media_type: str


class Summed(Noun, frozen=True, kw_only=True):
    """What a summary of a decision says besides its subjects.

    Attributes:
        verifier, resource, policy: URIs. passed: its result. levels: what held.
    """

    verifier: str
    resource: str
    policy: str
    passed: bool
    levels: tuple[str, ...]


def sum_up(decision: events.Decided, origin: str) -> Summed:
    """What a summary of this decision says. `origin`: the log's name."""
    verifier = "https://" + _quoted(origin)
    config = f"?config={decision.config}" if decision.config != NONE else ""
    passed = decision.outcome == "allowed" and not decision.break_glass
    held = tuple(f"LOCKGATE_{one.requirement.upper().replace('-', '_')}" for one in decision.outcomes if one.result == "pass")
    return Summed(
        verifier=verifier,
        resource=f"{verifier}/environments/{decision.environment}{config}",
        policy=f"{verifier}/policy",
        passed=passed,
        levels=held if passed else ("FAILED",),
    )


def statement(decision: events.Decided, subjects: Sequence[Digest], origin: str, leaf: tuple[int, Digest], inputs: Sequence[Input] | None) -> bytes:
    """The canonical in-toto Statement v1 that is to be signed.

    Args:
        decision, subjects: as recorded. origin: of its log.
        leaf: where it stands, and the digest of the leaf's bytes.
        inputs: every piece of evidence it rests on; None where that is not known any more.
    """
    said = sum_up(decision, origin)
    predicate: dict[str, Any] = {
        "verifier": {"id": said.verifier, "version": {"lockgate": decision.engine}},
        "timeVerified": f"{decision.decided_at:%Y-%m-%dT%H:%M:%SZ}",
        "resourceUri": said.resource,
        "policy": {"uri": said.policy, "digest": _digests(decision.policy)},
        "verificationResult": "PASSED" if said.passed else "FAILED",
        "verifiedLevels": list(said.levels),
    }
    if inputs is not None:
        own = {"uri": f"{said.verifier}/leaves/{leaf[0]}", "digest": _digests(leaf[1])}
        predicate["inputAttestations"] = [own, *({"digest": _digests(one.digest), "mediaType": one.media_type} for one in inputs)]
    return canon.encode(
        {
            "_type": events.STATEMENT_TYPE,
            "subject": [{"digest": _digests(one)} for one in subjects],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def _digests(digest: Digest) -> dict[str, str]:
    return {"sha256": hex_of(digest)}


def _quoted(name: str) -> str:
    """A log's name as a URI has it (RFC 3986 section 2): what is not plain, in percent signs."""
    return "".join(one if one in _PLAIN else "".join(f"%{byte:02X}" for byte in one.encode()) for one in name)
