"""A Sigstore bundle -> who signed what, when, and how that is known (Sigstore client specification, sections 4.1 to 4.4).

In this order, each step with its own codes:

  1. the bundle is read (`bundle.parse`), and its signer is a certificate, or the key that is given;
  2. times: every time stamp over the signature by an authority we know, and the time a log promises (`timestamp`, `rekor.promised`);
     one at least where a certificate signed;
  3. the certificate's path, at *each* of these times; that it is for signing code; and that it was shown to a certificate log (`certificate`, `sct`);
  4. the log entry: in a log we know, included, under a checkpoint that log signed, and enough witnesses cosigned (`rekor.included`);
  5. the signature itself;
  6. the entry is about this signature, signer and content (`rekor.matches`).

Whether the signer is one who may sign this is not asked here: `Verified` says who it is. Which steps were taken, and what each found, a `Walk` that
is handed in is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from lockgate.canon import Noun
from lockgate.core.examined import Time
from lockgate.core.identity import Witnesses
from lockgate.errors import EvidenceError
from lockgate.evidence.dsse import pae
from lockgate.evidence.sigstore import certificate, key, rekor, sct, timestamp
from lockgate.evidence.sigstore.bundle import Bundle, Entry, Signed
from lockgate.evidence.sigstore.key import Key
from lockgate.evidence.sigstore.trust import TrustedRoot
from lockgate.evidence.steps import Walk
from lockgate.ledger.cosignature import Cosigned

if TYPE_CHECKING:
    from cryptography import x509


class Demands(Noun, frozen=True, kw_only=True):
    """What has to be there; a policy may ask for less than Sigstore's public good instance does.

    Attributes:
        log: ``proof``: an entry with its proof of inclusion; ``promise``: a v1 log's signed promise does; ``none``: no entry
            is needed, but one that is there is verified.
        certificate_log: whether the certificate must have been shown to a certificate transparency log.
        witnesses: who has to have cosigned the log's checkpoint, and how many of them; where anybody is asked for, an entry with
            its proof is needed whatever `log` says.
    """

    log: Literal["proof", "promise", "none"] = "proof"
    certificate_log: bool = True
    witnesses: Witnesses = Witnesses()


class Verified(Noun, frozen=True, kw_only=True):
    """What a bundle proves.

    Attributes:
        certificate: the signer's, DER; empty where a key signed.
        times: when the signature was made, as is known; none where a key signed without any.
        logged: the index in the transparency log (`rekor.place`); -1 for no entry. log: that log's host. included: how it is known that the entry is
            there: by a ``proof`` of inclusion, or by the log's ``promise``; empty for no entry.
        certificate_logs: the hosts of the logs that the certificate was shown to; none where that was not asked.
        cosigned: who of the witnesses that were asked for cosigned the log's checkpoint.
        payload, payload_type: of an envelope; the type is empty where a message was signed, and the payload too unless it came along.
    """

    certificate: bytes
    times: tuple[Time, ...]
    logged: int
    payload: bytes
    payload_type: str
    cosigned: tuple[Cosigned, ...] = ()
    log: str = ""
    included: Literal["", "proof", "promise"] = ""
    certificate_logs: tuple[str, ...] = ()


def verify(
    bundle: Bundle,
    root: TrustedRoot,
    digests: Mapping[str, bytes],
    *,
    signer: Key | None = None,
    demands: Demands = Demands(),  # noqa: B008  frozen
    walk: Walk | None = None,
    content: bytes | None = None,
) -> Verified:
    """Verify a bundle, offline.

    Args:
        bundle: as read.
        root: whom to believe.
        digests: of the artifact, by algorithm (``sha256`` …): what a message's signature is over, where the message did not come along.
            An envelope says itself what it is about.
        signer: the key to verify with, where the bundle names a key.
        demands: what has to be there.
        walk: what to tell the steps.
        content: the artifact's own bytes, for a key that signs these (Ed25519) and no digest; None where they are not known. They have the `digests`.

    Raises:
        EvidenceError: by code, as the steps say: ``sigstore.…``, ``timestamp.…``, ``certificate.…``, ``log-entry.…``, ``signature.…``.
    """
    walk = walk or Walk()
    with walk.at("signer"):
        chain = [certificate.load(one) for one in bundle.chain]
        own = _signer(chain, signer)
        walk.note(f"a certificate for a key of {own.algorithm}" if chain else f"a key of {own.algorithm}")
    with walk.at("time"):
        times = _times(bundle, root)
        if chain and not times:
            raise EvidenceError("sigstore.no-time", "nothing says when this was signed: no time stamp and no log's promise is there")
        walk.note(", ".join(f"{one.at:%Y-%m-%d %H:%M:%S} UTC by {_WORD[one.by]}" for one in times) or "nobody says when")
    shown = _require_certificate(chain, root, times, demands, walk) if chain else ()
    entry = bundle.entry
    found = _included(entry, root, times, demands, walk)
    with walk.at("signature"):
        _require_signature(bundle, own, digests, content)
    if entry is not None:
        with walk.at("log-content"):
            rekor.matches(entry, rekor.Logged(signed=bundle.signed, message=_message(bundle, digests), signer=bundle.chain[0] if chain else own.spki))
            walk.note(f"{entry.kind} {entry.version}")
    return Verified(
        certificate=bundle.chain[0] if chain else b"",
        times=times,
        logged=rekor.place(entry) if entry is not None else -1,
        payload=bundle.signed.payload,
        payload_type=bundle.signed.payload_type,
        cosigned=found.cosigned if found is not None else (),
        log=found.log if found is not None else "",
        included=found.by if found is not None else "",
        certificate_logs=shown,
    )


_WORD = {"time-stamp": "a time stamp", "log": "the log's promise"}


def _signer(chain: list[x509.Certificate], signer: Key | None) -> Key:
    """Step 1."""
    if not chain:
        if signer is None:
            raise EvidenceError("sigstore.no-key", "a key signed this, and none is given to verify it with")
        return signer
    if signer is not None:
        raise EvidenceError("sigstore.not-by-key", "a certificate signed this, and a key is given to verify it with")
    if any(certificate.is_root(one) for one in chain):
        raise EvidenceError("sigstore.root-certificate", "the bundle brings its own root certificate: roots are believed from the trusted root alone")
    return key.loaded_key(chain[0].public_key())


def _times(bundle: Bundle, root: TrustedRoot) -> tuple[Time, ...]:
    """Step 2. A stamp by nobody we know says nothing; one that is wrong refuses, whatever others say."""
    found: list[Time] = []
    unknown: EvidenceError | None = None
    for stamp in bundle.time_stamps:
        try:
            found.append(Time(at=_stamped(stamp, bundle.signed, root), by="time-stamp"))
        except EvidenceError as err:
            if err.code != "timestamp.untrusted":
                raise
            unknown = err
    promised = rekor.promised(bundle.entry, root.logs) if bundle.entry is not None else None
    if promised is not None:
        found.append(Time(at=promised, by="log"))
    if not found and unknown is not None and bundle.chain:
        raise unknown
    return tuple(found)


def _stamped(stamp: bytes, signed: Signed, root: TrustedRoot) -> datetime:
    """When; a stamp is over the signature, or else over the envelope that it stands in, where that came as a file."""
    try:
        return timestamp.verify(stamp, signed.signature, root.time_stampers)
    except EvidenceError as err:
        if err.code != "timestamp.other-message" or not signed.envelope:
            raise
    return timestamp.verify(stamp, signed.envelope, root.time_stampers)


def _require_certificate(chain: list[x509.Certificate], root: TrustedRoot, times: tuple[Time, ...], demands: Demands, walk: Walk) -> tuple[str, ...]:
    """Step 3: the certificate logs that it was shown to."""
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415  as in `certificate.load`

    shown: tuple[str, ...] = ()
    for time in times:
        with walk.at("certificate"):
            above = certificate.path(chain[0], chain[1:], root.authorities, time.at)
            certificate.require_purpose(chain[0], above[:-1], ExtendedKeyUsageOID.CODE_SIGNING)
            walk.note(f"valid at {time.at:%H:%M:%S}, issued by {above[0].subject.rfc4514_string()[:120]}")
        if demands.certificate_log:
            with walk.at("certificate-log"):
                shown = sct.verify(chain[0], above[0], root.certificate_logs)
                walk.note(f"shown to {', '.join(shown)}")
    if not demands.certificate_log:
        walk.skip("certificate-log", "not asked for")
    return shown


def _included(entry: Entry | None, root: TrustedRoot, times: tuple[Time, ...], demands: Demands, walk: Walk) -> rekor.Included | None:
    """Step 4."""
    asked = demands.witnesses
    if entry is None and demands.log == "none" and asked == rekor.NOBODY:
        walk.skip("log", "no entry, and none is asked for")
        return None
    with walk.at("log"):
        if entry is None:
            raise EvidenceError("sigstore.no-log-entry", "this bundle has no entry of a transparency log, and one is asked for")
        found = rekor.included(entry, root.logs, [one.at for one in times], promise_suffices=demands.log != "proof", witnesses=asked)
        by = "a proof of inclusion" if found.by == "proof" else "the log's promise alone"
        walk.note(f"entry {rekor.place(entry)} of {found.log}, by {by}" + "".join(f", witnessed by {one.witness}" for one in found.cosigned))
        return found


def _message(bundle: Bundle, digests: Mapping[str, bytes]) -> dict[str, bytes]:
    """The digests of the bytes that were signed."""
    encoded = _encoded(bundle)
    return {name: hashlib.new(name, encoded).digest() for name in ("sha256", "sha384", "sha512")} if encoded else dict(digests)


def _encoded(bundle: Bundle) -> bytes:
    """The bytes that were signed; empty where the bundle does not hold them."""
    return pae(bundle.signed.payload_type, bundle.signed.payload) if bundle.signed.payload_type else bundle.signed.payload


def _require_signature(bundle: Bundle, own: Key, digests: Mapping[str, bytes], content: bytes | None) -> None:
    """Step 5. What the bundle says of the message's digest is a hint, and may not mislead all the same."""
    signed = bundle.signed
    try:
        if encoded := _encoded(bundle):
            key.verify(own, signed.signature, encoded)
            return
        said = f"sha{signed.algorithm.removeprefix('SHA2_')}"
        if signed.digest and digests.get(said, signed.digest) != signed.digest:
            raise EvidenceError("sigstore.other-artifact", "the bundle is about another artifact: it names another digest")
        if not own.prehash and content is not None:
            key.verify(own, signed.signature, content)
            return
        if own.prehash not in digests or (signed.digest and said not in digests):
            raise EvidenceError("signature.needs-bytes", "this key signs the bytes themselves, or another digest of them than is known")
        key.verify_digest(own, signed.signature, digests[own.prehash])
    except ValueError:
        raise EvidenceError("signature.bad", "the signature is not this signer's over these bytes") from None
