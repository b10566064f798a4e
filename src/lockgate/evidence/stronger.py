"""A signature that failed in a strong format is not rescued by one in a weaker format that is good (ADR 0027).

Only where the policy lists formats is one weaker than another. Whom a piece that failed is *by* is what it claims, for nothing in it was
verified: the key it hints at or names, the identity in its certificate. What it may do is take away, never give: the signer it claims counts
in no weaker format, and in that same format, or a stronger, as before. Whoever can attach such a piece could as well take the good ones away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple

from msgspec.structs import replace

from lockgate.core.facts import Provenance, Rejected, Signature, Summary, Vouched
from lockgate.core.identity import EvidenceKey, Fingerprint
from lockgate.core.signers import Accepts, Believed, Format
from lockgate.errors import EvidenceError
from lockgate.evidence import certified, dsse
from lockgate.evidence.sigstore import bundle, identity
from lockgate.evidence.sigstore.verify import Verified
from lockgate.evidence.steps import Walk

Read = Signature | Provenance | Summary | Vouched | Rejected

SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1"
"""The predicate type of a signature that says nothing but "signed"; ``signedAt`` in its predicate says when."""

ANY = ""
"""The kind of what does not say what it is."""

PER_CHARACTER = 1024
"""What a pattern that goes through one character counts as (some 1.3 µs), as `dsse.work` counts it."""


class Outcome(NamedTuple):
    """What came of a piece.

    Attributes:
        format: of it. facts: what it proves, or why it proves nothing.
        claims: the signers it claims, where verifying failed: fingerprints, and names of identities. kind: the predicate type it claims.
        walk: the steps. certified: whether a certificate signed it, by its own word. verified: what its signature proves, where one did.
    """

    format: Format | Literal["unsigned"]
    facts: Sequence[Read]
    claims: AbstractSet[str] = frozenset()
    kind: str = ANY
    walk: Walk | None = None
    certified: bool = False
    verified: Verified | None = None


def matters(accepts: Accepts) -> bool:
    """Whether one format is weaker than another here."""
    return len(accepts.formats) > 1


def work(whole: bundle.Bundle, believed: Believed) -> int:
    """What `claimed` costs at most beside hashing, as `dsse.work` counts it: any name may stand in a certificate that nobody vouches for."""
    if not matters(believed.accepts):
        return 0
    try:
        who = identity.read(whole.chain[0])
    except EvidenceError:
        return 0  # it claims nobody
    subjects = sum(rule.identity is None for rule in believed.identities.values())
    issuers = sum(rule.issuer is None for rule in believed.identities.values())
    return PER_CHARACTER * (subjects * len(who.subject) + issuers * len(who.issuer))


def claimed(
    envelope: dsse.Envelope | None, hint: str, whole: bundle.Bundle | None, known: Mapping[Fingerprint, EvidenceKey], believed: Believed
) -> frozenset[str]:
    """The signers of the policy that a piece claims to be by, which is not verified: keys it names or hints at, and identities that mean its certificate."""
    found = {part.keyid for part in envelope.signatures if part.keyid in known} if envelope is not None else set[str]()
    found |= {name for name, key in known.items() if hint and bundle.hint_of(key) == hint}
    try:
        return frozenset(found | set(certified.meant(identity.read(whole.chain[0]), believed)) if whole is not None else found)
    except EvidenceError:
        return frozenset(found)


def not_rescued(outcomes: Sequence[Outcome], accepts: Accepts) -> tuple[tuple[Read, ...], ...]:
    """The facts of each piece in their order, without those of signers whose evidence of the same kind failed in a stronger format."""
    rank: dict[str, int] = {name: place for place, name in enumerate(accepts.formats)}
    failed = [(rank.get(one.format, 0), one) for one in outcomes if one.claims]
    facts: list[tuple[Read, ...]] = []
    for outcome in outcomes:
        mine = rank.get(outcome.format, 0)
        stronger = [one for at, one in failed if at < mine]
        facts.append(tuple(_without(fact, stronger) if stronger else fact for fact in outcome.facts))
    return tuple(facts)


def _without(fact: Read, stronger: Sequence[Outcome]) -> Read:
    if isinstance(fact, Rejected):
        return fact
    signs = isinstance(fact, Signature)
    barred = {name for one in stronger if one.kind == ANY or (one.kind == SIGNATURE_TYPE) == signs for name in one.claims}
    if fact.by is not None:
        names = tuple(name for name in fact.by.names if name not in barred)
        return replace(fact, by=replace(fact.by, names=names)) if names else _barred(fact)
    if isinstance(fact, Signature):
        return _barred(fact) if fact.key in barred else fact
    left = tuple(key for key in fact.keys if key not in barred)
    return replace(fact, keys=left) if left else _barred(fact)


def _barred(fact: Signature | Provenance | Summary | Vouched) -> Rejected:
    return Rejected(source=fact.source, code="evidence.stronger-failed", predicate=SIGNATURE_TYPE if isinstance(fact, Signature) else "")
