"""How an event is signed and where it stands: envelope and leaf."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.identity import Fingerprint

MAX_LEAF = 16_384
"""The largest leaf, bytes: what is larger goes into a blob, by digest."""


class Envelope(Noun, frozen=True, kw_only=True):
    """A DSSE envelope of ours, canonical.

    Attributes:
        payload: standard base64 of the Statement's canonical bytes.
        payload_type: ``application/vnd.in-toto+json``.
        signatures: one or more.
    """

    payload: str
    payload_type: Literal["application/vnd.in-toto+json"]
    signatures: tuple[EnvelopeSignature, ...]


class EnvelopeSignature(Noun, frozen=True, kw_only=True):
    """One signature of an envelope.

    Attributes:
        keyid: the key's fingerprint.
        sig: standard base64; of a person an SSHSIG blob, of the permit key the raw Ed25519 signature.
    """

    keyid: Fingerprint
    sig: str


class Leaf(Noun, frozen=True, kw_only=True):
    """One entry of the log: what was said, by its own signature, and its place in its stream.

    Attributes:
        at: when the gate recorded it: a statement of order by the log, no authority.
        event: the signed envelope.
        stream: ``house`` or ``env:<name>``.
        previous: index of the stream's leaf before this; -1 for the first.
    """

    at: Time
    event: Envelope
    stream: str
    previous: Annotated[int, msgspec.Meta(ge=-1, lt=2**53)] = -1
