"""backtest: what another policy would have said of every decision that was recorded.

One pass over the log folds every stream, as `log check` does, and at each decision

1  the state, roster and root are those it was made on, and so is the time
2  the evidence is what it rests on, read anew by the other policy's keys and identities
3  approvals and waivers stand as they were given: the section they were given under is taken for the other policy's
4  what the other policy asks for and nobody looked for then is unknown, and never absent

It records nothing, and asks nobody: what is not in the record is not known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from lockgate.app import asking
from lockgate.app.gate import require_environment
from lockgate.app.gather import Basket, facts_of, history_facts, stored
from lockgate.app.project import Projection, documents, project, read_if_leaf, trusted_head
from lockgate.app.report import Authority
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.backtested import Backtest, Count, Tried
from lockgate.core.decide import RULES, Judgement, decide
from lockgate.core.exceptional import Exceptional
from lockgate.core.facts import (
    Complete,
    Enrolled,
    Facts,
    InForce,
    Intact,
    Need,
    Provenance,
    Rejected,
    Request,
    Signature,
    Stay,
    Summary,
    Unreadable,
)
from lockgate.core.identity import Name, Roster
from lockgate.core.model import Release
from lockgate.core.policy import Policy, needs, section_digest, watched
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.revocation import Revocation
from lockgate.core.state import State
from lockgate.core.zones import Zone
from lockgate.errors import EvidenceError, TrustError, UnreadableError
from lockgate.evidence import record
from lockgate.evidence.place import Load, read_policy, read_root, read_roster
from lockgate.evidence.readers import KINDS

ALWAYS_LOOKED_FOR = frozenset({Signature, Provenance, Summary, Rejected})
"""Kinds of evidence that each decision looked for; the others, since rules 3."""

HISTORY = frozenset({Request, Revocation, Enrolled, Exceptional, Stay, InForce, Intact})
"""Kinds that each decision has, whatever its policy asked for; of all other kinds that are no evidence, only what it asked for."""

NEVER_LOOKED = "facts.not-gathered"
_NOT_KNOWN = {NEVER_LOOKED, "advisories.other-packages"}
"""Why a requirement does not know, where that is because nobody looked: at all, or for what the other policy takes for the bill of materials."""


def backtest(
    ports: Ports, policy: Policy, environment: str = "", since: datetime | None = None, last: int = 0, told: Callable[[int, int], None] | None = None
) -> Backtest:
    """What `policy` would have said of each recorded decision. Linear in the log; of what stays the same nothing is kept.

    Args:
        ports: the world.
        policy: the other policy.
        environment: only decisions there; empty for all. since: only those made from then on. last: only the newest so many; 0 for all.
        told: hears (done, all).

    Raises:
        LockgateError: as `project`; ``policy.no-environment`` where there never was one; UnreadableError also where evidence is there and was altered.
    """
    if environment not in policy.environments and environment and ports.log.last(f"env:{environment}") is None:
        require_environment(project(ports, ""), environment)
    size, authority, load = trusted_head(ports).size, Authority(ports), documents(ports)
    first = _first_of(ports, size, environment, last) if last else 0
    counts: dict[Name, Count] = {}
    tried: list[Tried] = []
    for index, data in enumerate(ports.log.leaves(0, size)):
        decision, release = _decision(data, index, environment) if index >= first else (None, None)
        before = authority.state(decision.environment) if decision is not None else None
        authority.fold(data, index)
        if told is not None and (index + 1) % 100 == 0:
            told(index + 1, size)
        if decision is None or release is None or before is None or str(index) in authority.ignored or (since is not None and decision.decided_at < since):
            continue
        one, other_reasons = _try(ports, load, authority, policy, before, decision, release, index)
        counts[decision.environment] = _counted(counts.get(decision.environment, Count(environment=decision.environment)), one, other=other_reasons)
        tried += [one] if one is not None else []
    each = tuple(counts[name] for name in sorted(counts))
    return Backtest(decisions=sum(one.same + one.would_refuse + one.would_allow + one.cannot_know for one in each), counts=each, tried=tuple(tried))


def _first_of(ports: Ports, size: int, environment: str, last: int) -> int:
    """The leaf of the oldest of the newest `last` decisions."""
    found: deque[int] = deque(maxlen=last)
    for index, data in enumerate(ports.log.leaves(0, size)):
        if _decision(data, index, environment)[0] is not None:
            found.append(index)
    return found[0] if found else 0


def _decision(data: bytes, index: int, environment: str) -> tuple[events.Decided, Release] | tuple[None, None]:
    """The decision in this leaf, whether it counts or not; nothing, where it is none, or of another environment."""
    leaf = read_if_leaf(data, index)
    if leaf is None or not leaf.stream.startswith("env:") or (environment and leaf.stream != f"env:{environment}"):
        return None, None
    try:
        opened = record.open_envelope(leaf.event)
    except EvidenceError:
        return None, None
    if not isinstance(opened.event, events.Decided) or not opened.subjects:
        return None, None
    return opened.event, Release(artifacts=opened.subjects, config=opened.event.config)


def _try(
    ports: Ports, load: Load, authority: Authority, policy: Policy, state: State, decision: events.Decided, release: Release, index: int
) -> tuple[Tried | None, bool]:
    """What became of one decision, None for the same; and whether that is refused for other reasons."""
    unknown = Tried(leaf=index, environment=decision.environment, at=decision.decided_at, result="cannot-know", recorded=decision.outcome)
    try:
        basket = stored(ports, decision.evidence)
    except UnreadableError as err:
        if err.code != "blob.missing":
            raise
        return replace(unknown, lost=err.message), False
    judgement = _judged(load, authority, policy, state, decision, release, basket)
    against = tuple(one for one in judgement.outcomes if one.result in {"fail", "unknown"})
    if judgement.result == "undecided" and any(one.params.get("because") in _NOT_KNOWN for one in against):
        return replace(unknown, outcomes=against), False
    if (judgement.result == "allowed") != (decision.outcome == "allowed"):
        shown = against or tuple(one for one in decision.outcomes if one.result in {"fail", "unknown"})
        return replace(unknown, result="flips", would=judgement.result, outcomes=shown), False
    return None, judgement.result != "allowed" and {one.code for one in against} != {one.code for one in decision.outcomes if one.code}


def _judged(load: Load, authority: Authority, policy: Policy, state: State, decision: events.Decided, release: Release, basket: Basket) -> Judgement:
    """Steps 1 to 4 of one decision."""
    name, at, house = decision.environment, decision.decided_at, state.house
    if house.root is None:
        raise TrustError("root.missing", "this log has no root that counts")
    root = read_root(load(house.root.digest))
    roster = read_roster(load(house.roster.digest)) if house.roster else Roster(version=1)
    then = read_policy(load(house.policy.digest)) if house.policy else None
    own = Projection(size=decision.history, state=state, root=root, roster=roster, policy=policy, ignored={}, latest=at)
    beside = watched(policy, name)[1:] if name in policy.environments else ()
    others = {other: replace(own, state=State(house=house, environment=authority.environment(other))) for other in beside}
    facts = facts_of(basket, release.artifacts, own, others, at, RULES)
    for need, gathered in history_facts(own, others, at, decision.rules).items():
        facts = facts.replace(need, gathered)
    facts = _not_asked_for(_not_looked_for(facts, decision.rules), policy, then, name, basket)
    facts = _as_given(facts, then, name)
    asked = basket.blobs.get(basket.manifest.asked, b"")
    subject = asking.subject_of(own, release, name, decision.request, asked, at)
    return decide(subject, policy, facts, at, root, decision.rules)


def _as_given(facts: Facts, then: Policy | None, environment: Name) -> Facts:
    """Step 3: the section that was in force is taken for the other policy's, but for what it says of time."""
    in_force = facts.of(InForce)
    if then is None or environment not in then.environments or isinstance(in_force, Unreadable):
        return facts
    baseline = then.environments[environment].baseline
    items = tuple(replace(one, section=section_digest(then, environment), baseline=baseline) for one in in_force.items)
    return facts.replace(Need(InForce), Complete(items=items, as_of=in_force.as_of))


