"""recheck: whatever runs, or may run, is decided again on the facts of today. `core.recheck` says what is asked.

  1  history    root, roster and policy in force, once; then each environment that a policy ever named
  2  what runs  the decisions by which something runs, is being deployed or perhaps runs, and the permits that live
  3  gathered   the evidence each decision rested on; what is attached today where the artifacts came from; what told against them before
  4  decision   `core.recheck.again`, pure
  5  recorded   where the answer changed: evidence, then the leaf by compare-and-append; a refusal strikes the permit

What cannot be reached today is `lost`, as at the gate: then nothing is absent, the answer is ``undecided``, and no permit falls.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from lockgate import __version__
from lockgate.app import say
from lockgate.app.earlier import with_earlier
from lockgate.app.gate import require_environment, require_permit_key
from lockgate.app.gather import Basket, Item, Lost, Manifest, Origin, complete, facts_of, keep, stored
from lockgate.app.inside import with_inside
from lockgate.app.permit import decided
from lockgate.app.project import Projection, documents, project
from lockgate.app.recall import ever_named
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.decide import RULES, Judgement
from lockgate.core.digest import Digest, digest_of, parse_ref
from lockgate.core.duration import Time
from lockgate.core.identity import Actor, Name
from lockgate.core.model import NONE, Release, Subject
from lockgate.core.outcome import Outcome
from lockgate.core.policy import section_digest
from lockgate.core.ports import Evidence
from lockgate.core.recall import struck
from lockgate.core.recheck import again, lasting, runs_or_may
from lockgate.core.rechecked import Answer, Mark, Rechecked, against
from lockgate.core.sightings import Blank
from lockgate.core.state import state_digest
from lockgate.errors import ConflictError, EvidenceError, LedgerError, TrustError, UnreadableError
from lockgate.evidence import history, record

KEPT_LOOKS = 32
"""Artifacts whose attachments a run remembers, as one artifact often runs in several environments."""


class Look(Noun, frozen=True, kw_only=True):
    """What came of looking at one decision again.

    Attributes:
        environment, release, decision: what it is about.
        runs: since when it runs there, or perhaps does; None for a permit that was not used.
        outcome, outcomes: the answer today. requirement, code: of the first thing against it; empty where it is allowed.
        since: when this answer was first recorded; None where nothing of it stands recorded.
        leaf: where it is recorded; -1 for nowhere. new: it was recorded now.
        stands: the newest answer that is recorded, this one or, where nothing can be decided today, the refusal before.
        fetched: whether the places the artifacts came from were asked; else the record alone was.
    """

    environment: Name
    release: Release
    decision: int
    runs: Time | None
    outcome: Answer
    outcomes: tuple[Outcome, ...]
    requirement: str = ""
    code: str = ""
    since: Time | None = None
    leaf: int = -1
    new: bool = False
    stands: Answer = "allowed"
    fetched: bool = False


class Manner(Noun, frozen=True, kw_only=True):
    """How it is looked. `offline`: by the record alone, nothing is fetched; `dry`: nothing is recorded."""

    offline: bool = False
    dry: bool = False


def named(ports: Ports, environments: Sequence[Name]) -> list[Name]:
    """The environments to look at: these, or every one a policy in force ever named. Raises UsageError ``policy.no-environment``."""
    there = ever_named(ports)
    for one in environments:
        if one not in there:
            require_environment(project(ports, ""), one)
    return sorted(set(environments) or there)


def answer(found: Sequence[Look | Blank]) -> Answer:
    """``refused`` where something is, today or by what stands recorded; else ``undecided`` where something could not be looked at."""
    results = {"undecided" if isinstance(one, Blank) else one.outcome for one in found}
    if "refused" in results or any(isinstance(one, Look) and one.stands == "refused" and one.outcome != "allowed" for one in found):
        return "refused"
    return "undecided" if "undecided" in results else "allowed"


def recheck(ports: Ports, environments: Sequence[Name], manner: Manner, told: Callable[[int, int], None] | None = None) -> Iterator[Look | Blank]:
    """Decide again whatever runs or may run in these environments, one after the other; of one that cannot be read, why.

    Args:
        ports: the world.
        environments: as `named` gives them.
        manner: how.
        told: hears (done, all) of the environments.

    Raises:
        TrustError: ``root.unpinned``, where something would be recorded; ``permit.no-key``, ``permit.other-key``.
        LedgerError: it could not be recorded: what was told so far is.
    """
    house = project(ports, "")
    if not manner.dry:
        require_permit_key(ports, house)
        if ports.pinned is None:
            raise TrustError("root.unpinned", "no root is pinned that vouches for the policy in force: nothing was looked at again")
    attached, load = Attached(ports), documents(ports)
    for done, environment in enumerate(environments, 1):
        try:
            own = project(ports, environment, beside=house, load=load)
        except (LedgerError, TrustError, UnreadableError) as err:
            yield Blank(environment=environment, code=err.code)
        else:
            yield from _in_environment(ports, own, attached, manner)
        if told is not None:
            told(done, len(environments))


def _in_environment(ports: Ports, own: Projection, attached: Attached, manner: Manner) -> Iterator[Look | Blank]:
    """Whatever runs or may run in one; evidence that was altered, or cannot be read, keeps nothing else from being looked at."""
    for decision in _due(own, ports.clock.now()):
        try:
            look, own = _look(ports, own, decision, attached, manner)
        except (UnreadableError, EvidenceError) as err:
            yield Blank(environment=own.state.environment.name, code=err.code)
        else:
            if look is not None:
                yield look


def _due(own: Projection, now: datetime) -> list[int]:
    """Step 2: decisions in history's order; of permits that were not used, those that live."""
    state = own.state.environment
    unused = {permit.decision: permit for permit in state.permits}
    found = []
    for decision, (_, runs) in runs_or_may(state).items():
        permit = unused.get(decision)
        if runs is not None or permit is None or (now < permit.not_after and struck(own.state, permit) < 0):
            found.append(decision)
    return found


