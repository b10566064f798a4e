"""verify: what an artifact carries, or what a signed event in a file says. Nothing here decides or records."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.app.attach import Bench
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, Ref, parse_ref, pinned
from lockgate.core.facts import Provenance, Rejected, Signature
from lockgate.core.identity import Fingerprint, Name, PublicKey, fingerprint
from lockgate.core.ports import Measured
from lockgate.evidence import artifact, record


class SeenArtifact(Noun, frozen=True, kw_only=True):
    """An artifact and what came with it.

    Attributes:
        pinned: the reference with its digest. measured: what reading every byte gave.
        facts: what the evidence says, and what proves nothing.
        good: at least one signature or provenance verified, and nothing is wrong with the bytes.
    """

    pinned: str
    measured: Measured
    facts: tuple[Signature | Provenance | Rejected, ...]
    good: bool


class SeenEvent(Noun, frozen=True, kw_only=True):
    """A signed event in a file: its kind, what it says and who signed it."""

    kind: str
    event: events.Event
    subjects: tuple[Digest, ...]
    signed: Fingerprint


def find_artifact(bench: Bench, ref_text: str, platform: str = "") -> tuple[Ref, Digest]:
    """What a reference names, without anything that judges it. Raises LockgateError from the source."""
    return bench.source.resolve(parse_ref(ref_text), platform)


def inspect_artifact(bench: Bench, found: tuple[Ref, Digest], keys: Mapping[Name, PublicKey]) -> SeenArtifact:
    """Read an artifact and its evidence, believing these keys.

    Raises:
        LockgateError: from the source.
    """
    ref, digest = found
    measured = bench.source.measure(ref, digest)
    facts = tuple(artifact.read(bench.source.attached(ref, digest), keys, {digest}, bench.clock.now()))
    good = not measured.problem and any(isinstance(fact, Signature | Provenance) for fact in facts)
    return SeenArtifact(pinned=pinned(ref, digest), measured=measured, facts=facts, good=good)


def inspect_event(data: bytes) -> SeenEvent:
    """Read a signed event and check its signature. Whether its signer may say it, only the gate's history knows.

    Raises:
        EvidenceError: ``event.malformed``, ``sshsig.*``.
    """
    envelope = record.read_envelope(data)
    opened = record.open_envelope(envelope)
    kind = events.kind_of(opened.event)
    return SeenEvent(kind=kind, event=opened.event, subjects=opened.subjects, signed=fingerprint(record.person_key(envelope, kind)))
