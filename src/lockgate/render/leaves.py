"""Leaves, proofs and evidence as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from lockgate.core import events
from lockgate.core.digest import Digest, short
from lockgate.core.facts import Provenance, Rejected, Signature
from lockgate.core.identity import PublicKey, fingerprint
from lockgate.core.ports import Measured
from lockgate.render.outcomes import line
from lockgate.render.words import when


def leaf_line(index: int, at: str, stream: str, kind: str, keyid: str, subjects: tuple[Digest, ...], event: events.Event | None, problem: str) -> str:
    """A leaf in one line."""
    if event is None:
        return f"{index:>6}  unreadable: {problem}"
    what = event.outcome if isinstance(event, events.Decided) else keyid[:19]
    about = " ".join(short(subject) for subject in subjects[:2]) + (" …" if len(subjects) > 2 else "")
    return f"{index:>6}  {at}  {stream:<16} {kind:<13} {what:<20} {about}".rstrip()


def leaf_text(index: int, at: str, stream: str, kind: str, keyid: str, subjects: tuple[Digest, ...], event: events.Event | None, problem: str) -> str:
    """A leaf in full."""
    if event is None:
        return f"leaf {index} cannot be read: {problem}"
    return f"leaf {index}, recorded {at} in {stream}\n{event_text(kind, event, subjects, keyid)}"


def event_text(kind: str, event: events.Event, subjects: tuple[Digest, ...], signed: str) -> str:
    """An event: kind, subjects, who signed, and its fields."""
    lines = [f"{kind}, signed by {signed}", *(f"  subject   {subject}" for subject in subjects)]
    for name, value in msgspec.to_builtins(event, str_keys=True).items():
        if name != "outcomes":
            lines.append(f"  {name:<9} {msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value}")
    if isinstance(event, events.Decided):
        lines += [f"  {one.result:<7} {one.requirement}: {line(one)}" for one in event.outcomes]
    return "\n".join(lines)


def proven_text(index: int, size: int, origin: str, event: events.Event, subjects: tuple[Digest, ...], at: str, signed: str) -> str:
    """What a proof file shows."""
    kind = events.kind_of(event)
    return f"proven    leaf {index} of {size} in log {origin}, recorded {at}\n{event_text(kind, event, subjects, signed)}"


def artifact_text(pinned: str, measured: Measured, facts: Iterable[Signature | Provenance | Rejected], keys: Mapping[str, PublicKey]) -> str:
    """An artifact, its bytes and what is attached to it."""
    names = {fingerprint(key): name for name, key in keys.items()}
    bytes_line = (
        f"FAIL  bytes      {measured.problem} at {measured.where}" if measured.problem else f"pass  bytes      {measured.size:,} read, every one matches"
    )
    lines = [pinned, f"  {bytes_line}"]
    for fact in facts:
        match fact:
            case Signature():
                at = f", {when(fact.signed_at)} as it says itself" if fact.signed_at else ""
                lines.append(f"  pass  signature  key {names.get(fact.key, fact.key)}{at}")
            case Provenance():
                by = ", ".join(names.get(key, key) for key in fact.keys)
                lines.append(f"  pass  provenance {fact.builder} from {fact.repository}@{fact.ref}, key {by}")
            case Rejected():
                lines.append(f"  FAIL  evidence   {short(fact.source)} proves nothing: {fact.code}")
    return "\n".join(lines if len(lines) > 2 else [*lines, "  FAIL  evidence   nothing is attached"])
