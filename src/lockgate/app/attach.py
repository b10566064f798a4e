"""sign and attest: make evidence for an artifact and attach it where the artifact is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lockgate.canon import Noun
from lockgate.core.digest import Digest, parse_ref
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Clock, Evidence, Signer, Source
from lockgate.evidence import artifact, dsse
from lockgate.evidence.attestation import write_attestation
from lockgate.evidence.sigstore import bundle


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The ports of work on artifacts, which needs no gate."""

    source: Source
    clock: Clock


class Attached(Noun, frozen=True, kw_only=True):
    """What was attached, and where.

    Attributes:
        subject: the artifact's digest. key: fingerprint of the key that signed. place: as the source names it.
    """

    subject: Digest
    key: str
    place: str


def sign(bench: Bench, ref_text: str, signer: Signer, platform: str = "") -> Attached:
    """Sign an artifact's digest, and attach the signature."""
    return attest(bench, ref_text, artifact.SIGNATURE_TYPE, {"signedAt": f"{bench.clock.now():%Y-%m-%dT%H:%M:%SZ}"}, signer, platform)


def attest(bench: Bench, ref_text: str, predicate_type: str, predicate: dict[str, Any], signer: Signer, platform: str = "") -> Attached:
    """Sign a statement about an artifact (in-toto Statement v1 in DSSE), and attach it: to images in a Sigstore bundle, where cosign looks for it.

    Raises:
        LockgateError: from the source or the key.
    """
    ref, digest = bench.source.resolve(parse_ref(ref_text), platform)
    data, media_type = write_attestation(digest, predicate_type, predicate, signer.public, signer.sign), dsse.MEDIA_TYPE
    if ref.scheme != "file":
        data, media_type = bundle.write(data, signer.public), bundle.MEDIA_TYPE
    place = bench.source.attach(ref, digest, Evidence(media_type=media_type, data=data, origin="", predicate=predicate_type))
    return Attached(subject=digest, key=fingerprint(signer.public), place=place)