def _not_looked_for(facts: Facts, rules: int) -> Facts:
    """Step 4: kinds that decisions by older rules did not look for; what was found of them, beside what they did look for, is there."""
    for kind in KINDS if rules < 3 else ():
        found: Complete[Any] | Unreadable = facts.of(kind)
        if kind not in ALWAYS_LOOKED_FOR and isinstance(found, Complete) and not found.items:
            facts = facts.replace(Need(kind), Unreadable(code=NEVER_LOOKED))
    return facts


def _not_asked_for(facts: Facts, policy: Policy, then: Policy | None, environment: Name, basket: Basket) -> Facts:
    """Step 4 of what is looked up only where it is asked for, such as advisories and time zones."""
    if environment not in policy.environments:
        return facts
    asked = needs(then, environment) if then is not None and environment in then.environments else ()
    missing = [need for need in needs(policy, environment) if need.kind not in {*KINDS, *HISTORY} and need not in asked]
    zones = {one.zone for one in policy.environments[environment].requires if isinstance(one, WithinHours)}
    missing += [Need(Zone)] if zones - {one.name for one in basket.manifest.zones} else []
    for need in missing:
        facts = facts.replace(need, Unreadable(code=NEVER_LOOKED))
    return facts


def _counted(count: Count, one: Tried | None, *, other: bool) -> Count:
    if one is None:
        return replace(count, same=count.same + 1, other_reasons=count.other_reasons + other)
    if one.result == "cannot-know":
        return replace(count, cannot_know=count.cannot_know + 1)
    if one.would == "allowed":
        return replace(count, would_allow=count.would_allow + 1)
    return replace(count, would_refuse=count.would_refuse + 1)
