"""DSSE envelopes (secure-systems-lab/dsse, protocol and envelope v1.0.2): parse, and verify with keys.

`verify` takes these steps:

  1. the bytes that were signed are `pae` of type and payload, never the payload alone (protocol.md, "Signature Definition");
  2. each signature that names a key we know, by its fingerprint, must verify under it, or the envelope is refused whole;
  3. each other signature is tried under the keys whose form it has: a ``keyid`` is a hint, never proof (envelope.md);
  4. at least one verified; what comes back are the *distinct keys* that did, so that one key signing twice counts once.

How many keys are enough is not decided here: `signed-by` counts them.
"""

from __future__ import annotations

from collections.abc import Mapping

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.identity import EvidenceKey, Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import b64, foreign, keys, large_json, sbom_types

MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json"
MAX_ENVELOPE = 1 << 20
"""The largest envelope read, bytes, unless a larger payload is expected; the payload has at most 3/4 of them."""
MAX_SIGNATURES = 64
MAX_WORK = 64 << 20
"""The most work one envelope may ask for: tries, each counted as `keys.effort` and the bytes it hashes (some 0.1 s in all)."""
MAX_HASHED = 8
"""How often a large payload may be hashed, in place of `MAX_WORK`."""


class Part(Noun, frozen=True, kw_only=True):
    """One signature of an envelope, not yet believed."""

    keyid: str
    sig: bytes


class Envelope(Noun, frozen=True, kw_only=True):
    """An envelope taken apart, believed in nothing.

    Attributes:
        payload: the bytes, as they were signed.
        payload_type: what they are.
        signatures: 1 to 64.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[Part, ...]


class Verified(Noun, frozen=True, kw_only=True):
    """A payload somebody we know signed.

    Attributes:
        keys: fingerprints of the distinct keys whose signatures verified, sorted; at least one.
    """

    payload: bytes
    payload_type: str
    keys: tuple[Fingerprint, ...]


def parse(data: bytes, *, max_bytes: int = MAX_ENVELOPE) -> Envelope:
    """Take an envelope apart; unknown fields are ignored, as the specification says.

    Args:
        data: the envelope.
        max_bytes: the largest one read; what is larger than `MAX_ENVELOPE` is so by its payload alone.

    Raises:
        EvidenceError: ``dsse.malformed``, ``dsse.too-many-signatures``, or `canon.parse_foreign`'s codes.
    """
    return from_json(large_json.holding(data, ("payload",), max_bytes=max_bytes, what="DSSE envelope"))


def from_json(document: object) -> Envelope:
    """As `parse`, of JSON that was read already. Raises EvidenceError ``dsse.malformed``, ``dsse.too-many-signatures``."""
    try:
        return _envelope(document)
    except ValueError as err:
        raise EvidenceError("dsse.malformed", f"this is no DSSE envelope: {err}") from None


def beside(data: bytes) -> tuple[str, ...]:
    """The names of an envelope's unknown fields, which `parse` ignores and no signature covers; sorted, each once.

    Raises:
        EvidenceError: as `parse`.
    """
    outer = canon.parse_foreign(data, max_bytes=MAX_ENVELOPE, what="DSSE envelope")
    _ = _envelope(outer)
    inner = {name for one in outer["signatures"] for name in one}
    return tuple(sorted((set(outer) - {"payload", "payloadType", "signatures"}) | (inner - {"keyid", "sig"})))


def _envelope(document: object) -> Envelope:
    outer = foreign.mapping(document, "the envelope")
    signatures = foreign.items(outer, "signatures")
    if len(signatures) > MAX_SIGNATURES:
        raise EvidenceError("dsse.too-many-signatures", f"this DSSE envelope has {len(signatures)} signatures; at most {MAX_SIGNATURES} are read")
    if not signatures:
        raise ValueError("it has no signature")
    parts = []
    for one in signatures:
        part = foreign.mapping(one, "a signature")
        keyid = part.get("keyid")
        parts.append(Part(keyid=keyid if isinstance(keyid, str) else "", sig=b64.decode_either(foreign.text(part, "sig", longest=MAX_ENVELOPE))))
    payload = b64.decode_either(foreign.text(outer, "payload", longest=sbom_types.MAX_ENVELOPE))
    return Envelope(payload=payload, payload_type=foreign.text(outer, "payloadType"), signatures=tuple(parts))


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: ``DSSEv1``, and type and payload each with its length before it (protocol.md)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def work(envelope: Envelope, known: Mapping[Fingerprint, EvidenceKey]) -> int:
    """What verifying would cost at most, in bytes hashed; a try counts as 64 KiB for each 80 µs besides."""
    return sum(keys.effort(known[name]) + len(envelope.payload) for part in envelope.signatures for name in _candidates(part, known))


def verify(envelope: Envelope, known: Mapping[Fingerprint, EvidenceKey]) -> Verified:
    """The payload, and which of the known keys signed it.

    Args:
        envelope: from `parse`.
        known: fingerprint -> key; those without an algorithm (`keys.algorithm_of`) sign no envelopes and are passed over.

    Raises:
        EvidenceError: ``dsse.bad-signature``, ``dsse.unknown-key``, or ``dsse.too-many-signatures`` where they could
            not be tried within bounds.
    """
    if work(envelope, known) > max(MAX_WORK, MAX_HASHED * len(envelope.payload)):
        raise EvidenceError("dsse.too-many-signatures", "this DSSE envelope has more signatures than can be tried under all our keys; name the key in keyid")
    message = pae(envelope.payload_type, envelope.payload)
    signed: set[Fingerprint] = set()
    for part in envelope.signatures:
        for name in _candidates(part, known):
            try:
                keys.verify_evidence(known[name], message, part.sig)
            except EvidenceError:
                if part.keyid == name:
                    raise EvidenceError("dsse.bad-signature", f"the signature that names the key {name} is not that key's over these bytes") from None
                continue
            signed.add(name)
            break
    if not signed:
        raise EvidenceError("dsse.unknown-key", "no signature here verifies under a key that is known: another key signed, or the bytes were altered")
    return Verified(payload=envelope.payload, payload_type=envelope.payload_type, keys=tuple(sorted(signed)))


def _candidates(part: Part, known: Mapping[Fingerprint, EvidenceKey]) -> list[Fingerprint]:
    """The keys a signature is tried under: the one it names, else those whose signatures have its form."""
    if part.keyid in known:
        return [part.keyid]
    return keys.candidates(known, part.sig)
