"""in-toto test result v0.1 (in-toto/attestation, spec/predicates/test-result.md) -> `Trial`; and such a predicate of a run of tests.

  1. ``result`` is PASSED, WARNED or FAILED, or it is no test result;
  2. ``passedTests``, ``warnedTests`` and ``failedTests`` are names; where they and the result disagree, the worst counts, and a test that
     stands in two lists counts in the worse one;
  3. ``configuration`` tells which tests these are: by name, or else by uri. Its digests are not looked at: a suite that was changed since is
     still that suite, and supersedes its older results;
  4. when it was run is said in a field of lockgate's own, which others ignore, as the specification asks of fields they do not know.

``url`` is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from lockgate.core.digest import Digest, hex_of
from lockgate.core.identity import Fingerprint
from lockgate.core.trial import Trial
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign

PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
TESTED_AT = "https://lockgate.dev/testedAt"
"""Of the predicate, our own: when the tests were run, RFC 3339."""

MAX_CONFIGURATIONS = 64
MAX_NAME = 1000
"""The longest name of a test, characters; how many there are, the largest Statement bounds."""

_RESULTS: dict[str, Literal["passed", "warned", "failed"]] = {"PASSED": "passed", "WARNED": "warned", "FAILED": "failed"}


def read(predicate: dict[str, Any], subject: Digest, keys: Sequence[Fingerprint], source: Digest) -> Trial:
    """The fact this predicate is.

    Args:
        predicate: of a Statement whose signature verified.
        subject: the artifact it is about. keys: who signed it, sorted. source: digest of the evidence bytes.

    Raises:
        EvidenceError: ``test-result.malformed``.
    """
    try:
        said = _RESULTS.get(foreign.text(predicate, "result"))
        if said is None:
            raise ValueError(f"its result is {str(predicate['result'])[:60]!r}, neither {', '.join(_RESULTS)}")
        failed = _names(predicate, "failedTests")
        warned = _names(predicate, "warnedTests") - failed
        passed = _names(predicate, "passedTests") - failed - warned
        return Trial(
            subject=subject,
            keys=tuple(keys),
            source=source,
            result="failed" if failed or said == "failed" else "warned" if warned else said,
            passed=tuple(sorted(passed)),
            warned=tuple(sorted(warned)),
            failed=tuple(sorted(failed)),
            configuration=_configuration(predicate),
            at=foreign.instant(predicate, TESTED_AT),
        )
    except ValueError as err:
        raise EvidenceError("test-result.malformed", f"this is no in-toto test result: {err}") from None


def _names(predicate: dict[str, Any], field: str) -> set[str]:
    """Names of tests, which may hold anything that text can: they are compared, and made harmless where they are shown."""
    found = foreign.items(predicate, field)
    if not all(isinstance(one, str) and 1 <= len(one) <= MAX_NAME for one in found):
        raise ValueError(f"{field} has what is no name of a test: a text of 1 to {MAX_NAME} characters")
    return set(found)


def _configuration(predicate: dict[str, Any]) -> tuple[str, ...]:
    listed = foreign.items(predicate, "configuration")
    if len(listed) > MAX_CONFIGURATIONS:
        raise ValueError(f"it has {len(listed)} configurations; at most {MAX_CONFIGURATIONS} are read")
    descriptors = [foreign.mapping(one, "a configuration") for one in listed]
    names = {foreign.optional_text(one, "name") or foreign.optional_text(one, "uri") for one in descriptors}
    return tuple(sorted(names - {""}))


def write(*, name: str, source: Digest, passed: Sequence[str], warned: Sequence[str], failed: Sequence[str], at: datetime) -> dict[str, Any]:
    """The predicate of a run.

    Args:
        name: of what was run, and source: the digest of what tells of it; by that name, later results supersede this one.
        passed, warned, failed: names of tests. at: when, UTC.
    """
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "configuration": [{"name": name, "digest": {"sha256": hex_of(source)}}],
        "passedTests": sorted(set(passed)),
        "warnedTests": sorted(set(warned)),
        "failedTests": sorted(set(failed)),
        TESTED_AT: f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
