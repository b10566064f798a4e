"""verify: who signed an artifact, by a Sigstore bundle in a file, against a trusted root that is named. Nothing is asked of any network."""

from __future__ import annotations

from lockgate.canon import Noun
from lockgate.core.digest import Digest, hex_of
from lockgate.core.identity import Witnesses
from lockgate.errors import EvidenceError
from lockgate.evidence import statement
from lockgate.evidence.sigstore import bundle, identity, trust, verify, witness
from lockgate.evidence.sigstore.key import named_key
from lockgate.ledger.cosignature import Cosigned


class Wanted(Noun, frozen=True, kw_only=True):
    """Who has to have signed: somebody a certificate names, or a key.

    Attributes:
        identity, issuer: exactly these; empty where a key is meant. key: a public key; empty where a certificate is.
        witnesses: who has to have cosigned the log's checkpoint.
    """

    identity: str = ""
    issuer: str = ""
    key: str = ""
    witnesses: Witnesses = Witnesses()


class SeenBundle(Noun, frozen=True, kw_only=True):
    """What a bundle proves of an artifact.

    Attributes:
        artifact: its digest.
        identity, issuer, claims: whom the certificate names, by whose word, and what else it says; empty where a key signed.
        times: when the signature existed, as is known. logged: the entry's index in the transparency log; -1 for none.
        cosigned: who of the witnesses that were asked for cosigned the log's checkpoint.
        predicate: what kind of thing is said; empty where the artifact itself was signed.
    """

    artifact: Digest
    identity: str
    issuer: str
    claims: dict[str, str]
    times: tuple[verify.Time, ...]
    logged: int
    predicate: str
    cosigned: tuple[Cosigned, ...] = ()


def is_bundle(data: bytes) -> bool:
    """Whether it says it is a Sigstore bundle."""
    return b"application/vnd.dev.sigstore.bundle" in data[:4096]


def inspect_bundle(data: bytes, root: bytes, artifact: Digest, wanted: Wanted) -> SeenBundle:
    """Verify a bundle over an artifact, by whoever had to sign.

    Args:
        data: the bundle. root: the trusted root. artifact: whose bytes were read, or whose digest is believed.
        wanted: who had to sign.

    Raises:
        EvidenceError: by code, as `verify.verify`; ``sigstore.other-identity``; ``statement.other-subject``. UsageError: as `witness.known`.
    """
    witness.known(wanted.witnesses)  # before anything is found wrong with the bundle
    read = bundle.parse(data)
    signer = named_key(wanted.key) if wanted.key else None
    demands = verify.Demands(witnesses=wanted.witnesses)
    found = verify.verify(read, trust.parse(root), {"sha256": bytes.fromhex(hex_of(artifact))}, signer=signer, demands=demands)
    who = identity.read(found.certificate) if found.certificate else identity.Identity(subject="", issuer="", claims={})
    if (who.subject, who.issuer) != (wanted.identity, wanted.issuer):
        raise EvidenceError("sigstore.other-identity", f"{who.subject} signed this, by the word of {who.issuer}, and not who had to")
    predicate = ""
    if found.payload_type:
        said = statement.parse(found.payload_type, found.payload)
        if artifact not in said.subjects:
            raise EvidenceError("statement.other-subject", "what was signed is about another artifact")
        predicate = said.predicate_type
    return SeenBundle(
        artifact=artifact,
        identity=who.subject,
        issuer=who.issuer,
        claims=who.claims,
        times=found.times,
        logged=found.logged,
        predicate=predicate,
        cosigned=found.cosigned,
    )
