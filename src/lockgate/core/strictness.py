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
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.verified_by import VerifiedBy
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
    (Approved, "duties"): _duties,
    (Approved, "independent_of"): _all_of,
    (Approved, "expires"): _younger,
}
"""(Struct, field) -> its rule. `formats` of `Accepts` has none: one that is left out bars no weaker one any more."""

TRUSTS_MORE = (SignedBy, BuiltBy, VerifiedBy)
"""Kinds of which it is known that another signer they name can only open: an identity that means more is looser where these alone name it."""


def effect(of: type, field: str, before: object, after: object) -> Effect:
    """What a change of this field does, all else being the same; the values differ."""
    rule = EFFECTS.get((of, field))
    return rule(before, after) if rule is not None else "changed"


def unordered(of: type, field: str) -> bool:
    """Whether this field is a list whose order says nothing."""
    return EFFECTS.get((of, field)) in {_fewer, _all_of, _few_or_any, _levels}
