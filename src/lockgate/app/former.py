"""What an earlier decision rested on, read back: the bills of materials that came with it, by the keys of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.components import Sbom
from lockgate.core.digest import Digest
from lockgate.core.envelope import Envelope, Leaf
from lockgate.core.policy import Policy, believed
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, record


class Kept(Noun, frozen=True, kw_only=True):
    """A piece of evidence of an earlier decision.

    Attributes:
        digest: of its bytes. media_type: as found. subject: the artifact it was attached to.
    """

    digest: Digest
    media_type: str
    subject: Digest


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    digest: Digest
    media_type: str
    subject: Digest
    before: bool = False


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    items: tuple[_Item, ...] = ()


_decoder = msgspec.json.Decoder(_Manifest)


class Former(NamedTuple):
    """A decision, where it stands. `at`: when it was recorded."""

    event: events.Decided
    artifacts: tuple[Digest, ...]
    envelope: Envelope
    at: datetime


def decision_in(data: bytes) -> Former:
    """The decision in a leaf, whose bytes the log authenticated; who signed it is not checked here. Raises EvidenceError ``event.malformed``."""
    leaf = record.read_leaf(data)
    return former_of(leaf, record.open_envelope(leaf.event))


def former_of(leaf: Leaf, opened: record.Opened) -> Former:
    """The same of a leaf that was read. Raises EvidenceError ``event.malformed``."""
    if not isinstance(opened.event, events.Decided) or leaf.stream != events.stream_of(opened.event):
        raise EvidenceError("event.malformed", "this leaf is no decision")
    return Former(opened.event, opened.subjects, leaf.event, max(leaf.at, opened.event.decided_at))


def pieces(ports: Ports, evidence: Digest) -> tuple[Kept, ...]:
    """What a decision's evidence names that came with the artifacts then.

    Raises:
        UnreadableError: ``blob.missing`` where it was erased; ``blob.altered`` and the like. EvidenceError: ``evidence.malformed``.
    """
    try:
        manifest = _decoder.decode(ports.blobs.get(evidence))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise EvidenceError("evidence.malformed", f"this is no evidence manifest: {str(err)[:200]}") from None
    return tuple(Kept(digest=one.digest, media_type=one.media_type, subject=one.subject) for one in manifest.items if not one.before)


def bills_of(held: Sequence[Kept], blobs: Mapping[Digest, bytes], artifacts: Sequence[Digest], policy: Policy, environment: str, now: datetime) -> list[Sbom]:
    """The bills of materials among these pieces, through the same door as what is attached now (`evidence.artifact`).

    Raises:
        UnreadableError: ``evidence.too-much``.
    """
    found: list[Sbom] = []
    for digest in artifacts:
        evidence = [Evidence(media_type=one.media_type, data=blobs[one.digest], origin=one.digest) for one in held if one.subject == digest]
        read = artifact.read(evidence, policy.keys, {digest}, now, believed(policy, environment)) if evidence else ()
        found += [fact for fact in read if isinstance(fact, Sbom) and fact.found == "attestation"]
    return found
