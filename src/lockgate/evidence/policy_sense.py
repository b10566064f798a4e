"""What a policy says that cannot be meant: what can never pass is refused, and what is odd is told, each at file:line:column.

`policy_yaml` reads a file that is well formed, and one in force is read whatever it says: the gate fails closed. Here
stands what an author wants to hear before it is proposed. Only the file is looked at: who is enrolled may change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import NamedTuple, cast

from lockgate.core.duration import span
from lockgate.core.identity import Name
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.requirements import AnyRequirement, kind_of
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.state import KEPT_ANSWERS
from lockgate.errors import PolicyError
from lockgate.evidence import policy_identities, policy_kinds, policy_soaks
from lockgate.evidence.policy_yaml import SHOWN, placed_policy
from lockgate.evidence.yaml_tree import Items, Mapping, Place


class Remark(NamedTuple):
    """Something about a policy, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def check_policy(
    data: bytes,
    filename: str,
    read_file: Callable[[str], bytes] | None,
    zones: Callable[[], Collection[str]] = tuple,
    now: datetime | None = None,
) -> tuple[Policy, tuple[str, ...]]:
    """The policy in this file, and what is odd about it: one line ``file:line:column: …`` each.

    Args:
        data, filename, read_file: as for `policy_yaml.parse_policy`.
        zones: the time zones there are, asked for where one is named; none where that is not known. now: None, where that is not known.

    Raises:
        LockgateError: as `zones`. PolicyError: as `policy_yaml.parse_policy`; ``policy.never-passes``, with one line for each of the first 10.
    """
    root, policy = placed_policy(data, filename, read_file)
    never = sorted(_never(root, policy, zones))
    if never:
        more = [f"{filename}: and {len(never) - SHOWN} more"] if len(never) > SHOWN else []
        raise PolicyError("policy.never-passes", "\n".join([*map(str, never[:SHOWN]), *more]))
    return policy, tuple(map(str, sorted(_odd(root, policy, now))))


class _Placed(NamedTuple):
    """A requirement, the mapping it was read from, and its environment."""

    environment: Name
    section: EnvironmentPolicy
    requirement: AnyRequirement
    node: Mapping

    def at(self, field: str) -> Place:
        """Where a field of it stands; the requirement's own place, where it is left to its default."""
        inner = cast("Mapping", self.node.pairs[kind_of(self.requirement)][1]).pairs
        return inner[field][1].place if field in inner else self.node.place

    def remark(self, said: policy_kinds.Remark) -> Remark:
        """What is said of it, and where."""
        return Remark(self.at(said.field), said.text)


def _placed(root: Mapping, policy: Policy) -> Iterator[_Placed]:
    for name, (_, node) in cast("Mapping", root.pairs["environments"][1]).pairs.items():
        section = policy.environments[name]
        nodes = cast("Items", cast("Mapping", node).pairs["requires"][1]).nodes
        for requirement, each in zip(section.requires, nodes, strict=True):
            yield _Placed(name, section, requirement, cast("Mapping", each))


def _never(root: Mapping, policy: Policy, zones: Callable[[], Collection[str]]) -> Iterator[Remark]:
    for one in _placed(root, policy):
        known = zones() if isinstance(one.requirement, WithinHours) else ()
        yield from (one.remark(each) for each in policy_kinds.never(one.requirement, one.section, known))
        match one.requirement:
            case SignedBy(keys=keys, identities=identities, threshold=threshold) if threshold > len(keys) + len(identities):
                names = (*keys, *identities)
                yield Remark(one.at("threshold"), f"threshold is {threshold}, and only {len(names)} can sign: {', '.join(names)}")
            case Soaked(occupancy="observed"):
                yield Remark(one.at("occupancy"), "nothing is observed in this release, so that this never passes: take occupancy out")
            case Soaked() if one.section.time == "attested":
                yield Remark(one.node.place, f"{one.environment} asks for attested time, which this release does not read, so that soaked never passes")
            case Approved():
                yield from _never_approved(one, policy)
            case _:
                pass
    yield from _circles(root, policy)
    for name, rule in policy.identities.items():
        yield from (_of_identity(root, name, remark) for remark in policy_identities.never(rule))


def _of_identity(root: Mapping, name: Name, remark: policy_identities.Remark) -> Remark:
    pairs = cast("Mapping", cast("Mapping", root.pairs["identities"][1]).pairs[name][1]).pairs
    return Remark(pairs[remark.field][1].place, remark.text)


def _never_approved(one: _Placed, policy: Policy) -> Iterator[Remark]:
    requirement = cast("Approved", one.requirement)
    people = sum(requirement.duties.values())
    if people > KEPT_ANSWERS:
        yield Remark(one.at("duties"), f"{people} people are asked for, and a request takes {KEPT_ANSWERS} approvals")
    if "author" in requirement.independent_of:
        yield Remark(one.at("independent-of"), "nobody can tell the author in this release, so that this never passes: take author out")
    if "builder" in requirement.independent_of and not policy.keys and not policy.identities:
        yield Remark(one.at("independent-of"), "the builder is told by provenance, and the policy has no key to believe it by: add keys, or take builder out")


