"""verify: who signed an artifact, by a Sigstore bundle in a file, against a trusted root that is named. Nothing is asked of any network."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core.digest import Digest, hex_of
from lockgate.core.examined import Name as StepName
from lockgate.core.examined import Step, Time
from lockgate.core.identity import Witnesses
from lockgate.core.signers import Accepts, Believed, Format, IdentityRule
from lockgate.errors import EvidenceError
from lockgate.evidence import predicates, statement
from lockgate.evidence.sigstore import bundle, identity, trust, verify, witness
from lockgate.evidence.sigstore.key import named_key
from lockgate.evidence.steps import BY_CERTIFICATE, Walk
from lockgate.ledger.cosignature import Cosigned

NAMED = "named"
"""What an identity and a root are called that a command line names."""

FORMATS: tuple[Format, ...] = ("sigstore-bundle", "sigstore-message", "dsse", "cosign-attestation", "cosign-signature")
"""All formats, strongest first."""


class Wanted(Noun, frozen=True, kw_only=True):
    """Who has to have signed: somebody a certificate names, or a key.

    Attributes:
        identity, issuer: exactly these; empty where a key is meant. key: a public key; empty where a certificate is.
        witnesses: who has to have cosigned the log's checkpoint.
        log, certificate_log: what has to be known of logs, as for `core.signers.Accepts`.
    """

    identity: str = ""
    issuer: str = ""
    key: str = ""
    witnesses: Witnesses = Witnesses()
    log: Literal["proof", "promise", "none"] = "proof"
    certificate_log: Literal["yes", "no"] = "yes"


class SeenBundle(Noun, frozen=True, kw_only=True):
    """What a bundle proves of an artifact.

    Attributes:
        artifact: its digest.
        identity, issuer, claims: whom the certificate names, by whose word, and what else it says; empty where a key signed.
        times: when the signature existed, as is known. logged: the entry's index in the transparency log; -1 for none. log: that log's host.
        included: how that is known: by a ``proof`` of inclusion, or by the log's ``promise`` alone. certificate_logs: whose the certificate was shown to.
        steps: what was asked of it, in order, and what came of it.
        cosigned: who of the witnesses that were asked for cosigned the log's checkpoint.
        predicate: what kind of thing is said; empty where the artifact itself was signed.
    """

    artifact: Digest
    identity: str
    issuer: str
    claims: dict[str, str]
    times: tuple[Time, ...]
    logged: int
    predicate: str
    cosigned: tuple[Cosigned, ...] = ()
    log: str = ""
    included: Literal["", "proof", "promise"] = ""
    certificate_logs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


def is_bundle(data: bytes) -> bool:
    """Whether it says it is a Sigstore bundle."""
    return b"application/vnd.dev.sigstore.bundle" in data[:4096]


class Artifact(Noun, frozen=True, kw_only=True):
    """What is known of the artifact that a bundle is said to be about.

    Attributes:
        digest: its SHA-256. digests: others of the same bytes, by ``sha384`` and ``sha512``; none where its bytes were not read for that.
        content: the bytes themselves; None where they were not read, or are too many.
    """

    digest: Digest
    digests: dict[str, bytes] = {}
    content: bytes | None = None


def inspect_bundle(data: bytes, root: bytes, artifact: Artifact, wanted: Wanted) -> SeenBundle:
    """Verify a bundle over an artifact, by whoever had to sign.

    Args:
        data: the bundle. root: the trusted root. artifact: what was read of it, or the digest that is believed.
        wanted: who had to sign.

    Raises:
        EvidenceError: by code, as `verify.verify`; ``sigstore.other-identity``; ``statement.other-subject``; with the steps that
            were taken. UsageError: as `witness.known`.
    """
    walk, asked = Walk(), _ASKED - (_CERTIFIED if wanted.key else set())
    try:
        seen = _inspected(data, root, artifact, wanted, walk)
    except EvidenceError as err:
        err.steps = walk.told(asked)
        raise
    return replace(seen, steps=walk.told(asked))


def _inspected(data: bytes, root: bytes, artifact: Artifact, wanted: Wanted, walk: Walk) -> SeenBundle:
    witness.known(wanted.witnesses)  # before anything is found wrong with the bundle
    believed = trust.parse(root)
    with walk.at("format"):
        read = bundle.parse(data)
        walk.note(f"Sigstore bundle 0.{read.version}")
    signer = named_key(wanted.key) if wanted.key else None
    demands = verify.Demands(log=wanted.log, certificate_log=wanted.certificate_log == "yes", witnesses=wanted.witnesses)
    digests = {**artifact.digests, "sha256": bytes.fromhex(hex_of(artifact.digest))}
    found = verify.verify(read, believed, digests, signer=signer, demands=demands, walk=walk, content=artifact.content)
    who = _identity(found, wanted, walk)
    predicate = _predicate(found, artifact.digest, walk)
    return SeenBundle(
        artifact=artifact.digest,
        identity=who.subject,
        issuer=who.issuer,
        claims=who.claims,
        times=found.times,
        logged=found.logged,
        predicate=predicate,
        cosigned=found.cosigned,
        log=found.log,
        included=found.included,
        certificate_logs=found.certificate_logs,
    )


_ASKED: frozenset[StepName] = BY_CERTIFICATE - {"algorithm", "clock", "predicate"}
_CERTIFIED: frozenset[StepName] = frozenset({"certificate", "certificate-log", "identity"})


def _identity(found: verify.Verified, wanted: Wanted, walk: Walk) -> identity.Identity:
    if not found.certificate:
        return identity.Identity(subject="", issuer="", claims={})  # the key that was named did, or it would not have verified
    with walk.at("identity"):
        who = identity.read(found.certificate)
        if (who.subject, who.issuer) != (wanted.identity, wanted.issuer):
            raise EvidenceError("sigstore.other-identity", f"{who.subject} signed this, by the word of {who.issuer}, and somebody else had to")
        walk.note(f"{who.subject} by the word of {who.issuer}")
    return who


def _predicate(found: verify.Verified, artifact: Digest, walk: Walk) -> str:
    if not found.payload_type:
        return ""
    with walk.at("subject"):
        said = statement.parse(found.payload_type, found.payload)
        if artifact not in said.subjects:
            raise EvidenceError("statement.other-subject", "what was signed is about another artifact")
        walk.note(predicates.name_of(said.predicate_type) or said.predicate_type)
    return said.predicate_type


def believing(root: bytes, wanted: Wanted) -> Believed:
    """Whom a trusted root and the command line name, of everything that is attached to an artifact, as a policy would: the stronger format first.

    Raises:
        EvidenceError: as `trust.kept`.
    """
    rule = IdentityRule(root=NAMED, issuer=wanted.issuer, identity=wanted.identity)
    accepts = Accepts(formats=FORMATS, log=wanted.log, certificate_log=wanted.certificate_log)
    return Believed(identities={NAMED: rule}, roots={NAMED: trust.kept(root)}, accepts=accepts)
