"""What is said in the house's stream: proposals of documents, what owners say of them, and what they revoke everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lockgate.core import events
from lockgate.core.identity import Fingerprint
from lockgate.core.model import NONE
from lockgate.core.state import KEPT_ANSWERS, KEPT_REQUESTS, Document, OpenProposal, room_for_proposal
from lockgate.errors import EvidenceError, TrustError
from lockgate.evidence.admit_revocation import admit_lift, admit_revoked
from lockgate.evidence.place import Place, read_policy, read_root, read_roster, require_lasting

T = TypeVar("T")

_NEWER = ("Object contains unknown field", "Invalid value", "Invalid enum value", "Expected `str` matching regex")
"""How msgspec begins to complain of a field, a kind, a word or a form of text that is not known here."""


def admit_house(place: Place, event: events.Event, by: str, key: Fingerprint, *, owner: bool) -> None:
    """Whether an event of the house is a fact. Raises EvidenceError, TrustError, by code; UnreadableError where a document cannot be had."""
    house = place.state.house
    if isinstance(event, events.Proposal):
        _admit_proposal(place, event)
        return
    if isinstance(event, events.Revoked):
        admit_revoked(place, event, by, may=owner)
        return
    if isinstance(event, events.Withdrawn) and event.what == "revocation":
        admit_lift(place, event, by, owner=owner, may=False)
        return
    if not isinstance(event, events.Approved | events.Rejected | events.Withdrawn):
        raise EvidenceError("event.other-stream", "only documents are decided in the house's stream")
    proposal = next((one for one in house.proposals if one.id == event.request), None)
    if proposal is None:
        raise EvidenceError("request.unknown", f"{event.request} is no open proposal")
    if place.subjects != (proposal.digest,):
        raise EvidenceError("approval.other-release", f"this is about another document than {event.request} proposes")
    if isinstance(event, events.Withdrawn):
        backed = any((given.by == by or given.key == key) and not given.withdrawn for given in proposal.approvals)
        if (event.what == "request" and by != proposal.by) or (event.what == "approval" and not backed) or event.what == "rejection":
            raise EvidenceError("withdrawal.not-yours", f"no {event.what} of {event.request} by this person stands: only who said it can take it back")
        return
    if not owner:
        raise TrustError("approval.not-owner", f"{by} is no owner: documents are approved by the root's owners")
    if isinstance(event, events.Approved):
        if event.duty != "owner":
            raise EvidenceError("approval.other-duty", "a document is approved under the duty owner")
        replaces = _document(place, proposal)
        if event.shown.to != proposal.digest or event.shown.from_ != (replaces.digest if replaces else NONE):
            raise EvidenceError("approval.from-changed", "this approval was given over another document in force")
        require_lasting(event, place.at)
        if any(given.nonce == event.nonce for one in (*house.proposals, *house.closed) for given in one.approvals):
            raise EvidenceError("approval.replayed", "this very approval was recorded before")
        if len(proposal.approvals) >= KEPT_ANSWERS:
            raise EvidenceError("request.too-many-answers", f"{event.request} has had {KEPT_ANSWERS} approvals, withdrawn ones among them: propose it anew")


def _document(place: Place, proposal: OpenProposal) -> Document | None:
    house = place.state.house
    return {"root": house.root, "roster": house.roster, "policy": house.policy}[proposal.kind]


def _admit_proposal(place: Place, event: events.Proposal) -> None:
    if len(place.subjects) != 1:
        raise EvidenceError("event.malformed", "a proposal is about exactly one document")
    data = place.load(place.subjects[0])
    house = place.state.house
    match event:
        case events.RootProposed():
            root, current = _known(read_root, data), house.root
            version = root.version
            if current is None or root.previous != current.digest or (root.genesis, root.log) != (house.genesis, read_root(place.load(current.digest)).log):
                raise TrustError("root.other-log", "this root does not follow the one in force: it names another log, or another root before it")
        case events.RosterProposed():
            version, current = _known(read_roster, data).version, house.roster
        case _:
            _known(read_policy, data)
            version, current = event.version, house.policy
    if version != event.version or event.version != (current.version if current else 0) + 1 or event.replaces != (current.digest if current else NONE):
        raise EvidenceError("proposal.stale", f"version {event.version} does not follow what is in force")
    if any(one.id == event.id for one in (*house.proposals, *house.closed)):
        raise EvidenceError("request.reused", f"the id {event.id} is taken")
    room = room_for_proposal(house, place.at)
    if len(room.proposals) + len(room.closed) >= KEPT_REQUESTS:
        raise EvidenceError("request.too-many", f"{KEPT_REQUESTS} proposals are open or have approvals that have not ended: one has to end first")


def _known(read: Callable[[bytes], T], data: bytes) -> T:
    """A document, all of which is known here. One that has more is not passed over: a later lockgate goes by it, and what was before it may allow more.

    Raises:
        EvidenceError: ``event.newer``; else as `read`.
    """
    try:
        return read(data)
    except EvidenceError as err:
        if not err.message.partition(": ")[2].startswith(_NEWER):
            raise
        raise EvidenceError("event.newer", f"what is proposed here has something this lockgate does not know: {err.message}") from None
