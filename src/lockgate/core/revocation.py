"""A revocation as it stands in history: of one permit, or of digests in one environment or everywhere."""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.model import RequestId

Reason = Literal["compromised", "vulnerable", "defective", "mistaken", "other"]
"""Why: the bytes or a key are in the wrong hands; a known weakness; it does not work; it should never have been allowed; something else."""

EVERY_PERMIT = -1
"""In `Revocation.permit`: no single permit, but digests."""


class Revocation(Noun, frozen=True, kw_only=True):
    """What somebody revoked.

    Attributes:
        id: by which it is lifted.
        environment: where; ``house`` for everywhere.
        by: who revoked: a person id, or the fingerprint of an owner's key that nobody had enrolled.
        at: when it was recorded. leaf: where.
        reason: from a small list.
        digests: of artifacts or configurations; of a permit's revocation, its artifacts.
        permit: the one permit revoked, by its decision's leaf; `EVERY_PERMIT` where digests are.
        until: the end of that permit.
        lifted: leaf of the withdrawal that lifted it; -1 while it stands. What was permitted before that stays gone.
    """

    id: RequestId
    environment: Name
    by: str
    at: Time
    leaf: int
    reason: Reason
    digests: tuple[Digest, ...]
    permit: int = EVERY_PERMIT
    until: Time | None = None
    lifted: int = -1
