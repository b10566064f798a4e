"""The main path: resolve, look at history, fetch, read, decide, record. Every entry point goes through `gate`.

  1  release    each reference resolved once; from here on only digests
  2  history    root, roster, policy and state in force, at one history size
  3  gathered   artifacts and evidence, all at once; a failure becomes `Unreadable`
  4  decision   `core.decide`, pure
  5  recorded   evidence, then the leaf by compare-and-append: if anything that matters was recorded since 2, begin again

Not recorded means not allowed: nobody hears ``allowed`` before the leaf is durable. And what would be no fact where it
stands is not recorded: the decision goes through the same `history.admit` as everything people say.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lockgate import __version__
from lockgate.app import say
from lockgate.app.asking import question, subject_of
from lockgate.app.earlier import with_earlier
from lockgate.app.gather import Basket, Manifest, complete, fetch, keep
from lockgate.app.hours import tzdata_of, with_zones
from lockgate.app.inside import with_inside
from lockgate.app.permit import outstanding, standing
from lockgate.app.project import Projection, documents, look_beside, newest, project
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.decide import RULES, Judgement, decide
from lockgate.core.digest import Digest, Ref, digest_of, parse_ref, pinned
from lockgate.core.duration import span
from lockgate.core.identity import Name, fingerprint
from lockgate.core.model import NONE, DigestOrNone, Release, Subject
from lockgate.core.outcome import Outcome
from lockgate.core.policy import section_digest
from lockgate.core.ports import PersonSigner, Receipt, Signer
from lockgate.core.state import Permit, state_digest
from lockgate.errors import ConflictError, EvidenceError, LedgerError, TrustError, UsageError
from lockgate.evidence import history, record

MAX_ARTIFACTS = 64
NEVER = datetime.max.replace(tzinfo=UTC)
_FITS = re.compile(r"[ -~]{1,128}\Z").match


class GateRequest(Noun, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        refs: where the artifacts are, as the user named them.
        environment: where to.
        config: configuration digest or ``none``.
        request: the request to go by; empty to find the one that fits.
        key: idempotency key, 1 to 128 printable ASCII characters: asked again with it, the first
            decision is the answer, as long as it stands.
        nonce: 16 random bytes in hex, for the signed question.
        platform: ``os/arch``, where an index holds several.
    """

    refs: tuple[str, ...]
    environment: Name
    config: DigestOrNone = NONE
    request: str = ""
    key: str
    nonce: str
    platform: str = ""


