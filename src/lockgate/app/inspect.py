"""verify: what an artifact carries, what a proof proves, or what a signed event in a file says. Nothing here decides or records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from lockgate import canon
from lockgate.app import prove
from lockgate.app.attach import Bench
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.bound import Bound
from lockgate.core.components import Sbom
from lockgate.core.digest import Digest, Ref, digest_of, parse_ref, pinned
from lockgate.core.examined import Piece
from lockgate.core.facts import Rejected, Summary
from lockgate.core.identity import Fingerprint, Name, PublicKey, Root, Roster, fingerprint
from lockgate.core.ports import Measured
from lockgate.core.requirements import AnyRequirement
from lockgate.core.signers import KEYS_ALONE, Believed
from lockgate.core.trial import Trial
from lockgate.evidence import artifact, asked_for, dsse, record
from lockgate.ledger import note, proof

PermitCode = Literal[
    "",
    "permit.expired",
    "root.expired",
    "permit.other-environment",
    "permit.other-artifact",
    "permit.other-config",
    "permit.revoked",
    "permit.smaller-tree",
]
"""Why a permit whose proof holds lets nothing in."""


class Anchor(Noun, frozen=True, kw_only=True):
    """The pinned root that was believed: the file it stands in, its log's name, its version and digest."""

    file: str
    origin: str
    version: int
    digest: Digest


class SeenArtifact(Noun, frozen=True, kw_only=True):
    """An artifact and what came with it.

    Attributes:
        pinned: the reference with its digest. measured: what reading every byte gave.
        facts: what the evidence says, and what proves nothing. pieces: the same by piece, with the steps that were taken.
        good: at least one signature, provenance or passed summary verified, and nothing is wrong with the bytes.
        root: vouches for the policy whose keys were believed; None where nobody does, or keys were named.
    """

    pinned: str
    measured: Measured
    facts: tuple[artifact.Read, ...]
    good: bool
    root: Anchor | None
    pieces: tuple[Piece, ...] = ()


class SeenProof(Noun, frozen=True, kw_only=True):
    """A leaf that the pinned root's log holds, and whether it permits anything.

    Attributes:
        proven: always: what is not proven is an error.
        index, size, event, subjects, at, signed: as `prove.Proven`. kind: of the event.
        outcome: of a decision; empty for any other event.
        code: where it was allowed: ``permit.expired`` where that is over, ``root.expired`` where the pinned root is; where it was presented as a
            permit (`present`), what else is against it; empty otherwise. because: of a revoked one, the reason.
        listed: how many leaves the status list looked at that it was held against; -1 for no list. runs: past its end, it lets run what runs.
        ignored: how many signatures of the checkpoint are by keys that nobody here knows: they say nothing.
        root: what it was checked against.
    """

    proven: Literal[True]
    index: int
    size: int
    kind: str
    event: events.Event
    subjects: tuple[Digest, ...]
    at: str
    signed: str
    outcome: Literal["", "allowed", "refused", "undecided"]
    code: PermitCode
    because: str = ""
    listed: int = -1
    runs: bool = False
    ignored: int
    root: Anchor


class SeenEvent(Noun, frozen=True, kw_only=True):
    """A signed event in a file.

    Attributes:
        kind, event, subjects: what it says. signed: the key whose signature is good.
        beside: names of fields that stand in the file and that no signature covers; they are ignored.
        by: whose key that is: the person's id, or ``owner`` for an owner's; empty for nobody known.
        code: why nobody vouches for the key: ``key.not-enrolled`` where the roster in force does not have it,
            ``event.unvouched`` where there is no roster that a pinned root stands behind; empty where somebody does.
            ``event.other-log``, whoever signed it, where it was said in another log than the pinned root's.
        root: the pinned root; None for none.
    """

    kind: str
    event: events.Event
    subjects: tuple[Digest, ...]
    signed: Fingerprint
    beside: tuple[str, ...]
    by: str
    code: Literal["", "key.not-enrolled", "event.unvouched", "event.other-log"]
    root: Anchor | None


def anchor(root: Root, file: str) -> Anchor:
    """How a pinned root is told apart from others."""
    return Anchor(file=file, origin=root.log.partition("+")[0], version=root.version, digest=digest_of(canon.encode(root)))


