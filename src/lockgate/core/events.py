"""Everything that is ever recorded, one Struct each; fields are only ever added.

An event is an in-toto Statement v1 whose predicate is one of these, in a DSSE envelope signed by whoever has the
authority to say it (`AUTHORITY`). The log proves only in which order things were said: an event without that
signature is a leaf that means nothing. The subject of the Statement is what the event is about: the release's
artifacts, or the proposed document.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.bound import Bound, Nonce
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.exceptional_events import KINDS as EXCEPTIONAL
from lockgate.core.exceptional_events import Departure
from lockgate.core.identity import Duty, Fingerprint, Name, PersonId
from lockgate.core.model import NONE, DigestOrNone, Fixes, RequestId
from lockgate.core.outcome import Outcome
from lockgate.core.rechecked import Rechecked
from lockgate.core.revocation import EVERY_PERMIT, Reason

PREFIX = "https://lockgate.dev/attestation/"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


class Genesis(Noun, frozen=True, kw_only=True):
    """Leaf 0: ties a root to this one log."""

    origin: str
    nonce: Nonce
    created_at: Time


class Proposal(Bound, frozen=True, kw_only=True):
    """A new version of a document: policy, roster or root. The Statement's subject is the document's digest.

    Attributes:
        id: by which it is approved.
        version: one more than the version in force.
        replaces: the document in force, or ``none``.
        requested_at: as the proposer says.
    """

    id: RequestId
    version: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    replaces: DigestOrNone
    requested_at: Time


class PolicyProposed(Proposal, frozen=True, kw_only=True):
    """A new policy."""


class RosterProposed(Proposal, frozen=True, kw_only=True):
    """A new roster."""


class RootProposed(Proposal, frozen=True, kw_only=True):
    """A new root."""


class Requested(Bound, frozen=True, kw_only=True):
    """Somebody asks to bring a release into an environment.

    Attributes:
        id: by which it is approved and gated.
        environment: where to.
        config: configuration digest or ``none``.
        from_: digest of the release that occupies the environment now, or ``none``.
        requested_at: as the requester says.
        rollback: it asks to go back to what was here before and was replaced.
        fixes: advisories that the release fixes, as the requester says, sorted and each once.
    """

    id: RequestId
    environment: Name
    config: DigestOrNone
    from_: DigestOrNone = msgspec.field(name="from")
    requested_at: Time
    rollback: bool = False
    fixes: Fixes = ()


class Shown(Noun, frozen=True, kw_only=True):
    """The difference an approver was shown, and what of it was not collected.

    Attributes:
        from_: release digest now in the environment, or ``none``.
        to: release digest asked for.
        lines: the difference, as it was shown, by digest of its text; ``none`` where only digests were shown.
        not_collected: parts nobody looked at.
        rollback: it was shown as going back to what was here before.
        fixes: it was shown as a fix of these advisories.
    """

    from_: DigestOrNone = msgspec.field(name="from")
    to: Digest
    lines: DigestOrNone = NONE
    not_collected: tuple[str, ...] = ()
    rollback: bool = False
    fixes: Fixes = ()


class Approved(Bound, frozen=True, kw_only=True):
    """An approver says yes, for one duty, to exactly this.

    Attributes:
        request: the request or proposal.
        environment: the request's; ``house`` for a proposal.
        duty: which duty; ``owner`` for a proposal.
        config: the request's.
        section: digest of the environment's effective section; ``none`` for a proposal.
        baseline: the environment's baseline digest, or ``none``.
        shown: what was put before the approver.
        expires: when it ends, whatever the policy allows.
        nonce: 16 random bytes.
    """

    request: RequestId
    environment: Name
    duty: Name
    config: DigestOrNone
    section: DigestOrNone
    baseline: DigestOrNone
    shown: Shown
    expires: Time
    nonce: Nonce


class Rejected(Bound, frozen=True, kw_only=True):
    """An approver says no; that wins until the same person withdraws it."""

    request: RequestId
    environment: Name
    nonce: Nonce


class Withdrawn(Bound, frozen=True, kw_only=True):
    """Somebody takes back what they said themselves about a request: the request, their approvals, or their rejection; or lifts a revocation.

    Attributes:
        request: what it is about: a request, a proposal, or the revocation.
        environment: as there.
    """

    request: RequestId
    environment: Name
    what: Literal["request", "approval", "rejection", "revocation"]
    nonce: Nonce


class Revoked(Bound, frozen=True, kw_only=True):
    """Somebody who may say no takes back what was allowed: one permit, or digests in this environment, which are the Statement's subjects.

    Attributes:
        id: by which it is lifted.
        environment: where; ``house`` for everywhere.
        reason: from a small list.
        permit: the one permit, by its decision's leaf; `EVERY_PERMIT` for whatever holds one of the subjects.
    """

    id: RequestId
    environment: Name
    reason: Reason
    permit: Annotated[int, msgspec.Meta(ge=EVERY_PERMIT, lt=2**53)] = EVERY_PERMIT


class DeployStarted(Bound, frozen=True, kw_only=True):
    """An enrolled deployer says, before the command runs: it is being deployed by this permit. Until its end is told, nobody knows what runs.

    Attributes:
        permit: leaf index of the decision that allows it.
        environment: where.
        config: configuration digest or ``none``.
        started_at: as the deployer says.
        ends_by: when its end is told at the latest; from then on whoever may deploy there may say that it is not known.
        nonce: 16 random bytes: two processes that begin by one permit in one second say two things.
    """

    permit: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    environment: Name
    config: DigestOrNone
    started_at: Time
    ends_by: Time
    nonce: Nonce


class Built(Noun, frozen=True, kw_only=True):
    """Where what was deployed came from, by the provenance that was verified when it was decided on.

    Attributes:
        builder: ``runDetails.builder.id``.
        source: ``REPOSITORY@REF``; empty where it is not said.
        commit: of the source; empty where it is not said.
        finished_at: as the builder says.
    """

    builder: Annotated[str, msgspec.Meta(max_length=256)]
    source: Annotated[str, msgspec.Meta(max_length=256)] = ""
    commit: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?\Z")] = ""
    finished_at: Time | None = None


class Deployed(Bound, frozen=True, kw_only=True):
    """An enrolled deployer says: it runs there now, by this permit.

    Attributes:
        permit: leaf index of the decision that allowed it.
        environment: where.
        config: configuration digest or ``none``.
        started_at, ended_at: as the deployer says.
        evidence: digest of the evidence manifest the permit rests on; ``none`` where the deployer does not say.
        built: the first few builds that evidence tells of, each once.
    """

    permit: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    environment: Name
    config: DigestOrNone
    started_at: Time
    ended_at: Time
    evidence: DigestOrNone = NONE
    built: Annotated[tuple[Built, ...], msgspec.Meta(max_length=4)] = ()


class DeployFailed(Deployed, frozen=True, kw_only=True):
    """An enrolled deployer says: the deployment by this permit failed, and the permit is not used.

    Attributes:
        exit_status: the command's, 1 to 255; 126 and 127 also where it could not be run, or was not there.
    """

    exit_status: Annotated[int, msgspec.Meta(ge=1, le=255)]


class DeployUnknown(Deployed, frozen=True, kw_only=True):
    """An enrolled deployer says: nobody knows what this deployment left behind, and so what runs there.

    Attributes:
        because: a signal ended the command; it took longer than it was given; whoever ran it was asked to stop meanwhile; its end was
            never told.
        exit_status: the command's, 128 and more for a signal; 0 where it ended well too late, or where nobody saw its end.
    """

    because: Literal["killed", "timed-out", "interrupted", "unfinished"]
    exit_status: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0


class Decided(Bound, frozen=True, kw_only=True):
    """The gate's decision; signed by the permit key. Allowed, it is the deploy permit.

    Attributes:
        environment, config: what was asked, besides the Statement's subject.
        request: the request it goes by; empty for none.
        outcome: ``allowed``, ``refused`` or ``undecided``; `outcomes` say why.
        decided_at: the gate's clock.
        not_after: the end of the permit; None unless allowed.
        engine: lockgate's version. tzdata: the time-zone data's, empty where no zone was used.
        history: how many leaves the decision looked at.
        policy, section: digests in force. root, roster: versions in force.
        evidence: digest of the evidence manifest.
        state: digest of this environment's folded state at `history`.
        actor: fingerprint of the key that asked; empty for nobody proved. person: whom it belongs to.
        status_max_age: how old a status list may be that this permit is checked with, offline; empty where the policy asks for none.
        rules: which of `core.decide`'s own rules it was made by.
        break_glass: by which broken glass it is allowed; empty for the ordinary course.
    """

    environment: Name
    config: DigestOrNone
    request: Annotated[str, msgspec.Meta(pattern=r"^(r-[0-9a-z]{10,26})?\Z")] = ""
    outcome: Literal["allowed", "refused", "undecided"]
    outcomes: tuple[Outcome, ...]
    decided_at: Time
    not_after: Time | None = None
    engine: str
    tzdata: str = ""
    history: int
    policy: Digest
    section: DigestOrNone
    root: int
    roster: int
    evidence: Digest
    state: Digest
    actor: Fingerprint = ""
    person: PersonId | None = None
    status_max_age: Annotated[str, msgspec.Meta(pattern=r"^([1-9][0-9]{0,5}[smhd])?\Z")] = ""
    rules: Annotated[int, msgspec.Meta(ge=0, lt=256)] = 0
    break_glass: Annotated[str, msgspec.Meta(pattern=r"^(g-[0-9a-z]{10,26})?\Z")] = ""


class Asked(Bound, frozen=True, kw_only=True):
    """Who asks the gate: signed for one call, kept as evidence of the decision, never a leaf of its own."""

    environment: Name
    config: DigestOrNone
    nonce: Nonce
    asked_at: Time


Deployment = DeployStarted | Deployed | DeployFailed | DeployUnknown
"""What a deployer says of one deployment."""

Event = (
    Genesis
    | PolicyProposed
    | RosterProposed
    | RootProposed
    | Requested
    | Approved
    | Rejected
    | Withdrawn
    | Revoked
    | Deployment
    | Decided
    | Asked
    | Departure
    | Rechecked
)  # fmt: skip

KINDS: dict[str, type[Event]] = {
    "genesis": Genesis,
    "policy": PolicyProposed,
    "roster": RosterProposed,
    "root": RootProposed,
    "request": Requested,
    "approval": Approved,
    "rejection": Rejected,
    "withdrawal": Withdrawn,
    "revocation": Revoked,
    "deploy-started": DeployStarted,
    "deployed": Deployed,
    "deploy-failed": DeployFailed,
    "deploy-unknown": DeployUnknown,
    "decision": Decided,
    "ask": Asked,
    "rechecked": Rechecked,
    **EXCEPTIONAL,
}
"""Kind -> its Struct. The predicate type is ``https://lockgate.dev/attestation/<kind>/v1``; the SSHSIG namespace
``lockgate-<kind>@v1``."""

_NAMES = {struct: kind for kind, struct in KINDS.items()}

HOUSE = "house"
"""The stream of documents: root, roster and policy."""


def kind_of(event: Event) -> str:
    """The event's kind."""
    return _NAMES[type(event)]


def predicate_type(kind: str) -> str:
    """The kind's predicate type."""
    return f"{PREFIX}{kind}/v1"


def namespace(kind: str) -> str:
    """The SSHSIG namespace people sign this kind under (PROTOCOL.sshsig): a signature for one kind is none for another."""
    return f"lockgate-{kind}@v1"


def stream_of(event: Event) -> str:
    """The stream an event belongs to: ``house`` or ``env:<name>``."""
    match event:
        case Genesis() | Proposal():
            return HOUSE
        case _:
            return HOUSE if event.environment == HOUSE else f"env:{event.environment}"


def duty_for(event: Event) -> Duty | None:
    """The duty a person needs, in the event's environment, to say it; None where another rule holds."""
    match event:
        case Requested():
            return "request"
        case Approved():
            return f"approve:{event.duty}"
        case DeployStarted() | Deployed():
            return "deploy"
        case _:
            return None