def _look(ports: Ports, own: Projection, decision: int, attached: Attached, manner: Manner) -> tuple[Look | None, Projection]:
    """Steps 3 to 5 for one decision; None where meanwhile nothing runs by it. And the environment as it is then."""
    environment = own.state.environment.name
    for _ in range(say.ATTEMPTS):
        if (there := runs_or_may(own.state.environment).get(decision)) is None:
            return None, own
        event = decided(ports, decision)
        now = say.require_clock(ports, own)
        basket, fetched = basket_of(ports, own, event, decision, attached, now, manner)
        basket, judgement = judge_again(ports, own, event, decision, basket, now)
        requirement, code = ("", "") if judgement.result == "allowed" else against(judgement.outcomes)
        mark = own.state.environment.mark(decision)
        look = Look(
            environment=environment,
            release=there[0],
            decision=decision,
            runs=there[1],
            outcome=judgement.result,
            outcomes=judgement.outcomes,
            requirement=requirement,
            code=code,
            since=mark.since if mark is not None and mark.outcome == judgement.result else None,
            leaf=mark.leaf if mark is not None and mark.outcome == judgement.result else -1,
            stands=mark.outcome if mark is not None else "allowed",
            fetched=fetched,
        )
        if manner.dry or _said_already(mark, look):
            return look, own
        try:
            index = _record(ports, own, rechecked_of(own, event, decision, judgement, digest_of(encode(basket.manifest)), now), there[0], basket)
        except LedgerError as err:
            if not isinstance(err, ConflictError) and err.code != "log.key-reused":
                raise
            own = project(ports, environment)
            continue
        own = project(ports, environment)
        after = own.state.environment.mark(decision)
        return replace(look, leaf=index, new=True, stands=look.outcome, since=after.since if after is not None else now), own
    raise LedgerError("record.contended", f"something else was recorded {say.ATTEMPTS} times in between: nothing was recorded of decision {decision}")


def _said_already(mark: Mark | None, look: Look) -> bool:
    """Whether this very answer is the newest that stands recorded; before the first, that it was allowed."""
    if mark is None:
        return look.outcome == "allowed"
    if (mark.outcome, look.outcome) == ("refused", "undecided"):  # what was refused stays so until something is known
        return True
    return (mark.outcome, mark.requirement, mark.code) == (look.outcome, look.requirement, look.code)