def find_artifact(bench: Bench, ref_text: str, platform: str = "") -> tuple[Ref, Digest]:
    """What a reference names, without anything that judges it. Raises LockgateError from the source."""
    return bench.source.resolve(parse_ref(ref_text), platform)


def inspect_artifact(
    bench: Bench,
    found: tuple[Ref, Digest],
    keys: Mapping[Name, PublicKey],
    root: Anchor | None = None,
    believed: Believed = KEYS_ALONE,
    requires: Sequence[AnyRequirement] = (),
) -> SeenArtifact:
    """Read an artifact and its evidence, believing these keys and identities, for which `root` vouches; and of further types what these requirements ask for.

    Raises:
        LockgateError: from the source.
    """
    ref, digest = found
    measured = bench.source.measure(ref, digest)
    pieces = artifact.examine(bench.source.attached(ref, digest), keys, {digest}, bench.clock.now(), believed, asked_for.for_section(requires))
    facts = tuple(fact for piece in pieces for fact in piece.facts)
    good = not measured.problem and any(_vouches(fact) for fact in facts)
    return SeenArtifact(pinned=pinned(ref, digest), measured=measured, facts=facts, good=good, root=root, pieces=pieces)


def _vouches(fact: artifact.Read) -> bool:
    """Whether somebody we believe says something good of the artifact; what nobody signed says nothing."""
    match fact:
        case Rejected():
            return False
        case Summary():
            return fact.passed
        case Trial():
            return fact.result != "failed"
        case Sbom():
            return bool(fact.keys or fact.by)
        case _:
            return True


def inspect_proof(data: bytes, root: Root, file: str, now: datetime) -> SeenProof:
    """Check a proof file against the pinned root in `file`, and say what the leaf permits at `now`.

    Raises:
        EvidenceError, LedgerError: as `prove.check`.
    """
    proven = prove.check(data, root)
    event = proven.event
    decided = event if isinstance(event, events.Decided) else None
    code: PermitCode = ""
    if decided is not None and decided.outcome == "allowed":
        code = "permit.expired" if decided.not_after is None or decided.not_after <= now else "root.expired" if root.expires <= now else ""
    key = note.parse_vkey(root.log)
    signatures = note.parse_note(proof.parse_proof(data).checkpoint).signatures
    return SeenProof(
        proven=True,
        index=proven.index,
        size=proven.size,
        kind=events.kind_of(event),
        event=event,
        subjects=proven.subjects,
        at=proven.at,
        signed=proven.signed,
        outcome=decided.outcome if decided is not None else "",
        code=code,
        ignored=sum((one.name, one.id) != (key.name, key.id) for one in signatures),
        root=anchor(root, file),
    )


def inspect_event(data: bytes) -> SeenEvent:
    """Read a signed event and check its signature. Nobody vouches for the key yet: see `vouch`. Whether it counts, only the gate's history says.

    Raises:
        EvidenceError: ``event.malformed``, ``sshsig.*``.
    """
    envelope = record.read_envelope(data)
    opened = record.open_envelope(envelope)
    kind = events.kind_of(opened.event)
    return SeenEvent(
        kind=kind,
        event=opened.event,
        subjects=opened.subjects,
        signed=fingerprint(record.person_key(envelope, kind)),
        beside=dsse.beside(data),
        by="",
        code="event.unvouched",
        root=None,
    )


def vouch(seen: SeenEvent, root: Root, roster: Roster | None, pinned: Anchor) -> SeenEvent:
    """The event, with whose key signed it.

    Args:
        root: in force, or the pinned one where there is no gate to ask; its owners are known.
        roster: in force; None where there is no gate to ask.
        pinned: the root that stands behind both.
    """
    by = next((person.id for person in (roster.people if roster else ()) for key in person.keys if fingerprint(key) == seen.signed), "")
    by = by or ("owner" if seen.signed in map(fingerprint, root.owners) else "")
    if isinstance(seen.event, Bound) and seen.event.log != root.genesis:
        return replace(seen, by=by, code="event.other-log", root=pinned)
    return replace(seen, by=by, code="" if by else "key.not-enrolled" if roster is not None else "event.unvouched", root=pinned)
