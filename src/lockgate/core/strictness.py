"""Whether a field of a policy asks for more than before, or for less: one row here for each field of which that can be told.

``stricter`` says that whatever passes with the new value passes with the old one, everything else being the same; ``looser`` is its reverse.
What has no row, and what is neither, is ``changed``: nobody is told that a change is harmless because nobody thought about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from lockgate.core.duration import span
from lockgate.core.levels import missing
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.no_component import NoComponent
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.tested import Tested
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.signers import Accepts

Effect = Literal["stricter", "looser", "changed"]
Rule = Callable[[Any, Any], Effect]
"""The value before and after -> what the change does; the two differ."""


def _more(before: int, after: int) -> Effect:
    return "stricter" if after > before else "looser"


def _longer(before: str, after: str) -> Effect:
    """Of durations; the same span written otherwise is no change to speak of, and not called one or the other."""
    return "changed" if span(before) == span(after) else "stricter" if span(after) > span(before) else "looser"


def _younger(before: str | None, after: str | None) -> Effect:
    """Of an age or a time allowed, which None does not bound."""
    if before is None or after is None:
        return "looser" if after is None else "stricter"
    return _longer(after, before)


def _at_least(before: str | None, after: str | None) -> Effect:
    """Of a time that is asked for, or none."""
    if before is None or after is None:
        return "looser" if after is None else "stricter"
    return _longer(before, after)


def _fewer(before: Sequence[str], after: Sequence[str]) -> Effect:
    """Of those any of whom will do."""
    if set(after) < set(before):
        return "stricter"
    return "looser" if set(before) < set(after) else "changed"


def _all_of(before: Sequence[str], after: Sequence[str]) -> Effect:
    """Of those all of which are asked for."""
    return _fewer(after, before)


def _few_or_any(before: Sequence[str], after: Sequence[str]) -> Effect:
    """Of those any of whom will do, where none named is all."""
    if not before or not after:
        return "stricter" if after else "looser"
    return _fewer(before, after)


def _all_or_those(before: Sequence[str], after: Sequence[str]) -> Effect:
    """Of those all of which count against it, where none named is all."""
    return _few_or_any(after, before)


def _named(before: str | None, after: str | None) -> Effect:
    """Of one that is asked for by name, or not at all."""
    if before is None or after is None:
        return "looser" if after is None else "stricter"
    return "changed"


def _levels(before: Sequence[str], after: Sequence[str]) -> Effect:
    more, less = missing(before, after), missing(after, before)
    return "changed" if bool(more) == bool(less) else "stricter" if more else "looser"


def _duties(before: dict[str, int], after: dict[str, int]) -> Effect:
    names = before.keys() | after.keys()
    more = any(after.get(name, 0) > before.get(name, 0) for name in names)
    less = any(after.get(name, 0) < before.get(name, 0) for name in names)
    return "changed" if more == less else "stricter" if more else "looser"


def _ranked(*weakest_first: str) -> Rule:
    def rule(before: str, after: str) -> Effect:
        return _more(weakest_first.index(before), weakest_first.index(after))

    return rule


_IGNORED = _ranked("ignore", "refuse")
_ALLOWED = _ranked("allow", "refuse")
_LOOKED_AT = _ranked("no", "yes")

EFFECTS: dict[tuple[type, str], Rule] = {
    (EnvironmentPolicy, "time"): _ranked("unattested", "attested"),
    (EnvironmentPolicy, "permit"): _younger,
    (EnvironmentPolicy, "status_max_age"): _younger,
    (EnvironmentPolicy, "waivable"): _fewer,
    (Accepts, "algorithms"): _few_or_any,
    (Accepts, "log"): _ranked("none", "promise", "proof"),
    (Accepts, "certificate_log"): _ranked("no", "yes"),
    (SignedBy, "keys"): _fewer,
    (SignedBy, "identities"): _fewer,
    (SignedBy, "threshold"): _more,
    (SignedBy, "max_age"): _younger,
    (BuiltBy, "keys"): _fewer,
    (BuiltBy, "identities"): _fewer,
    (VerifiedBy, "keys"): _fewer,
    (VerifiedBy, "identities"): _fewer,
    (VerifiedBy, "levels"): _levels,
    (VerifiedBy, "policy"): _named,
    (VerifiedBy, "policy_digest"): _named,
    (VerifiedBy, "max_age"): _younger,
    (Soaked, "for_"): _longer,
    (Soaked, "changed_dependencies"): _at_least,
    (Soaked, "component_age"): _at_least,
    (Soaked, "occupancy"): _ranked("claimed", "observed"),
    (Vulnerable, "refuse"): _ranked("critical", "high", "medium", "low"),
    (Vulnerable, "kev"): _IGNORED,
    (Vulnerable, "unknown_severity"): _IGNORED,
    (Vulnerable, "only_fixable"): _ranked("yes", "no"),
    (Vulnerable, "max_age"): _younger,
    (Vulnerable, "kev_max_age"): _younger,
    (Vulnerable, "uncovered"): _fewer,
    (Scanned, "at_most"): _ranked("any", "critical", "high", "medium", "low", "none"),
    (Scanned, "unscored"): _ALLOWED,
    (Scanned, "max_age"): _younger,
    (Scanned, "database_max_age"): _younger,
    (HasSbom, "elements"): _all_of,
    (HasSbom, "complete"): _ranked("any", "required"),
    (HasSbom, "several"): _ranked("any", "agree"),
    (NoComponent, "purls"): _all_of,
    (NoComponent, "licences"): _all_of,
    (NoComponent, "unidentified"): _ALLOWED,
    (NoComponent, "unlicensed"): _ALLOWED,
    (Tested, "warned"): _ALLOWED,
    (Tested, "tests"): _all_of,
    (Tested, "at_least"): _more,
    (Tested, "max_age"): _younger,
    (HasAttestation, "threshold"): _more,
    (HasAttestation, "match"): _all_of,
    (HasAttestation, "max_age"): _younger,
    (NotRevoked, "materials"): _LOOKED_AT,
    (NotRevoked, "evidence"): _LOOKED_AT,
    (NotRevoked, "in_"): _all_of,
    (NotRevoked, "reasons"): _all_or_those,
    (WithinHours, "freezes"): _all_of,
    (Approved, "duties"): _duties,
    (Approved, "independent_of"): _all_of,
    (Approved, "expires"): _younger,
}
"""(Struct, field) -> its rule. `formats` of `Accepts` has none: one that is left out bars no weaker one any more. Nor have the signers and
the `max_age` of what asks about every bill of materials or every statement: with one more that counts, one more may speak against it."""

TRUSTS_MORE = (SignedBy, BuiltBy, VerifiedBy)
"""Kinds of which it is known that another signer they name can only open: an identity that means more is looser where these alone name it."""


def effect(of: type, field: str, before: object, after: object) -> Effect:
    """What a change of this field does, all else being the same; the values differ."""
    rule = EFFECTS.get((of, field))
    return rule(before, after) if rule is not None else "changed"


def unordered(of: type, field: str) -> bool:
    """Whether this field is a list whose order says nothing."""
    return EFFECTS.get((of, field)) in {_fewer, _all_of, _few_or_any, _all_or_those, _levels}
