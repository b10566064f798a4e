"""Entries of transparency logs (Rekor v1 and v2): that what was logged is in the log, and is this.

`included` takes these steps:

  1. the trusted root names the log, and counts it at the time of the entry;
  2. the log's promise (v1: the signed entry timestamp), where there is one, is its signature over index, time and body;
  3. the inclusion proof leads from the body to a root, and the checkpoint with that root and size is signed by the log;
  4. where witnesses are asked for, enough of them cosigned that checkpoint (`witness`).

`matches` compares the body with what the bundle holds, field by field: without it, somebody else's entry would do (CVE-2022-36056).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from lockgate import canon
from lockgate.core.identity import Witnesses
from lockgate.errors import EvidenceError, LedgerError
from lockgate.evidence import foreign
from lockgate.evidence.sigstore import fields, key, witness
from lockgate.evidence.sigstore.bundle import Entry, Proof, Signed
from lockgate.evidence.sigstore.trust import Log
from lockgate.ledger.cosignature import Cosigned
from lockgate.ledger.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from lockgate.ledger.note import Note, parse_note

V1 = {("hashedrekord", "0.0.1"), ("dsse", "0.0.1"), ("intoto", "0.0.1"), ("intoto", "0.0.2")}
"""Kinds of entries whose log gives the time itself."""
V2 = {("hashedrekord", "0.0.2"), ("dsse", "0.0.2")}
"""Kinds of entries whose log signs in its own name."""


def promised(entry: Entry, logs: Sequence[Log]) -> datetime | None:
    """When a v1 log promises it took the entry in, by its signature; None where it promises nothing.

    Raises:
        EvidenceError: ``log-entry.unknown-log``, ``log-entry.promise-forged``, ``log-entry.malformed``.
    """
    if not _promises(entry):
        return None
    try:
        at = fields.instant(entry.integrated)
    except ValueError:
        raise EvidenceError("log-entry.malformed", "the log entry's time is beyond the year 9999") from None
    log = _log(entry, logs, (at,))
    said = {"body": base64.b64encode(entry.body).decode(), "integratedTime": entry.integrated, "logID": entry.log.hex(), "logIndex": entry.index}
    try:
        key.verify(log.key, entry.promise, json.dumps(said, sort_keys=True, separators=(",", ":")).encode(), digest="sha256" if log.key.prehash else "")
    except ValueError:
        raise EvidenceError("log-entry.promise-forged", f"the promise of inclusion is not {log.host}'s over this entry and time") from None
    return at


NOBODY = Witnesses()
"""No witnesses are asked for."""


def _promises(entry: Entry) -> bool:
    """Whether a v1 log promises something at all: without a time, or by another kind of log, it does not, and its promise is not looked at."""
    return bool(entry.promise and entry.integrated and (entry.kind, entry.version) in V1)


class Included(canon.Noun, frozen=True, kw_only=True):
    """That an entry is in a log: its host, whether a ``proof`` with a signed checkpoint or a ``promise`` alone says so, and who cosigned that checkpoint."""

    log: str
    by: Literal["proof", "promise"]
    cosigned: tuple[Cosigned, ...] = ()


def included(entry: Entry, logs: Sequence[Log], times: Sequence[datetime], *, promise_suffices: bool, witnesses: Witnesses = NOBODY) -> Included:
    """The entry is in the log.

    Args:
        entry: of which `promised` was asked before.
        logs: the trusted ones.
        times: when the signature was made, as was established.
        promise_suffices: whether a log's promise does where there is no proof with a checkpoint.
        witnesses: who has to have cosigned that checkpoint; a promise never does then.

    Returns:
        In which log, how that is known, and who of these witnesses cosigned its checkpoint.

    Raises:
        EvidenceError: ``log-entry.unknown-log``, ``log-entry.no-inclusion-proof``, ``log-entry.no-checkpoint``, ``log-entry.not-included``,
            ``log-entry.checkpoint-malformed``, ``log-entry.checkpoint-unsigned``, ``log-entry.checkpoint-forged``, ``log-entry.checkpoint-other-tree``,
            ``log-entry.malformed``, ``log-entry.cosignature-forged``, ``log-entry.too-few-witnesses``. UsageError: as `witness.known`.
    """
    log = _log(entry, logs, times)
    proof = entry.proof
    promise_suffices = promise_suffices and _promises(entry) and witnesses == NOBODY
    if proof is None:
        if promise_suffices:
            return Included(log=log.host, by="promise")
        raise EvidenceError("log-entry.no-inclusion-proof", "nothing proves that the entry is in the log: a promise alone does not count here")
    try:
        verify_inclusion(proof.index, proof.size, leaf_hash(entry.body), proof.hashes, proof.root)
    except LedgerError:
        raise EvidenceError("log-entry.not-included", "the proof of inclusion does not lead from this entry to its tree") from None
    if (entry.kind, entry.version) not in V1 and entry.index != proof.index:
        raise EvidenceError("log-entry.malformed", "the entry names another index than its proof of inclusion")
    if proof.checkpoint:
        note = _checkpoint(proof, log, old=(entry.kind, entry.version) not in V2)
        return Included(log=log.host, by="proof", cosigned=witness.required(note, log, witnesses) if witnesses != NOBODY else ())
    if not promise_suffices:
        raise EvidenceError("log-entry.no-checkpoint", "nobody signed the tree that the proof of inclusion leads to")
    return Included(log=log.host, by="promise")


def place(entry: Entry) -> int:
    """The index of an entry that is `included`: in the whole log where the log says so by its signature, else in the tree of the proof.

    A v1 log has several trees. Without its promise, nothing ties the index in the whole log to the entry, and whoever hands on a bundle writes any.
    """
    return entry.index if entry.proof is None or _promises(entry) else entry.proof.index


def _log(entry: Entry, logs: Sequence[Log], times: Sequence[datetime]) -> Log:
    mine = [log for log in logs if entry.log in {log.id, log.hint}]
    if not mine:
        raise EvidenceError("log-entry.unknown-log", "the entry is in a log the trusted root does not name")
    valid = [log for log in mine if all(log.valid.holds(at) for at in times)]
    if not valid:
        raise EvidenceError("log-entry.unknown-log", f"the trusted root does not count {mine[0].host} at the time of this entry")
    return valid[0]


def _checkpoint(proof: Proof, log: Log, *, old: bool) -> Note:
    """C2SP tlog-checkpoint: the log signed this very root and size; signatures of keys nobody knows are passed over."""
    if proof.checkpoint.endswith("\n\n"):
        raise EvidenceError("log-entry.checkpoint-unsigned", "the checkpoint of the proof of inclusion is not signed at all")
    try:
        note = parse_note(proof.checkpoint.encode())
        origin, size, root = note.text.split("\n")[:3]
        tree = (int(size), base64.b64decode(root, validate=True))
        if not origin or str(tree[0]) != size or len(tree[1]) != HASH_SIZE:
            raise ValueError
    except (LedgerError, ValueError, UnicodeEncodeError):
        raise EvidenceError("log-entry.checkpoint-malformed", "the checkpoint of the proof of inclusion is none") from None
    _require_log_signature(note, origin.partition(" - ")[0] if old else origin, log, old=old)  # v1 has its tree's id behind the name
    if tree != (proof.size, proof.root):
        raise EvidenceError("log-entry.checkpoint-other-tree", "the checkpoint is of another tree than the proof of inclusion")
    return note


def _require_log_signature(note: Note, name: str, log: Log, *, old: bool) -> None:
    """By the log's key; and of a v2 log in its name (Rekor v2 specification, 7.2). What v1 logs are called, many roots do not say."""
    bare = re.sub(r":[0-9]+\Z", "", log.host)
    if not old and name not in {log.origin, log.host, bare}:
        raise EvidenceError("log-entry.checkpoint-unsigned", f"the checkpoint is in the name of {name[:80]!r}, and not of {log.host}")
    mine = [one for one in note.signatures if one.id == log.hint and one.name == name]
    if not mine:
        raise EvidenceError("log-entry.checkpoint-unsigned", f"the checkpoint is not signed by {log.host}")
    for one in mine:
        try:
            key.verify(log.key, one.signature, note.text.encode(), digest="sha256" if log.key.prehash else "")
        except ValueError:
            if name != log.host:
                raise EvidenceError("log-entry.checkpoint-unsigned", f"the checkpoint is signed in the name of {name[:80]!r}, and not by {log.host}") from None
            raise EvidenceError("log-entry.checkpoint-forged", f"the signature of {log.host} does not fit the checkpoint") from None