class Attached:
    """What is attached to artifacts now; each place is asked once in a run."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._found: OrderedDict[Origin, Sequence[Evidence] | str] = OrderedDict()

    def at(self, origin: Origin) -> Sequence[Evidence] | str:
        """The evidence there; the code of why it cannot be had."""
        if origin not in self._found:
            try:
                self._found[origin] = self._ports.source.attached(parse_ref(origin.ref), origin.subject)
            except (UnreadableError, EvidenceError) as err:
                self._found[origin] = err.code
            if len(self._found) > KEPT_LOOKS:
                self._found.popitem(last=False)
        return self._found[origin]


def basket_of(ports: Ports, own: Projection, event: events.Decided, decision: int, attached: Attached, now: datetime, manner: Manner) -> tuple[Basket, bool]:
    """Step 3; and whether the artifacts' places were asked.

    1  the evidence of the decision, and of the newest that allowed this very release here since: what they rested on was verified, and stays
    2  what is attached now, in the places both name; a place that cannot be reached makes it `lost`, but for a directory on this machine that is gone
    3  what told against the artifacts in other decisions
    """
    release = runs_or_may(own.state.environment)[decision][0]
    try:
        basket = replace_question(stored(ports, event.evidence))
        newer = _renewed(ports, own, decision, release)
        basket = joined(basket, replace_question(stored(ports, newer.evidence))) if newer is not None else basket
    except UnreadableError as err:
        if err.code != "blob.missing":
            raise
        return Basket(manifest=Manifest(lost=tuple(Lost(subject=one, code=err.code) for one in release.artifacts)), blobs={}), False
    basket, fetched = held(basket), False
    for origin in () if manner.offline else basket.manifest.places:
        found = attached.at(origin)
        if isinstance(found, str):
            if found == "ref.not-found" and parse_ref(origin.ref).scheme != "registry":
                continue
            basket = replace_manifest(basket, lost=(*basket.manifest.lost, Lost(subject=origin.subject, code=found)))
            continue
        there = {item.digest for item in basket.manifest.items if item.subject == origin.subject and not item.before}
        named = ((digest_of(one.data), one.media_type) for one in found)
        items = tuple(Item(digest=digest, media_type=media_type, subject=origin.subject) for digest, media_type in named if digest not in there)
        blobs = {digest_of(one.data): one.data for one in found}
        basket, fetched = joined(basket, Basket(manifest=Manifest(items=items), blobs=blobs)), True
    basket = basket if manner.offline else with_inside(ports, basket, own.policy_in_force(), own.state.environment.name)
    return with_earlier(ports, basket, own, release.artifacts, now, {decision}), fetched


def replace_question(basket: Basket) -> Basket:
    """The basket without the question somebody once signed: it is no evidence of today."""
    left = {digest: data for digest, data in basket.blobs.items() if digest != basket.manifest.asked}
    return Basket(manifest=replace(basket.manifest, asked=""), blobs=left)


def held(basket: Basket) -> Basket:
    """The basket, with what the decision rested on marked so."""
    items = tuple(item if item.before else replace(item, held=True) for item in basket.manifest.items)
    return Basket(manifest=replace(basket.manifest, items=items), blobs=basket.blobs)


def replace_manifest(basket: Basket, *, lost: tuple[Lost, ...]) -> Basket:
    """The basket, with more that is lost."""
    return Basket(manifest=replace(basket.manifest, lost=lost), blobs=basket.blobs)


def joined(one: Basket, other: Basket) -> Basket:
    """Both, each piece once; what was found is no piece of before."""
    first, second = one.manifest, other.manifest
    found = {(item.subject, item.digest) for item in (*first.items, *second.items) if not item.before}
    kept = [item for item in (*first.items, *second.items) if not item.before or (item.subject, item.digest) not in found]
    manifest = replace(first, items=tuple(dict.fromkeys(kept)), places=tuple(dict.fromkeys((*first.places, *second.places))))
    return Basket(manifest=manifest, blobs={**one.blobs, **other.blobs})


def _renewed(ports: Ports, own: Projection, decision: int, release: Release) -> events.Decided | None:
    """The newest decision since that allowed this very release here, as remembered: a stay that goes on keeps the decision it began with."""
    held = [permit for permit in (*own.state.environment.spent, *own.state.environment.permits) if permit.release == release]
    newest = max((permit.decision for permit in held), default=-1)
    return decided(ports, newest) if newest > decision else None


def judge_again(
    ports: Ports, own: Projection, event: events.Decided, decision: int, basket: Basket, now: datetime, rules: int | None = None
) -> tuple[Basket, Judgement]:
    """Step 4, on advisories of today, which are in the basket then; by older `rules`, on those that are in it."""
    policy, here = own.policy_in_force(), own.state.environment
    release = runs_or_may(here)[decision][0]
    section = policy.environments.get(here.name)
    wanted = {need.environment for one in lasting(section.requires) for need in one.needs() if need.environment} if section is not None else set()
    others: Mapping[Name, Projection] = {name: project(ports, name, own.size, beside=own) for name in sorted(wanted - {here.name})}
    actor = Actor(key=event.actor, person=event.person, proof=event.evidence) if event.actor else None
    subject = Subject(release=release, environment=here.name, actor=actor, request=event.request or None)
    if rules is None:
        basket, facts = complete(ports, basket, release.artifacts, own, others, now)
    else:
        facts = facts_of(basket, release.artifacts, own, others, now, rules)
    return basket, again(subject, policy, facts, event.decided_at, now, own.root, event.outcomes)


def rechecked_of(own: Projection, event: events.Decided, decision: int, judgement: Judgement, evidence: Digest, now: datetime) -> Rechecked:
    """A judgement as it is recorded."""
    house, policy = own.state.house, own.policy_in_force()
    name = own.state.environment.name
    return Rechecked(
        log=house.genesis,
        environment=name,
        config=event.config,
        decision=decision,
        outcome=judgement.result,
        outcomes=judgement.outcomes,
        checked_at=now,
        engine=__version__,
        rules=RULES,
        history=own.size,
        state=state_digest(own.state),
        policy=house.policy.digest if house.policy is not None else NONE,
        section=section_digest(policy, name) if name in policy.environments else NONE,
        root=own.root.version,
        roster=own.roster.version,
        evidence=evidence,
    )


def _record(ports: Ports, own: Projection, event: Rechecked, release: Release, basket: Basket) -> int:
    """Step 5; the leaf."""
    keep(ports, basket)
    permit = require_permit_key(ports, own)
    statement = record.statement_bytes(event, release.artifacts)
    envelope = record.seal_by_permit_key(statement, permit.public, permit.sign(record.to_sign(statement)))
    stream = events.stream_of(event)
    leaf = say.leaf_for(ports, envelope, stream, own)
    history.admit(own.state, leaf, own.size, documents(ports), ports.pinned)
    ports.index.keep(stream, event.state, encode(own.state))
    return say.append(ports, leaf, say.event_key(envelope), own.size, (stream, events.HOUSE)).index
