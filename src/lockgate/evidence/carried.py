"""What an artifact carries, by its own word: for whoever writes a policy and wants to know what there is. Nothing here is a fact.

`artifact.read` makes facts under keys that are known. What is left is still worth being told of: which key a signature
names, what kind of statement it is, which builder it claims. All of it is text of whoever attached it.
"""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.canon import Noun
from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, opened, predicates, slsa, statement, vsa


class Claim(Noun, frozen=True, kw_only=True):
    """A piece of evidence, by its own word.

    Attributes:
        source: digest of its bytes. media_type: as found.
        predicate: the type it claims to be; empty where that cannot be read. name: what people call that type; empty for one not known.
        keyids: what its signatures name as their keys, each once; an empty one where a signature names none.
        about: whether it says it is about this artifact.
        builder, repository, ref: what provenance claims; empty for anything else.
        verifier, resource: what a verification summary claims; empty for anything else.
        problem: why it cannot be read, by code; empty where it can.
    """

    source: Digest
    media_type: str
    predicate: str = ""
    name: str = ""
    keyids: tuple[str, ...] = ()
    about: bool = False
    builder: str = ""
    repository: str = ""
    ref: str = ""
    verifier: str = ""
    resource: str = ""
    problem: str = ""


class Survey(Noun, frozen=True, kw_only=True):
    """What an artifact carries.

    Attributes:
        pinned: the reference with its digest. digest, media_type: the artifact's. platforms: as it says itself.
        facts: what proves something under the keys that were offered, and what does not. claims: each piece by its own word.
    """

    pinned: str
    digest: Digest
    media_type: str
    platforms: tuple[str, ...]
    facts: tuple[artifact.Read, ...]
    claims: tuple[Claim, ...]


SIGNATURE = artifact.SIGNATURE_TYPE
"""The predicate type of a signature."""


def claims(evidence: Sequence[Evidence], digest: Digest) -> tuple[Claim, ...]:
    """Each piece by its own word, in their order, the same bytes once.

    Args:
        evidence: within the bounds of `artifact.read`, which has looked at it before.
        digest: the artifact it came with.
    """
    pieces = {digest_of(piece.data): piece for piece in evidence}
    return tuple(_claim(piece, source, digest) for source, piece in pieces.items())


def _claim(piece: Evidence, source: Digest, digest: Digest) -> Claim:
    keyids: tuple[str, ...] = ()
    try:
        found = opened.take_apart(piece)
        if found.envelope is None:  # it names no key, and can be nothing but a signature
            return Claim(source=source, media_type=piece.media_type, predicate=SIGNATURE, name=predicates.name_of(SIGNATURE))
        envelope = found.envelope
        keyids = tuple(dict.fromkeys(part.keyid for part in envelope.signatures))
        said = statement.parse(envelope.payload_type, envelope.payload)
        built = slsa.of(said.predicate_type, said.predicate, digest, (), source) if said.predicate_type in slsa.PREDICATE_TYPES else None
        verified = vsa.read(said.predicate, digest, (), source) if said.predicate_type == vsa.PREDICATE_TYPE else None
    except EvidenceError as err:
        return Claim(source=source, media_type=piece.media_type, keyids=keyids, problem=err.code)
    return Claim(
        source=source,
        media_type=piece.media_type,
        predicate=said.predicate_type,
        name=predicates.name_of(said.predicate_type),
        keyids=keyids,
        about=digest in said.subjects,
        builder=built.builder if built else "",
        repository=built.repository if built else "",
        ref=built.ref if built else "",
        verifier=verified.verifier if verified else "",
        resource=verified.resource if verified else "",
    )