class Logged(canon.Noun, frozen=True, kw_only=True):
    """What an entry is to be about.

    Attributes:
        signed: the bundle's content.
        message: digests of the bytes that were signed, by algorithm: of the artifact, or of the envelope's pre-authentication encoding.
        signer: the signer's certificate, or public key (SubjectPublicKeyInfo), in DER.
    """

    signed: Signed
    message: dict[str, bytes]
    signer: bytes


def matches(entry: Entry, logged: Logged) -> None:
    """The entry's body is about this signature, by this signer, over these bytes.

    Raises:
        EvidenceError: ``log-entry.unknown-kind``, ``log-entry.malformed``, ``log-entry.other-signature``,
            ``log-entry.other-signer``, ``log-entry.other-artifact``.
    """
    reader = _KINDS.get((entry.kind, entry.version, bool(logged.signed.payload_type)))
    if reader is None:
        raise EvidenceError("log-entry.unknown-kind", f"entries of the kind {entry.kind[:40]!r} {entry.version[:20]!r} are not read for this content")
    try:
        body = foreign.mapping(canon.parse_foreign(entry.body, max_bytes=4 << 20, what="log entry"), "it")
        if (foreign.text(body, "kind"), foreign.text(body, "apiVersion")) != (entry.kind, entry.version):
            raise ValueError("it is of another kind than the bundle says")
        reader(foreign.within(body, "spec"), logged)
    except ValueError as err:
        raise EvidenceError("log-entry.malformed", f"the body of the log entry cannot be read: {err}") from None


