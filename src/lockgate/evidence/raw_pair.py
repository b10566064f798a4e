"""ECDSA signatures as r and s side by side, each as long as the curve's numbers (IEEE P1363), which some signers put where DER belongs.

DSSE leaves the form of a signature to its algorithm, and ECDSA's is DER (RFC 3279 section 2.2.3). Nothing in an envelope says
which one it holds, so that a reader can only look at the bytes. That guesses nothing away, because

  - the form follows from the bytes alone: 64, 96 or 132 of them (P-256, P-384, P-521) that are no strict DER are a pair, and any other
    number is none; no bytes are read in both forms;
  - what verifies is the same two numbers under the same key either way: nobody can sign in one form who could not in the other;
  - a pair is looked at only after the envelope did not verify as it stands, and then the whole envelope has to, so that a
    signature that names a key and does not fit is never passed over;
  - what was signed so is marked (`Summary.raw`), and counts only where policy names that form (`verified-by`). No other kind
    of evidence takes it.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec.structs import replace

from lockgate.evidence import algorithms, dsse

LENGTHS = frozenset({64, 96, 132})
"""Bytes of a pair: of P-256, P-384 and P-521."""


def in_der(envelope: dsse.Envelope) -> dsse.Envelope | None:
    """The envelope with its pairs written as DER, for `dsse.verify`; None where it has none."""
    parts = tuple(replace(part, sig=_der(part.sig)) if _is_pair(part.sig) else part for part in envelope.signatures)
    return None if parts == envelope.signatures else replace(envelope, signatures=parts)


def _is_pair(signature: bytes) -> bool:
    return len(signature) in LENGTHS and algorithms.pair_of(signature) is None


def _der(signature: bytes) -> bytes:
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
