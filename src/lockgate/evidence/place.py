"""Where an event stands when it is admitted: the state before it, its time, and the documents in force there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.identity import Root, Roster, require_checkable
from lockgate.core.policy import Policy
from lockgate.core.state import State
from lockgate.errors import EvidenceError

SKEW = timedelta(minutes=2)
"""How much later than its recording an event may say it happened: two machines' clocks differ, and a process waits for its turn."""

ASKED_WITHIN = timedelta(minutes=5)
"""How long before or after a decision the question it answers may say it was signed: what was kept as evidence proves nobody later."""

LONGEST_APPROVAL = timedelta(days=90)
"""How long an approval lasts at most: while it does, what it was given to cannot be forgotten, and there is room for so many."""

Load = Callable[[Digest], bytes]
"""The bytes of a document by digest, re-hashed by whoever loads them."""


@lru_cache(maxsize=16)
def read_root(data: bytes) -> Root:
    """A root document. Raises EvidenceError ``root.malformed``; TrustError ``root.witnesses-unsupported``."""
    return require_checkable(canon.decode(data, Root, what="root", code="root.malformed"))


@lru_cache(maxsize=16)
def read_roster(data: bytes) -> Roster:
    """A roster document. Raises EvidenceError ``roster.malformed``: also where one key stands under two people."""
    return canon.decode(data, Roster, what="roster", code="roster.malformed")


@lru_cache(maxsize=16)
def read_policy(data: bytes) -> Policy:
    """A policy in force. Raises EvidenceError ``policy.malformed``."""
    return canon.decode(data, Policy, what="policy", code="policy.malformed")


class Place(Noun, frozen=True, kw_only=True):
    """Where an event stands: the state before it, its subjects, its time, and the documents."""

    state: State
    subjects: tuple[Digest, ...]
    at: datetime
    load: Load


def require_lasting(event: events.Approved, at: datetime) -> None:
    """An approval lasts, and not too long. Raises EvidenceError ``approval.expired``, ``approval.too-long``."""
    if at >= event.expires:
        raise EvidenceError("approval.expired", "this approval had ended when it was recorded")
    if event.expires - at > LONGEST_APPROVAL:
        raise EvidenceError("approval.too-long", f"this approval would last until {event.expires:%Y-%m-%d}; one lasts {LONGEST_APPROVAL.days} days at most")