def _require_artifact(same: bool) -> None:
    if not same:
        raise EvidenceError("log-entry.other-artifact", "the log entry is about another artifact")


def _require_signature(same: bool) -> None:
    if not same:
        raise EvidenceError("log-entry.other-signature", "the log entry is about another signature")


def _require_signer(same: bool) -> None:
    if not same:
        raise EvidenceError("log-entry.other-signer", "the log entry is about another signer")


def _hashed_v1(spec: dict[str, Any], logged: Logged) -> None:
    said, signature = foreign.within(foreign.within(spec, "data"), "hash"), foreign.within(spec, "signature")
    _require_artifact(_hex(said) == logged.message.get(foreign.text(said, "algorithm")))
    _require_signature(fields.raw(signature, "content") == logged.signed.signature)
    _require_signer(_der(fields.raw(foreign.within(signature, "publicKey"), "content")) == logged.signer)


def _hashed_v2(spec: dict[str, Any], logged: Logged) -> None:
    inner = foreign.within(spec, "hashedRekordV002")
    data, signature = foreign.within(inner, "data"), foreign.within(inner, "signature")
    _require_artifact(fields.raw(data, "digest") == logged.message.get(_ALGORITHMS.get(foreign.text(data, "algorithm"), "")))
    _require_signature(fields.raw(signature, "content") == logged.signed.signature)
    _require_signer(_verifier(foreign.within(signature, "verifier")) == logged.signer)


def _dsse_v1(spec: dict[str, Any], logged: Logged) -> None:
    _require_payload(foreign.within(spec, "payloadHash"), logged)
    (one,) = _one(foreign.items(spec, "signatures"))
    _require_signature(fields.raw(one, "signature") == logged.signed.signature)
    _require_signer(_der(fields.raw(one, "verifier")) == logged.signer)


