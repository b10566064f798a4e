"""A permit in a file, presented to somebody who may let the release in: checked offline, beyond what its proof shows.

What `prove.check` and `inspect.inspect_proof` said before stands: the leaf is in the log, the permit key signed it, it allowed, and it has not ended. Here:

  1  it is a permit, for the environment that is asked about
  2  for exactly these artifacts, and this configuration
  3  a status list is there where the permit or whoever asks wants one, signed, fresh, and of no smaller tree than the permit
  4  the list does not say that it was revoked
  5  neither tree is smaller than one that was seen before, and of the same size it is the same tree
  6  past its end it still lets *run* what the list says runs there, where that is all that is asked

Each of these that does not hold has its code. Whether the permit was used, no file shows: the gate knows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from lockgate.app.inspect import PermitCode, SeenProof
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.identity import Name, Root
from lockgate.core.model import DigestOrNone, Release
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from lockgate.evidence import status
from lockgate.ledger.checkpoint import Checkpoint, verify_checkpoint
from lockgate.ledger.note import parse_vkey
from lockgate.ledger.proof import verify_proof


class Terms(Noun, frozen=True, kw_only=True):
    """What whoever verifies a permit asks of it.

    Attributes:
        environment: where it should be for; empty for wherever it is.
        artifacts: digests that it should name; inside: images inside these. config: its configuration; None for any.
        status: the bytes of a status list; None for none.
        run: whether it is to restart or scale what runs there already, and not to bring anything in.
    """

    environment: Name | Literal[""] = ""
    artifacts: tuple[Digest, ...] = ()
    inside: tuple[Digest, ...] = ()
    config: DigestOrNone | None = None
    status: bytes | None = None
    run: bool = False

    def asks(self) -> bool:
        """Whether anything is asked that only a permit answers."""
        return self != Terms()


def present(data: bytes, seen: SeenProof, terms: Terms, root: Root, now: datetime, remembered: bytes | None) -> tuple[SeenProof, bytes]:
    """Check an allowed decision's proof as a permit; its `code` then says what is against it. With it comes the newest signed head it showed.

    Args:
        data, seen: the proof file, and what `inspect_proof` made of it.
        terms: what is asked.
        root: pinned. now: UTC.
        remembered: the newest head of this log that was seen before; None for none.

    Raises:
        EvidenceError: ``permit.none`` where the file is no permit; ``head.forked``; as `status.read`.
        UnreadableError: ``status.missing``, ``status.too-old``: whether it was revoked is not known; ``head.unreadable``.
    """
    decided = seen.event
    if not isinstance(decided, events.Decided) or decided.outcome != "allowed":
        raise EvidenceError("permit.none", f"leaf {seen.index} is no permit: its kind is {seen.kind}{f', {seen.outcome}' if seen.outcome else ''}")
    proven, fresh = verify_proof(data, root.log), None
    release = Release(artifacts=seen.subjects, config=decided.config)
    code: PermitCode = _other(decided, release, terms)
    if terms.status is not None:
        fresh = status.read(terms.status, root, now, decided.status_max_age)
        _require_not_older(fresh.checkpoint, proven.checkpoint)
    elif (decided.status_max_age or terms.run) and not code and seen.code in {"", "permit.expired"}:
        wanted = f"no older than {decided.status_max_age}" if decided.status_max_age else "that says what runs"
        raise UnreadableError("status.missing", f"this permit is taken with a status list {wanted}, and none was given: whether it was revoked is not known")
    if fresh is not None and (gone := status.struck(fresh.said, decided.environment, seen.index, release, terms.inside)) is not None:
        code = code or "permit.revoked"
        seen = replace(seen, because=gone.reason)
    newest = fresh.checkpoint if fresh is not None else proven.checkpoint
    code = code or _against_memory(newest, remembered, root)
    code = code or ("root.expired" if now >= root.expires else "")
    runs = fresh is not None and terms.run and seen.code == "permit.expired" and status.lets_run(fresh.said, decided.environment, release)
    note = fresh.said.checkpoint.encode() if fresh is not None else proven.note
    listed = fresh.checkpoint.size if fresh is not None else -1
    return replace(seen, code=code or ("" if runs else seen.code), listed=listed, runs=runs and not code), note


def _other(decided: events.Decided, release: Release, terms: Terms) -> Literal["", "permit.other-environment", "permit.other-artifact", "permit.other-config"]:
    """Steps 1 and 2."""
    if terms.environment and terms.environment != decided.environment:
        return "permit.other-environment"
    if not set(terms.artifacts) <= set(release.artifacts):
        return "permit.other-artifact"
    if terms.config is not None and terms.config != release.config:
        return "permit.other-config"
    return ""


def _require_not_older(listed: Checkpoint, permit: Checkpoint) -> None:
    """Step 3: the list looked at the permit's tree, or one that grew since. Raises EvidenceError ``status.older-tree``, ``head.forked``."""
    if listed.size < permit.size:
        raise EvidenceError("status.older-tree", f"the status list looked at {listed.size} leaves, and the permit's tree has {permit.size}")
    if listed.size == permit.size and listed.root != permit.root:
        raise EvidenceError("head.forked", "the permit and the status list are of two trees of one size: the log says one thing here and another there")


def _against_memory(newest: Checkpoint, remembered: bytes | None, root: Root) -> Literal["", "permit.smaller-tree"]:
    """Step 5."""
    if remembered is None:
        return ""
    try:
        held = verify_checkpoint(remembered, parse_vkey(root.log))
    except LedgerError as err:
        raise UnreadableError("head.unreadable", f"the head this account remembers of this log is damaged: {err.message}") from None
    if held.size == newest.size and held.root != newest.root:
        raise EvidenceError("head.forked", "this account remembers another tree of the same size: the log says one thing here and another there")
    return "permit.smaller-tree" if newest.size < held.size else ""
