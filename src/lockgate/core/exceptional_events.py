"""What people say where the ordinary course is left: a hold, its lifting, a waiver, a broken glass and its review.

Why they say it is prose, and prose may name people: it stands in a blob (`Prose`) that can be erased, and the event
holds its digest alone. The blob begins with a salt, so that a digest gives away no text that somebody could guess.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from lockgate.canon import Noun
from lockgate.core.bound import Bound, Nonce
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.model import DigestOrNone, RequestId

HoldId = Annotated[str, msgspec.Meta(pattern=r"^h-[0-9a-z]{10,26}\Z")]
WaiverId = Annotated[str, msgspec.Meta(pattern=r"^w-[0-9a-z]{10,26}\Z")]
GlassId = Annotated[str, msgspec.Meta(pattern=r"^g-[0-9a-z]{10,26}\Z")]
LiftedId = Annotated[str, msgspec.Meta(pattern=r"^[hw]-[0-9a-z]{10,26}\Z")]
"""Random ids: ``h-`` a hold's, ``w-`` a waiver's, ``g-`` a broken glass's; what can be lifted is one of the first two."""

LONGEST_PROSE = 8_192
"""Characters of a reason or of findings."""


class Prose(Noun, frozen=True, kw_only=True):
    """Why, in words: the blob behind a digest.

    Attributes:
        salt: 16 random bytes in hex.
    """

    salt: Nonce
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PROSE)]


class Held(Bound, frozen=True, kw_only=True):
    """Nothing enters this environment, until the hold ends or is lifted. About no artifact: it has no subject.

    Attributes:
        id: by which it is lifted; taken once.
        environment: which.
        expires: when it ends of itself; None for never.
        reason: digest of the `Prose` that says why.
    """

    id: HoldId
    environment: Name
    expires: Time | None = None
    reason: Digest


class Lifted(Bound, frozen=True, kw_only=True):
    """A hold or a waiver ends now, by its giver's word or an owner's. It has no subject.

    Attributes:
        id: what is lifted. environment: where.
    """

    id: LiftedId
    environment: Name
    nonce: Nonce


class WaiverGiven(Bound, frozen=True, kw_only=True):
    """One requirement may fail for one request, until a time. The subjects are the request's artifacts.

    Attributes:
        id: by which it is lifted; taken once.
        request, environment, config: the request, and what it asks for besides the artifacts.
        requirement: the requirement's id in the policy.
        section: digest of the environment's effective section it is given under.
        expires: when it ends.
        reason: digest of the `Prose` that says why.
    """

    id: WaiverId
    request: RequestId
    environment: Name
    config: DigestOrNone
    requirement: Name
    section: Digest
    expires: Time
    reason: Digest


class GlassBroken(Bound, frozen=True, kw_only=True):
    """One of two people says: this release enters now, whatever but its integrity stands against it.

    The first signature opens the id, the second one over the same completes it. The subjects are the artifacts.

    Attributes:
        id: of both signatures.
        environment, config: where to, and with which configuration.
        expires: when this signature ends.
        reason: digest of the `Prose` that says why; the second signs the first's.
    """

    id: GlassId
    environment: Name
    config: DigestOrNone
    expires: Time
    reason: Digest
    nonce: Nonce


class Reviewed(Bound, frozen=True, kw_only=True):
    """What was done by break-glass was looked at afterwards, by somebody who had no part in it. The subjects are its artifacts.

    Attributes:
        id: the broken glass's.
        findings: digest of the `Prose` that says what was found.
    """

    id: GlassId
    environment: Name
    findings: Digest
    nonce: Nonce


Departure = Held | Lifted | WaiverGiven | GlassBroken | Reviewed
"""Whatever is said to leave the ordinary course, or to come back to it."""

KINDS: dict[str, type[Departure]] = {
    "hold": Held,
    "lift": Lifted,
    "waiver": WaiverGiven,
    "break-glass": GlassBroken,
    "review": Reviewed,
}
"""Kind -> its Struct, as in `events.KINDS`."""
