"""What verified evidence says. Only `evidence/` makes facts.

Each fact names the digest of the bytes it came from. A source answers `Complete` or `Unreadable`; absence follows only
from `Complete`, and a kind nobody gathered is `Unreadable`, not absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.identity import Fingerprint, Name, Occupancy, PersonId, Roster
from lockgate.core.model import DigestOrNone, Fixes, Release, RequestId
from lockgate.core.revocation import Revocation


class Intact(Noun, frozen=True, kw_only=True):
    """Every byte of an artifact was read, and this came of it.

    Attributes:
        subject: the artifact's digest.
        problem: empty where all matched; else the code: ``digest.mismatch``, ``digest.missing``, ``digest.truncated``.
        where: the part that is wrong.
        inside: of an index, the images it lists.
    """

    subject: Digest
    problem: str = ""
    where: str = ""
    inside: tuple[Digest, ...] = ()


class Holder(Noun, frozen=True, kw_only=True):
    """Who held a certificate that signed, as a trusted root vouches for it.

    Attributes:
        names: the policy's identities that mean this certificate; at least one.
        subject, issuer, claims: what the certificate says: whom it names, who authenticated them, and what else.
        root: the policy's name of the trusted root.
        at: the earliest time the signature is known to have existed; known: by whose word, a time-stamping authority's or a log's.
        logged: the index of its entry in the transparency log; -1 for none.
    """

    names: tuple[Name, ...]
    subject: str
    issuer: str
    root: Name
    at: Time
    known: Literal["time-stamp", "log"]
    logged: int = -1
    claims: dict[str, str] = {}


class Signature(Noun, frozen=True, kw_only=True):
    """A key, or the holder of a certificate, signed this artifact.

    Attributes:
        subject: the artifact's digest.
        key: the key whose signature verified; empty where a certificate did.
        signed_at: when, as the signer says, or of a certificate, as is known; None where the format does not say.
        source: digest of the evidence bytes.
        by: the certificate's holder; None for a key.
    """

    subject: Digest
    key: Fingerprint
    source: Digest
    signed_at: Time | None = None
    by: Holder | None = None


class Material(Noun, frozen=True, kw_only=True):
    """Something that went into a build: where it came from, and its digests, such as ``sha1:c0ffee…``; either may be empty."""

    uri: str = ""
    digests: tuple[str, ...] = ()


class Provenance(Noun, frozen=True, kw_only=True):
    """A builder says how it built this artifact (SLSA provenance v1 or v0.2).

    Attributes:
        subject: the artifact's digest.
        keys: the keys whose signatures over it verified, sorted.
        builder: ``runDetails.builder.id``; in v0.2 ``builder.id``.
        repository: of the source, such as ``git+https://github.com/acme/shop``; empty where it is not said.
        ref: of the source, such as ``refs/heads/main``; empty where it is not said.
        commit: the source's commit, 40 or 64 hex digits; empty where it is not said.
        finished_at: as the builder says.
        source: digest of the evidence bytes.
        by: the holder of the certificate that signed it; None where keys did.
        entry_point: the file in the source that says how to build, such as ``.github/workflows/release.yml``; empty where it is not said.
        level: such as ``SLSA_BUILD_LEVEL_3``, as the builder's own name claims it; empty where it does not. Nobody verified it.
        materials: everything the builder says went in, at most 4,096.
    """

    subject: Digest
    keys: tuple[Fingerprint, ...]
    builder: str
    source: Digest
    repository: str = ""
    ref: str = ""
    commit: str = ""
    finished_at: Time | None = None
    entry_point: str = ""
    level: str = ""
    materials: tuple[Material, ...] = ()
    by: Holder | None = None


class Summary(Noun, frozen=True, kw_only=True):
    """A verifier says what it made of this artifact (SLSA verification summary v1).

    Attributes:
        subject: the artifact's digest.
        keys: the keys whose signatures over it verified, sorted.
        verifier: ``verifier.id``.
        resource: ``resourceUri``: as what it was verified.
        passed: whether ``verificationResult`` is PASSED.
        source: digest of the evidence bytes.
        levels: ``verifiedLevels``, as they stand there.
        policy: ``policy.uri``; empty where it is not said. policy_digest: the SHA-256 in ``policy.digest``; empty where there is none.
        verified_at: ``timeVerified``, as the verifier says.
        raw: the keys' ECDSA signatures are r and s side by side (IEEE P1363), not DER.
        by: the holder of the certificate that signed it; None where keys did.
    """

    subject: Digest
    keys: tuple[Fingerprint, ...]
    verifier: str
    resource: str
    passed: bool
    source: Digest
    levels: tuple[str, ...] = ()
    policy: str = ""
    policy_digest: str = ""
    verified_at: Time | None = None
    raw: bool = False
    by: Holder | None = None


class Vouched(Noun, frozen=True, kw_only=True):
    """What every fact shares that somebody says of an artifact in a signed statement.

    Attributes:
        subject: the artifact's digest.
        source: digest of the evidence bytes.
        keys: the keys whose signatures over it verified, sorted. by: the holder of the certificate that signed it; None where keys did.
    """

    subject: Digest
    source: Digest
    keys: tuple[Fingerprint, ...] = ()
    by: Holder | None = None


class Rejected(Noun, frozen=True, kw_only=True):
    """Evidence that was attached and proves nothing, with the reason: it explains refusals and never opens anything.

    Attributes:
        source: digest of the evidence bytes.
        code: why, such as ``dsse.bad-signature``.
        predicate: its predicate type, where that could be read.
    """

    source: Digest
    code: str
    predicate: str = ""


class Source(Noun, frozen=True, kw_only=True):
    """A piece of evidence that proves something about an artifact, by the digests of both."""

    subject: Digest
    source: Digest


class Given(Noun, frozen=True, kw_only=True):
    """An approval as it stands in history.

    Attributes:
        person: who gave it.
        key: with which key.
        duty: for which duty (without ``approve:``).
        at: when lockgate recorded it.
        expires: when its giver wants it to end.
        section: the effective policy section it was given under.
        baseline: the environment's baseline it was given under.
        from_: the release that occupied the environment then, by digest.
        leaf: where it stands.
        nonce: its own; seen twice is a replay.
        withdrawn: its giver took it back.
    """

    person: PersonId
    key: Fingerprint
    duty: Name
    at: Time
    expires: Time
    section: Digest
    baseline: DigestOrNone
    from_: DigestOrNone = msgspec.field(name="from")
    leaf: int
    nonce: str
    withdrawn: bool = False


class Request(Noun, frozen=True, kw_only=True):
    """A request to bring a release into an environment, with all that was said about it since.

    Attributes:
        id: its id.
        release: what it asks for.
        by: the requester.
        at: when it was recorded.
        given: approvals, oldest first.
        rejected_by: people who rejected it and did not take that back.
        taken_back: nonces of the withdrawals that took a rejection back; seen twice is a replay.
        withdrawn: the requester took it back.
        decision: leaf of the newest decision that allowed it; -1 for none.
        permit_until: the end of that decision's permit. permit_by: whom it is for, where they proved who they are.
        deployed: leaf of the newest `deployed` under it; -1 for none.
        over: another release, or another configuration, occupied the environment after it was deployed.
        rollback: it asks to go back to what was here before.
        fixes: the advisories that it says it fixes.
    """

    id: RequestId
    release: Release
    by: PersonId
    at: Time
    given: tuple[Given, ...] = ()
    rejected_by: tuple[PersonId, ...] = ()
    taken_back: tuple[str, ...] = ()
    withdrawn: bool = False
    decision: int = -1
    permit_until: Time | None = None
    permit_by: PersonId | None = None
    deployed: int = -1
    over: bool = False
    rollback: bool = False
    fixes: Fixes = ()


class Stay(Noun, frozen=True, kw_only=True):
    """A release occupied an environment without a break.

    Attributes:
        release: artifacts and configuration; a changed configuration is another stay.
        since: when lockgate recorded the first `deployed` of it.
        until: when lockgate recorded what replaced it; None while it lasts.
        decision: the leaf that permitted it.
        deployer: who signed `deployed`.
        known: ``claimed`` by the deployer or ``observed`` by another identity.
        leaf: of the `deployed` event that began it.
        end: ``unknown`` where it ends because nobody knows what runs since `until`; empty where it was replaced, or lasts.
        fell: its permit fell while it was being deployed: it ran there, and that counts for nothing elsewhere.
    """

    release: Release
    since: Time
    until: Time | None = None
    decision: int
    deployer: PersonId
    known: Occupancy = "claimed"
    leaf: int
    end: Literal["", "unknown"] = ""
    fell: bool = False


class Enrolled(Noun, frozen=True, kw_only=True):
    """The roster in force when the decision is made."""

    roster: Roster


class InForce(Noun, frozen=True, kw_only=True):
    """The effective policy section and baseline the decision is made under, and what occupies the environment now."""

    section: Digest
    baseline: DigestOrNone
    from_: DigestOrNone = msgspec.field(name="from")
    time: Literal["unattested", "attested"] = "unattested"


Fact = Intact | Signature | Provenance | Summary | Vouched | Rejected | Source | Request | Stay | Enrolled | InForce | Revocation
F = TypeVar("F")


class Need(NamedTuple):
    """A kind of fact, and for history kinds the environment it is asked of (empty: the subject's own)."""

    kind: type
    environment: str = ""


class Complete(msgspec.Struct, Generic[F], frozen=True, kw_only=True):
    """All there is of a kind: what is not among `items` is not.

    Attributes:
        items: the facts.
        as_of: when that was so.
    """

    items: tuple[F, ...]
    as_of: Time


class Unreadable(Noun, frozen=True, kw_only=True):
    """The source could not be read: nothing is known.

    Attributes:
        code: why, such as ``ref.unreadable``.
    """

    code: str


Gathered = Complete[Any] | Unreadable
"""What is filed under a `Need`: facts of that very kind, or why they could not be had."""


class Facts:
    """Facts, asked for by kind and environment. Immutable once made."""

    def __init__(self, gathered: Mapping[Need, Gathered]) -> None:
        self._gathered = dict(gathered)

    def of(self, kind: type[F], environment: str = "") -> Complete[F] | Unreadable:
        """All facts of a kind, or why they could not be had; a kind that was never gathered is `Unreadable`."""
        return self._gathered.get(Need(kind, environment), Unreadable(code="facts.not-gathered"))

    def replace(self, need: Need, value: Gathered) -> Facts:
        """The same facts with one kind replaced."""
        return Facts({**self._gathered, need: value})

    def needs(self) -> tuple[Need, ...]:
        """What was gathered."""
        return tuple(self._gathered)
