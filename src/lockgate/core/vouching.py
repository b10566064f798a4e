"""Whose word is asked for, which of it is their newest, and how many of them said it: what requirements share that go by statements.

A signer is a key or an identity, as the policy names it. Of what one signer said, the newest counts: so a failure that was mended is mended, and
a success that was taken back is none. Where it cannot be told which is newest, all of it counts, so that nobody picks what suits.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from lockgate.core.duration import Duration, span
from lockgate.core.facts import Vouched
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.matching import assign
from lockgate.core.outcome import Params

V = TypeVar("V", bound=Vouched)


class Asked(NamedTuple):
    """Whose word is asked for: keys by fingerprint, and identities."""

    keys: Mapping[Fingerprint, Name]
    identities: tuple[Name, ...]


def asked(keys: Iterable[Name], identities: tuple[Name, ...], known: Mapping[Name, EvidenceKey]) -> Asked:
    """These keys and identities of the policy."""
    return Asked({fingerprint(known[name]): name for name in keys}, identities)


def signers(fact: Vouched, who: Asked) -> tuple[Name, ...]:
    """Those asked for who signed this."""
    named = fact.by.names if fact.by is not None else ()
    return (*(who.keys[key] for key in fact.keys if key in who.keys), *(name for name in who.identities if name in named))


def by_signer(facts: Iterable[V], who: Asked) -> dict[Name, list[V]]:
    """What each of those asked for said."""
    found: dict[Name, list[V]] = {}
    for fact in facts:
        for name in signers(fact, who):
            found.setdefault(name, []).append(fact)
    return found


def newest(said: Sequence[V], when: Callable[[V], datetime | None]) -> list[V]:
    """The newest of what one signer said, all of a tie; all of it, where a time is missing."""
    times = [when(one) for one in said]
    known = [at for at in times if at is not None]
    if len(known) < len(said):
        return list(said)
    return [one for one, at in zip(said, times, strict=True) if at == max(known)]


def newest_of_each(said: Iterable[V], what: Callable[[V], Hashable], when: Callable[[V], datetime | None]) -> list[V]:
    """As `newest`, of each thing that one signer spoke of."""
    groups: dict[Hashable, list[V]] = {}
    for one in said:
        groups.setdefault(what(one), []).append(one)
    return [one for group in groups.values() for one in newest(group, when)]


def said_at(fact: Vouched, told: datetime | None, *, needs_told: bool = False) -> datetime | None:
    """When it was said: the earlier of what the statement tells and when the certificate's signature is known to have existed; None where neither is there.

    Args:
        told: the time in the statement. needs_told: without that, nothing is known.
    """
    known = [at for at in (told, fact.by.at if fact.by is not None else None) if at is not None]
    return None if not known or (needs_told and told is None) else min(known)


def young(at: datetime | None, max_age: Duration | None, now: datetime) -> bool:
    """Whether it is no older than that, and not later than now; of what is not dated, no."""
    return max_age is None or (at is not None and timedelta(0) <= now - at <= span(max_age))


def distinct(good: Mapping[Name, Sequence[Vouched]], who: Asked) -> list[Name]:
    """The signers of these statements, each once: an identity stands for one subject, and a subject for one identity, as in `signed-by`."""
    keys = [name for name in who.keys.values() if name in good]
    seats = assign([{one.by.subject for one in good.get(name, ()) if one.by is not None} for name in who.identities])
    return keys + [who.identities[seat] for seat in sorted(seats)]


def named(keys: tuple[Name, ...], identities: tuple[Name, ...]) -> Params:
    """Whose word is asked for, as parameters."""
    return {**({"keys": keys} if keys else {}), **({"identities": identities} if identities else {})}
