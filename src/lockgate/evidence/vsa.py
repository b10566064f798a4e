"""SLSA verification summary v1 (slsa.dev/spec/v1.1/verification_summary) -> `Summary`: who verified this artifact, as what, and with which result.

A consumer takes these steps ("How to verify", slsa.dev/spec/v1.1/verifying-artifacts):

  1. the signature verifies under a key that is known              `artifact`, `dsse`
  2. the Statement is about the artifact's digest                   `artifact`
  3. ``predicateType`` is this one                                  `artifact`
  4. the signer may speak for ``verifier.id``: a pair of both       `verified-by`
  5. ``resourceUri`` is the one that is expected                    `verified-by`
  6. ``verificationResult`` is PASSED                               `verified-by`
  7. ``verifiedLevels`` reach what is expected                      `verified-by`

Here the fields are read for that, and what contradicts itself is refused: a result that is neither PASSED nor FAILED,
FAILED among the levels of what passed, two levels of one track. Other fields are ignored, as the specification says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.facts import Summary
from lockgate.core.identity import Fingerprint
from lockgate.core.levels import track
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
MAX_LEVELS = 64
MAX_LEVEL = 200
"""The longest name of a level, characters."""

PASSED, FAILED = "PASSED", "FAILED"


def read(predicate: dict[str, Any], subject: Digest, keys: Sequence[Fingerprint], source: Digest) -> Summary:
    """The fact this predicate is.

    Args:
        predicate: of a Statement whose signature verified.
        subject: the artifact it is about.
        keys: who signed it, sorted.
        source: digest of the evidence bytes.

    Raises:
        EvidenceError: ``vsa.malformed``.
    """
    try:
        result = foreign.text(predicate, "verificationResult")
        if result not in {PASSED, FAILED}:
            raise ValueError(f"its verificationResult is {result[:60]!r}, neither {PASSED} nor {FAILED}")
        policy = foreign.within(predicate, "policy")
        return Summary(
            subject=subject,
            keys=tuple(keys),
            source=source,
            verifier=foreign.text(foreign.within(predicate, "verifier"), "id"),
            resource=foreign.text(predicate, "resourceUri"),
            passed=result == PASSED,
            levels=_levels(predicate, passed=result == PASSED),
            policy=foreign.optional_text(policy, "uri"),
            policy_digest=_sha256(foreign.within(policy, "digest")),
            verified_at=foreign.instant(predicate, "timeVerified"),
        )
    except ValueError as err:
        raise EvidenceError("vsa.malformed", f"this is no SLSA verification summary v1: {err}") from None


def _levels(predicate: dict[str, Any], *, passed: bool) -> tuple[str, ...]:
    listed = foreign.items(predicate, "verifiedLevels")
    if len(listed) > MAX_LEVELS:
        raise ValueError(f"it has {len(listed)} levels; at most {MAX_LEVELS} are read")
    levels = tuple(foreign.text({"a level": one}, "a level", longest=MAX_LEVEL) for one in listed)
    tracks = [known[0] for known in map(track, levels) if known]
    if len(set(tracks)) != len(tracks):
        raise ValueError("it has two levels of one track, and nobody says which one was reached")
    if passed and FAILED in levels:
        raise ValueError("it has passed, and FAILED is among its levels")
    return levels


def _sha256(digests: dict[str, Any]) -> str:
    found = foreign.optional_text(digests, "sha256")
    if found and (len(found) != 64 or set(found) - set("0123456789abcdef")):
        raise ValueError("the SHA-256 of its policy is not 64 lower-case hex digits")
    return "sha256:" + found if found else ""