def _dsse_v2(spec: dict[str, Any], logged: Logged) -> None:
    inner = foreign.within(spec, "dsseV002")
    said = foreign.within(inner, "payloadHash")
    _require_artifact(_ALGORITHMS.get(foreign.text(said, "algorithm")) == "sha256" and fields.raw(said, "digest") == _sha256(logged.signed.payload))
    (one,) = _one(foreign.items(inner, "signatures"))
    _require_signature(fields.raw(one, "content") == logged.signed.signature)
    _require_signer(_verifier(foreign.within(one, "verifier")) == logged.signer)


def _intoto_v1(spec: dict[str, Any], logged: Logged) -> None:
    """The oldest kind records no signature: payload, signer and the hash of the envelope's bytes, where they are known, are all there is to compare."""
    content = foreign.within(spec, "content")
    _require_payload(foreign.within(content, "payloadHash"), logged)
    if logged.signed.envelope:
        said = foreign.within(content, "hash")
        _require_signature(foreign.text(said, "algorithm") == "sha256" and _hex(said) == _sha256(logged.signed.envelope))
    _require_signer(_der(fields.raw(spec, "publicKey")) == logged.signer)


def _intoto_v2(spec: dict[str, Any], logged: Logged) -> None:
    content = foreign.within(spec, "content")
    envelope = foreign.within(content, "envelope")
    _require_payload(foreign.within(content, "payloadHash"), logged)
    (one,) = _one(foreign.items(envelope, "signatures"))
    _require_artifact(foreign.text(envelope, "payloadType") == logged.signed.payload_type)
    _require_signature(_twice(one, "sig") == logged.signed.signature)
    _require_signer(_der(fields.raw(one, "publicKey")) == logged.signer)


def _twice(one: dict[str, Any], name: str) -> bytes:
    """Bytes in base64 of base64, as this kind has them; or in base64 once, as some wrote it."""
    inner = fields.raw(one, name)
    return fields.raw({name: inner.decode("ascii")}, name) if inner.isascii() else inner


def _one(listed: list[Any]) -> list[dict[str, Any]]:
    if len(listed) != 1:
        raise ValueError(f"it has {len(listed)} signatures, and the bundle has one")
    return [foreign.mapping(listed[0], "a signature")]


def _require_payload(said: dict[str, Any], logged: Logged) -> None:
    _require_artifact(foreign.text(said, "algorithm") == "sha256" and _hex(said) == _sha256(logged.signed.payload))


def _hex(said: dict[str, Any]) -> bytes:
    return bytes.fromhex(foreign.text(said, "value"))


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _verifier(one: dict[str, Any]) -> bytes:
    form = "x509Certificate" if one.get("x509Certificate") is not None else "publicKey"
    return fields.raw(foreign.within(one, form), "rawBytes")


def _der(pem: bytes) -> bytes:
    """The bytes in PEM (RFC 7468), of a certificate or public key; only one, and nothing around it."""
    lines = pem.decode("ascii").strip().splitlines()
    if len(lines) < 3 or not lines[0].startswith("-----BEGIN ") or not lines[-1].startswith("-----END "):
        raise ValueError("a signer is not PEM")
    return base64.b64decode("".join(lines[1:-1]), validate=True)


_ALGORITHMS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_KINDS: dict[tuple[str, str, bool], Callable[[dict[str, Any], Logged], None]] = {
    ("hashedrekord", "0.0.1", False): _hashed_v1,
    ("hashedrekord", "0.0.2", False): _hashed_v2,
    ("hashedrekord", "0.0.2", True): _hashed_v2,
    ("dsse", "0.0.1", True): _dsse_v1,
    ("dsse", "0.0.2", True): _dsse_v2,
    ("intoto", "0.0.1", True): _intoto_v1,
    ("intoto", "0.0.2", True): _intoto_v2,
}
"""Kind, version, and whether the content is an envelope."""