class Gated(Noun, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        decision: as recorded; for a refusal that was recorded before, as it would be now.
        index: its leaf; for such a refusal, the leaf of the one before.
        new: False where nothing was appended: a retry, a permit the asker holds already, or a refusal by the same section with the same outcome as the last.
        release: what was asked about. pinned: its references with digests.
        unpinned: no root was pinned: nobody vouches for this, and it is never ``allowed``.
    """

    decision: events.Decided
    index: int
    new: bool
    release: Release
    pinned: tuple[str, ...]
    unpinned: bool


class Resolved(Noun, frozen=True, kw_only=True):
    """A release and where its bytes are."""

    release: Release
    places: dict[Digest, Ref]

    def pinned(self) -> tuple[str, ...]:
        """The references with their digests."""
        return tuple(pinned(ref, digest) for digest, ref in self.places.items())


def resolve(ports: Ports, refs: tuple[str, ...], config: DigestOrNone, platform: str = "") -> Resolved:
    """Step 1: look each reference up, once.

    Raises:
        UsageError: ``ref.malformed``, ``ref.twice``, ``ref.too-many``. UnreadableError, EvidenceError: from the source.
    """
    if not 1 <= len(refs) <= MAX_ARTIFACTS:
        raise UsageError("ref.too-many", f"a release has 1 to {MAX_ARTIFACTS} artifacts, and {len(refs)} are named")
    places: dict[Digest, Ref] = {}
    for text in refs:
        ref, digest = ports.source.resolve(parse_ref(text), platform)
        if digest in places:
            raise UsageError("ref.twice", f"{text} is the same artifact as another one named here")
        places[digest] = ref
    return Resolved(release=Release(artifacts=tuple(sorted(places)), config=config), places=places)


def gate(ports: Ports, ask: GateRequest, signer: PersonSigner | None) -> Gated:
    """Decide whether a release may enter an environment, and record it.

    Args:
        ports: the world.
        ask: the question.
        signer: the key of whoever asks; None, and the asker is unknown.

    Raises:
        LockgateError: nothing was decided; by code. ``root.unpinned``: it would be allowed, and no root is pinned.
    """
    return gate_resolved(ports, ask, resolve(ports, ask.refs, ask.config, ask.platform), signer)


def gate_resolved(ports: Ports, ask: GateRequest, resolved: Resolved, signer: PersonSigner | None) -> Gated:
    """`gate` from step 2 on, for a release that was resolved already."""
    if not _FITS(ask.key):
        raise UsageError("gate.bad-key", "an idempotency key has 1 to 128 printable ASCII characters")

    def answer(decision: events.Decided, index: int, *, new: bool) -> Gated:
        return Gated(decision=decision, index=index, new=new, release=resolved.release, pinned=resolved.pinned(), unpinned=ports.pinned is None)

    basket: Basket | None = None
    asked, kept = b"", ""
    for _ in range(say.ATTEMPTS):
        own, others = look(ports, ask.environment)
        require_permit_key(ports, own)
        require_answerable(own, ask)
        known = ports.log.find(_key(ask))
        if known is not None:
            if signer is not None:  # who asks again proves it again: the answer may be a permit
                question(ports, own, ask.environment, ask.nonce, resolved.release, signer, Basket(manifest=Manifest(), blobs={}))
            decision = _again(ports, ask, resolved.release, known.index, fingerprint(signer.public) if signer else "")
            return answer(decision, known.index, new=False)
        if basket is None:
            found = with_earlier(ports, fetch(ports, resolved.places), own, resolved.release.artifacts, ports.clock.now())
            basket, asked = question(ports, own, ask.environment, ask.nonce, resolved.release, signer, found)
        basket = with_zones(ports, basket, own.policy_in_force(), ask.environment)
        basket = with_inside(ports, basket, own.policy_in_force(), ask.environment)
        now = ports.clock.now()
        subject = subject_of(own, resolved.release, ask.environment, ask.request, asked, now)
        whole, facts = complete(ports, basket, resolved.release.artifacts, own, others, now)
        judgement = decide(subject, own.policy_in_force(), facts, now, own.root)
        if (index := held(own, subject, judgement)) is not None:
            return answer(outstanding(ports, ask.environment, index, resolved.release), index, new=False)
        decision = decision_of(subject, judgement, own, digest_of(encode(whole.manifest)), now, tzdata_of(whole.manifest))
        if judgement.result != "allowed" and (same := _same_refusal(ports, own, decision, resolved.release)) is not None:
            return answer(decision, same, new=False)
        if judgement.result == "allowed" and ports.pinned is None:
            raise TrustError("root.unpinned", "this would be allowed, but no root is pinned that vouches for it: nothing was recorded, and this is no permit")
        if kept != decision.evidence:
            kept = keep(ports, whole)
        try:
            receipt = _record(ports, decision, resolved.release, own, tuple(others), _key(ask))
        except LedgerError as err:
            if not isinstance(err, ConflictError) and err.code != "log.key-reused":
                raise
            continue
        return answer(decision, receipt.index, new=receipt.new)
    raise LedgerError("record.contended", f"something else was recorded {say.ATTEMPTS} times in between: nothing was decided")


def require_permit_key(ports: Ports, own: Projection) -> Signer:
    """The permit key, which is the one the root in force names. Raises TrustError ``permit.no-key``, ``permit.other-key``."""
    if ports.permit is None:
        raise TrustError("permit.no-key", "this process cannot read the permit key, and so cannot decide")
    if ports.permit.public != own.root.permit:
        held, named = fingerprint(ports.permit.public), fingerprint(own.root.permit)
        raise TrustError(
            "permit.other-key", f"the permit key in keys/ is {held}; root version {own.root.version}, in force, names {named}: nothing was decided"
        )
    return ports.permit


def require_answerable(own: Projection, ask: GateRequest) -> None:
    """The question names an environment and a request that are there. Raises UsageError ``policy.no-environment``, ``request.unknown``."""
    require_environment(own, ask.environment)
    if ask.request and own.state.environment.request(ask.request) is None:
        raise UsageError("request.unknown", f"there is no request {ask.request[:40]!r} in {ask.environment}")


def require_environment(own: Projection, environment: str) -> None:
    """The policy in force has it. Raises UsageError ``policy.no-environment``, with the nearest there is."""
    there = own.policy_in_force().environments
    if environment not in there:
        import difflib  # noqa: PLC0415  only a mistyped name waits for it

        close = difflib.get_close_matches(environment[:80], there, n=1, cutoff=0.5)
        near = f": did you mean {close[0]!r}?" if close else ""
        raise UsageError("policy.no-environment", f"the policy in force has no environment {environment[:80]!r}{near}")


def look(ports: Ports, environment: Name) -> tuple[Projection, dict[Name, Projection]]:
    """Step 2: this environment's projection, and those of the environments its requirements name, at one size."""
    own = project(ports, environment)
    return own, look_beside(ports, own, environment, own.size)


def decision_of(subject: Subject, judgement: Judgement, own: Projection, evidence: Digest, now: datetime, tzdata: str = "") -> events.Decided:
    """A judgement as it would be recorded; allowed, with the end of its permit."""
    policy = own.policy_in_force()
    section = policy.environments.get(subject.environment)
    house = own.state.house
    if house.policy is None:
        raise UsageError("policy.none-in-force", "no policy is in force yet: nothing can be decided")
    return events.Decided(
        log=house.genesis,
        environment=subject.environment,
        config=subject.release.config,
        request="" if judgement.glass else subject.request or "",
        outcome=judgement.result,
        outcomes=judgement.outcomes,
        decided_at=now,
        not_after=min(now + span(section.permit), judgement.ends or NEVER) if section is not None and judgement.result == "allowed" else None,
        engine=__version__,
        tzdata=tzdata,
        history=own.size,
        policy=house.policy.digest,
        section=section_digest(policy, subject.environment) if section is not None else NONE,
        root=own.root.version,
        roster=own.roster.version,
        evidence=evidence,
        state=state_digest(own.state),
        actor=subject.actor.key if subject.actor else "",
        person=subject.actor.person if subject.actor else None,
        status_max_age=(section.status_max_age or "") if section is not None and judgement.result == "allowed" else "",
        rules=RULES,
        break_glass=judgement.glass,
    )


def _record(ports: Ports, decision: events.Decided, release: Release, own: Projection, others: tuple[Name, ...], key: str) -> Receipt:
    """Step 5: evidence is durable already; state, then the leaf, if it is a fact there and nothing that matters was recorded since."""
    permit = require_permit_key(ports, own)
    statement = record.statement_bytes(decision, release.artifacts)
    envelope = record.seal_by_permit_key(statement, permit.public, permit.sign(record.to_sign(statement)))
    stream = events.stream_of(decision)
    leaf = say.leaf_for(ports, envelope, stream, own)
    history.admit(own.state, leaf, own.size, documents(ports), ports.pinned)
    ports.index.keep(stream, decision.state, encode(own.state))
    return say.append(ports, leaf, key, own.size, (stream, events.HOUSE, *(f"env:{name}" for name in others)))


def _key(ask: GateRequest) -> str:
    return f"gate:{ask.environment}:{ask.key}"


def _again(ports: Ports, ask: GateRequest, release: Release, index: int, actor: str) -> events.Decided:
    """The decision this idempotency key got the first time, if it was asked the same by the same; allowed, only while its permit stands."""
    leaf = record.read_leaf(ports.log.leaf(index)).event
    opened = record.open_envelope(leaf)
    decision = opened.event
    if (
        not isinstance(decision, events.Decided)
        or (decision.environment, decision.config, opened.subjects, decision.actor) != (ask.environment, release.config, release.artifacts, actor)
        or (ask.request and ask.request != decision.request)
    ):
        raise UsageError("gate.key-reused", "this idempotency key was used for another question, or by another key")
    record.check_permit_signature(leaf, project(ports, "", index).root.permit)
    if decision.outcome == "allowed":
        standing(ports, ask.environment, index, release)
    return decision


def held(own: Projection, subject: Subject, judgement: Judgement) -> int | None:
    """The decision whose outstanding permit is the asker's own, where that permit is all that stands against another; else None."""
    if judgement.outstanding >= 0 and judgement.result == "allowed":
        return judgement.outstanding
    against = [one for one in judgement.outcomes if one.result not in {"pass", "waived"}]
    request = own.state.environment.request(subject.request or "")
    if request is None or request.permit_until is None or not against or any(one.code != "approved.permit-outstanding" for one in against):
        return None
    person = subject.actor.person if subject.actor else None
    if person is None:
        return None
    mine = Permit(decision=request.decision, release=subject.release, not_after=request.permit_until, request=request.id, person=person)
    return request.decision if mine in own.state.environment.permits else None


def _same_refusal(ports: Ports, own: Projection, decision: events.Decided, release: Release) -> int | None:
    """The leaf of the newest decision recorded here, where it is of the same, by the same section, asked by the same: a refusal is recorded once."""
    index = newest(ports, events.stream_of(decision))
    if index is None or index >= own.size:
        return None
    leaf = record.read_leaf(ports.log.leaf(index)).event
    try:
        opened = record.open_envelope(leaf)
        before = opened.event
        if not isinstance(before, events.Decided) or opened.subjects != release.artifacts:
            return None
        record.check_permit_signature(leaf, own.root.permit)
    except EvidenceError:
        return None
    same = codes(before.outcomes) == codes(decision.outcomes) and all(
        getattr(before, name) == getattr(decision, name) for name in ("outcome", "request", "config", "environment", "section", "actor", "person")
    )
    return index if same else None


def codes(outcomes: tuple[Outcome, ...]) -> tuple[tuple[str, str, str], ...]:
    """What a replay compares: requirement, result and code of each outcome, in order."""
    return tuple((one.requirement, one.result, one.code) for one in outcomes)