def _circles(root: Mapping, policy: Policy) -> Iterator[Remark]:
    """Environments that wait for each other, or for themselves: none of them is ever entered first. Each circle is told of once."""
    waits: dict[Name, dict[Name, Place]] = {name: {} for name in policy.environments}
    for one in _placed(root, policy):
        match one.requirement:
            case CameThrough(environment=other):
                waits[one.environment].setdefault(other, one.at("environment"))
            case Soaked(in_=other):
                waits[one.environment].setdefault(other, one.at("in"))
            case _:
                pass
    told: set[Name] = set()
    for name in waits:
        way = [] if name in told else _way_back(name, waits)
        if way:
            told.update(way)
            others = ", which waits for ".join("itself" if len(way) == 1 else each for each in way)
            yield Remark(waits[name][way[0]], f"{name} waits for {others}: no release can ever be there first")


def _way_back(start: Name, waits: dict[Name, dict[Name, Place]]) -> list[Name]:
    """The shortest way from an environment along what it waits for back to itself, without it at the beginning; empty for none."""
    came_from: dict[Name, Name] = {}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for other in waits[here]:
            if other not in came_from:
                came_from[other] = here
                queue.append(other)
    if start not in came_from:
        return []
    way = [start]
    while came_from[way[-1]] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _before(section: EnvironmentPolicy) -> set[Name]:
    """The environments a release must have been in."""
    return {one.environment if isinstance(one, CameThrough) else one.in_ for one in section.requires if isinstance(one, CameThrough | Soaked)}


def _built_by(one: _Placed, policy: Policy) -> bool:
    """Whether `built-by` stands beside it, or where the same artifacts came from."""
    sections = [one.section, *(policy.environments[name] for name in _before(one.section))]
    return any(isinstance(requirement, BuiltBy) for section in sections for requirement in section.requires)


def _odd_vulnerable(one: _Placed, vulnerable: Vulnerable) -> Iterator[Remark]:
    """What is said and changes nothing, or is not likely to be meant."""
    levels = ("low", "medium", "high", "critical")
    for level in vulnerable.grace:
        if levels.index(level) < levels.index(vulnerable.refuse):
            yield Remark(one.at("grace"), f"a grace for {level} changes nothing: {vulnerable.refuse} is the least that refuses")
    if vulnerable.kev == "ignore" and vulnerable.kev_max_age != Vulnerable(refuse="low").kev_max_age:
        yield Remark(one.at("kev-max-age"), "kev is ignored, and so is how old it is")
    if "any" in vulnerable.uncovered:
        yield Remark(one.at("uncovered"), "any component may be such as no advisories cover, so that a bill of materials that nothing is known of passes")
    both = sorted({*vulnerable.vex_keys, *vulnerable.vex_identities} & {*vulnerable.sbom_keys, *vulnerable.sbom_identities})
    if both:
        field = "vex-keys" if both[0] in vulnerable.vex_keys else "vex-identities"
        yield Remark(one.at(field), f"{both[0]} says what is in it, and what of that does no harm")


def _odd(root: Mapping, policy: Policy, now: datetime | None) -> Iterator[Remark]:
    for name, (_, node) in cast("Mapping", root.pairs["environments"][1]).pairs.items():
        section = policy.environments[name]
        if section.from_ is not None and section.from_ not in _before(section):
            place = cast("Mapping", node).pairs["from"][1].place
            yield Remark(place, f"from is shown and checks nothing: nothing here asks that a release came through {section.from_}")
    for one in _placed(root, policy):
        yield from (one.remark(each) for each in policy_kinds.odd(one.requirement, one.section, one.environment, now))
        if isinstance(one.requirement, Soaked):
            yield from (one.remark(each) for each in policy_soaks.odd(one.requirement, one.section))
        match one.requirement:
            case Approved(independent_of=roles) if "builder" in roles and not _built_by(one, policy):
                yield Remark(
                    one.at("independent-of"),
                    "approvers are independent of the builder, and no built-by here or before says who that is: provenance by any key will do",
                )
            case Vulnerable() as vulnerable:
                yield from _odd_vulnerable(one, vulnerable)
            case SignedBy(max_age=str(age)) if any(isinstance(other, Soaked) and span(other.for_) >= span(age) for other in one.section.requires):
                yield Remark(one.at("max-age"), "a signature made before the soak is too old when it ends")
            case VerifiedBy(max_age=str(age)) if any(isinstance(other, Soaked) and span(other.for_) >= span(age) for other in one.section.requires):
                yield Remark(one.at("max-age"), "a summary made before the soak is too old when it ends")
            case Scanned(max_age=str(age)) if any(isinstance(other, Soaked) and span(other.for_) >= span(age) for other in one.section.requires):
                yield Remark(one.at("max-age"), "a scan made before the soak is too old when it ends")
            case _:
                pass
        if isinstance(one.requirement, Approved) and one.requirement is not next(each for each in one.section.requires if isinstance(each, Approved)):
            yield Remark(one.node.place, "each approved counts people for itself, so that one person may stand in both: put all duties into one")
    for name, rule in policy.identities.items():
        yield from (_of_identity(root, name, remark) for remark in policy_identities.odd(rule))
    used = {name for section in policy.environments.values() for requirement in section.requires for name in requirement.identity_names()}
    for name, (word, _) in (cast("Mapping", root.pairs["identities"][1]).pairs if policy.identities else {}).items():
        if name not in used:
            yield Remark(word.place, f"no requirement names the identity {name!r}")
    named = {key for section in policy.environments.values() for requirement in section.requires for key in requirement.key_names()}
    for name, (word, _) in (cast("Mapping", root.pairs["keys"][1]).pairs if policy.keys else {}).items():
        if name not in named:
            yield Remark(word.place, f"no requirement names the key {name!r}: it may only say who built something, and whoever holds it counts as a builder")
