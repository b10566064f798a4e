"""Making evidence: an in-toto Statement v1 about artifacts, in a DSSE envelope with one signature."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lockgate.core.digest import Digest, hex_of
from lockgate.core.events import PAYLOAD_TYPE, STATEMENT_TYPE
from lockgate.core.identity import PublicKey, fingerprint
from lockgate.evidence import b64, dsse


def write_attestation(subject: Digest, predicate_type: str, predicate: dict[str, Any] | bytes, key: PublicKey, sign: Callable[[bytes], bytes]) -> bytes:
    """A signed attestation (DSSE v1, in-toto Statement v1), one line of JSON.

    Args:
        subject: the artifact. predicate_type: a URI. predicate: any JSON object; or the bytes of one, which are signed as they are.
        key: the public key. sign: its raw signature of the PAE: Ed25519, or ECDSA P-256 in DER.
    """
    written = predicate if isinstance(predicate, bytes) else _written(predicate)
    head = _written({"_type": STATEMENT_TYPE, "predicate": None})[: -len(b"null}")]
    rest = _written({"predicateType": predicate_type, "subject": [{"digest": {"sha256": hex_of(subject)}}]})[1:]
    return seal(b"%b%b,%b" % (head, written, rest), key, sign)


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def seal(payload: bytes, key: PublicKey, sign: Callable[[bytes], bytes]) -> bytes:
    """The envelope of a Statement, one line of JSON. Key and signature as for `write_attestation`."""
    signature = {"keyid": fingerprint(key), "sig": b64.encode(sign(dsse.pae(PAYLOAD_TYPE, payload)))}
    return json.dumps({"payload": b64.encode(payload), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}, separators=(",", ":")).encode()
