"""trusted-root: whom Sigstore's trusted root believes, and what another one changes about that."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from lockgate.canon import Noun
from lockgate.core.digest import Digest, digest_of
from lockgate.evidence.sigstore import certificate, trust
from lockgate.evidence.sigstore.trust import Authority, Log

KINDS = ("certificate-authority", "certificate-log", "transparency-log", "time-stamper")


class Believed(Noun, frozen=True, kw_only=True):
    """One who is believed.

    Attributes:
        kind: one of `KINDS`. name: a log's host, or the subject of an authority's nearest certificate; it is no proof of anything.
        id: how a log is named by what it signed, hex; behind a space how its checkpoints name it, where that is not how this begins; empty
            for authorities.
        key: SHA-256 of the public key (SubjectPublicKeyInfo) of a log, or of the certificates of an authority, one after the other.
        algorithm: of a log's key; empty for authorities, whose certificates say it.
        start, end: when it is believed, both inside; None for no bound.
    """

    kind: str
    name: str
    id: str
    key: Digest
    algorithm: str
    start: datetime | None
    end: datetime | None


class SeenRoot(Noun, frozen=True, kw_only=True):
    """A trusted root: the digest of its bytes, and whom it believes."""

    digest: Digest
    believed: tuple[Believed, ...]


class Change(Noun, frozen=True, kw_only=True):
    """What another root changes about one who is believed: `then`, when it was believed before, and only where that is another time."""

    what: Literal["added", "removed", "other-time"]
    who: Believed
    then: tuple[datetime | None, datetime | None] | None = None


def inspect_root(data: bytes) -> SeenRoot:
    """Read a trusted root. Raises EvidenceError as `trust.parse`; ``certificate.malformed``."""
    root = trust.parse(data)
    found = [
        *(_authority("certificate-authority", one) for one in root.authorities),
        *(_log("certificate-log", one) for one in root.certificate_logs),
        *(_log("transparency-log", one) for one in root.logs),
        *(_authority("time-stamper", one) for one in root.time_stampers),
    ]
    return SeenRoot(digest=digest_of(data), believed=tuple(found))


def changes(old: SeenRoot, new: SeenRoot) -> tuple[Change, ...]:
    """What the new root changes: who is believed by it alone, who no more, and who at another time. A name that alone is another changes nothing."""
    before, after = ({(*_same(one), one.start, one.end) for one in root.believed} for root in (old, new))
    gone = [one for one in old.believed if (*_same(one), one.start, one.end) not in after]
    found = []
    for one in new.believed:
        if (*_same(one), one.start, one.end) in before:
            continue
        was = next((each for each in gone if _same(each) == _same(one)), None)
        if was is not None:
            gone.remove(was)
        found.append(Change(what="added", who=one) if was is None else Change(what="other-time", who=one, then=(was.start, was.end)))
    return (*(Change(what="removed", who=one) for one in gone), *found)


def _same(one: Believed) -> tuple[str, ...]:
    """What makes it the same one."""
    return (one.kind, one.id, one.key, one.algorithm)


def _authority(kind: str, one: Authority) -> Believed:
    subject = certificate.load(one.chain[0]).subject.rfc4514_string()
    return Believed(kind=kind, name=subject[:200], id="", key=digest_of(b"".join(one.chain)), algorithm="", start=one.valid.start, end=one.valid.end)


def _log(kind: str, one: Log) -> Believed:
    id_ = one.id.hex() if one.id.startswith(one.hint) else f"{one.id.hex()} {one.hint.hex()}"
    return Believed(kind=kind, name=one.host, id=id_, key=digest_of(one.key.spki), algorithm=one.key.algorithm, start=one.valid.start, end=one.valid.end)
