"""The main path: resolve, look at history, fetch, read, decide, record. Every entry point goes through `gate`.

  1  release    each reference resolved once; from here on only digests
  2  history    root, roster, policy and state in force, at one history size
  3  gathered   artifacts and evidence, all at once; a failure becomes `Unreadable`
  4  decision   `core.decide`, pure
  5  recorded   evidence, then the leaf by compare-and-append: if anything that matters was recorded since 2, begin again

Not recorded means not allowed: nobody hears ``allowed`` before the leaf is durable.
"""

from __future__ import annotations

from datetime import datetime

from lockgate import __version__, canon
from lockgate.app import say
from lockgate.app.gather import facts_of, fetch, keep
from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.decide import Judgement, decide
from lockgate.core.digest import Digest, Ref, digest_of, parse_ref, pinned
from lockgate.core.duration import span
from lockgate.core.identity import Actor, Name, fingerprint
from lockgate.core.model import NONE, DigestOrNone, Release, Subject
from lockgate.core.outcome import Outcome
from lockgate.core.policy import section_digest, watched
from lockgate.core.ports import PersonSigner
from lockgate.core.promotion import state_digest
from lockgate.errors import ConflictError, EvidenceError, LedgerError, TrustError, UsageError
from lockgate.evidence import record


class GateRequest(Noun, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        refs: where the artifacts are, as the user named them.
        environment: where to.
        config: configuration digest or ``none``.
        request: the request to go by; empty to find the one that fits.
        key: idempotency key: the same key returns the first decision.
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
        decision: as recorded. index: its leaf; for a refusal that was recorded before, the leaf of that.
        new: False where nothing was appended: a retry, or a refusal with the same outcome as the last.
        release: what was asked about. pinned: its references with digests.
        unpinned: no root was pinned: this is no permit.
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
        UsageError: ``ref.malformed``, ``ref.twice``. UnreadableError, EvidenceError: from the source.
    """
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
        LockgateError: nothing was decided; by code.
    """
    if ports.permit is None:
        raise TrustError("permit.no-key", "this process cannot read the permit key, and so cannot decide")
    resolved = resolve(ports, ask.refs, ask.config, ask.platform)
    asked = question(ports, ask, resolved.release, signer)
    known = ports.log.find(_key(ask))
    if known is not None:
        return _again(ports, ask, resolved, known.index)
    basket = fetch(ports, resolved.places, asked)
    evidence = keep(ports, basket)
    for _ in range(say.ATTEMPTS):
        own, others = look(ports, ask.environment)
        now = ports.clock.now()
        subject = subject_of(own, resolved.release, ask.environment, ask.request, asked)
        judgement = decide(subject, own.policy_in_force(), facts_of(basket, resolved.release.artifacts, own, others, now), now, own.root)
        if judgement.result != "allowed" and (same := _same_refusal(ports, own, subject, judgement)) is not None:
            return Gated(decision=same[1], index=same[0], new=False, release=resolved.release, pinned=resolved.pinned(), unpinned=ports.pinned is None)
        decision = decision_of(subject, judgement, own, evidence, now)
        try:
            index = _record(ports, decision, resolved.release, own, tuple(others), _key(ask))
        except ConflictError:
            continue
        return Gated(decision=decision, index=index, new=True, release=resolved.release, pinned=resolved.pinned(), unpinned=ports.pinned is None)
    raise LedgerError("record.contended", f"something else was recorded {say.ATTEMPTS} times in between: nothing was decided")


def look(ports: Ports, environment: Name, size: int | None = None, *, whole: bool = False) -> tuple[Projection, dict[Name, Projection]]:
    """Step 2: this environment's projection, and those of the environments its requirements name, at one size."""
    own = project(ports, environment, size, whole=whole)
    policy = own.policy_in_force()
    if environment not in policy.environments:
        return own, {}
    return own, {name: project(ports, name, own.size, whole=whole) for name in watched(policy, environment) if name != environment}


def subject_of(own: Projection, release: Release, environment: Name, request: str, asked: bytes) -> Subject:
    """The subject, with the request it goes by and who asks, as the signed question proves.

    Without a request named, the newest one for this very release that stands is taken; with none, there is none.
    """
    if not request:
        fitting = [one.id for one in own.state.environment.requests if one.release == release and not one.withdrawn and not one.over]
        request = fitting[-1] if fitting else ""
    return Subject(release=release, environment=environment, actor=_actor(own, asked), request=request or None)


def question(ports: Ports, ask: GateRequest, release: Release, signer: PersonSigner | None) -> bytes:
    """The question, signed by whoever asks; empty where nobody does."""
    if signer is None:
        return b""
    event = events.Asked(environment=ask.environment, config=release.config, nonce=ask.nonce, asked_at=ports.clock.now())
    return encode(say.sign_event(event, release.artifacts, signer))


def _actor(own: Projection, asked: bytes) -> Actor | None:
    """Who signed the question. The envelope was made, or stored, by whoever decided: its signature is checked here."""
    if not asked:
        return None
    key = record.person_key(canon.decode(asked, events.Envelope, what="question"), "ask")
    person = own.roster.person_of(key)
    return Actor(key=fingerprint(key), person=person.id if person else None, proof=digest_of(asked))


def decision_of(subject: Subject, judgement: Judgement, own: Projection, evidence: Digest, now: datetime) -> events.Decided:
    """A judgement as it would be recorded; allowed, with the end of its permit."""
    policy = own.policy_in_force()
    section = policy.environments.get(subject.environment)
    house = own.state.house
    if house.policy is None:
        raise UsageError("policy.none-in-force", "no policy is in force yet: nothing can be decided")
    return events.Decided(
        environment=subject.environment,
        config=subject.release.config,
        request=subject.request or "",
        outcome=judgement.result,
        outcomes=judgement.outcomes,
        decided_at=now,
        not_after=now + span(section.permit) if section is not None and judgement.result == "allowed" else None,
        engine=__version__,
        history=own.size,
        policy=house.policy.digest,
        section=section_digest(policy, subject.environment) if section is not None else NONE,
        root=own.root.version,
        roster=own.roster.version,
        evidence=evidence,
        state=state_digest(own.state),
        actor=subject.actor.key if subject.actor else "",
        person=subject.actor.person if subject.actor else None,
    )


def _record(ports: Ports, decision: events.Decided, release: Release, own: Projection, others: tuple[Name, ...], key: str) -> int:
    """Step 5: evidence is durable already; state, then the leaf, if nothing that matters was recorded since."""
    if ports.permit is None:
        raise TrustError("permit.no-key", "this process cannot read the permit key, and so cannot decide")
    statement = record.statement_bytes(decision, release.artifacts)
    envelope = record.seal_by_permit_key(statement, ports.permit.public, ports.permit.sign(record.to_sign(statement)))
    stream = events.stream_of(decision)
    leaf = say.leaf_for(ports, envelope, stream, own)
    ports.index.keep(decision.state, encode(own.state))
    return say.append(ports, leaf, key, own.size, (stream, events.HOUSE, *(f"env:{name}" for name in others))).index


def _key(ask: GateRequest) -> str:
    return f"gate:{ask.environment}:{ask.key}"


def _again(ports: Ports, ask: GateRequest, resolved: Resolved, index: int) -> Gated:
    """The decision this idempotency key got the first time, if it was asked the same."""
    opened = record.open_envelope(record.read_leaf(ports.log.leaf(index)).event)
    decision = opened.event
    if not isinstance(decision, events.Decided) or (decision.environment, decision.config, opened.subjects) != (
        ask.environment,
        resolved.release.config,
        resolved.release.artifacts,
    ):
        raise UsageError("gate.key-reused", "this idempotency key was used for another question")
    record.check_permit_signature(record.read_leaf(ports.log.leaf(index)).event, project(ports, "").root.permit)
    if decision.not_after is not None and ports.clock.now() >= decision.not_after:
        raise EvidenceError("permit.expired", f"the permit of decision {index} ended {decision.not_after:%Y-%m-%d %H:%M:%S} UTC")
    return Gated(decision=decision, index=index, new=False, release=resolved.release, pinned=resolved.pinned(), unpinned=ports.pinned is None)


def _same_refusal(ports: Ports, own: Projection, subject: Subject, judgement: Judgement) -> tuple[int, events.Decided] | None:
    """The newest decision recorded here, where it is of the same release with the same outcomes: a refusal is recorded once."""
    index = ports.log.last(f"env:{subject.environment}")
    if index is None or index >= own.size:
        return None
    opened = record.open_envelope(record.read_leaf(ports.log.leaf(index)).event)
    before = opened.event
    if not isinstance(before, events.Decided) or opened.subjects != subject.release.artifacts or before.config != subject.release.config:
        return None
    same = codes(before.outcomes) == codes(judgement.outcomes) and before.outcome == judgement.result and before.request == (subject.request or "")
    return (index, before) if same else None


def codes(outcomes: tuple[Outcome, ...]) -> tuple[tuple[str, str, str], ...]:
    """What a replay compares: requirement, result and code of each outcome, in order."""
    return tuple((one.requirement, one.result, one.code) for one in outcomes)
