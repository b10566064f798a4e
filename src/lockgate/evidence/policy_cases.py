"""A file of cases -> what is to be decided, and what has to come of it: errors at file:line:column, as a policy's.

policy: policy.yaml                                   beside this file
people:                                               left out: whoever uses a duty in a case has it there
  ann: {duties: {production: [approve:security]}}     keys: names of keys of the policy's that are theirs
cases:
  - name: unsigned images never reach production
    to: production
    now: 2026-11-22T10:00:00Z                         left out: noon on 7 January 2026, a Wednesday
    facts:
      stays: [{in: staging, since: 30h ago}]
      approvals: [{by: ann, duty: security}]
    unreadable: {signatures: ref.unreadable}
    expect: {result: refused, signed-by: signed-by.unreadable, soaked: pass}

What stands under ``facts`` is all there is: a kind that is not named was looked for, and there is none. Only the bytes are right unless ``intact``
says otherwise, and what follows from the rest follows (`case_derived`). A new kind of evidence needs no line here: it is called by its class, in the plural.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from msgspec import inspect
from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core.attested import Attested
from lockgate.core.cases import OURS, Case
from lockgate.core.components import LookedInside, Sbom
from lockgate.core.dependencies import Ran, RanFinding, Remembered
from lockgate.core.digest import digest_of
from lockgate.core.events import HOUSE
from lockgate.core.exceptional import Exceptional, Glass, Hold, Waiver
from lockgate.core.facts import (
    Complete,
    Enrolled,
    Facts,
    Gathered,
    Given,
    InForce,
    Intact,
    Need,
    Provenance,
    Rejected,
    Request,
    Signature,
    Source,
    Stay,
    Summary,
    Unreadable,
    Vouched,
)
from lockgate.core.findings import Database, Exploitability, Finding, LookedUp, Scan
from lockgate.core.identity import Actor, Duty, Name, Person, PersonId, PublicKey, Root, Roster, fingerprint
from lockgate.core.model import NONE, Release, Subject
from lockgate.core.policy import Policy, requirement_id, section_digest
from lockgate.core.revocation import Revocation
from lockgate.core.state import KEPT_ANSWERS, release_digest
from lockgate.core.trial import Trial
from lockgate.errors import PolicyError
from lockgate.evidence import readers, yaml_tree
from lockgate.evidence.case_derived import ReadZone, derived
from lockgate.evidence.case_form import CaseForm, Fields, Ground, moment, person_id, stand_in_key
from lockgate.evidence.policy_yaml import Form, told
from lockgate.evidence.yaml_tree import Mapping, Node, Scalar

MAX_CASES, MAX_FACTS = 1_000, 20_000
"""Cases of one file, and facts of all of them together."""

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
"""When a case takes place that does not say; a Wednesday."""

_RESULTS = ("allowed", "refused", "undecided")
_EXPECTED = re.compile(r"(pass|waived|fail|unknown|[a-z0-9-]+\.[a-z0-9-]+)\Z").match
_CODE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\Z").match

_HISTORY: dict[str, type] = {"approvals": Given, "stays": Stay, "holds": Hold, "waivers": Waiver, "glasses": Glass, "revocations": Revocation}
_KNOWN: dict[str, type] = {
    "intact": Intact,
    "signatures": Signature,
    "provenance": Provenance,
    "summaries": Summary,
    "rejected": Rejected,
    "sboms": Sbom,
    "exploitability": Exploitability,
    "findings": Finding,
    "databases": Database,
    "scans": Scan,
    "attestations": Attested,
    "test-results": Trial,
    "sources": Source,
    "looked-up": LookedUp,
    "looked-inside": LookedInside,
    "ran": Ran,
    "ran-findings": RanFinding,
    "remembered": Remembered,
}
"""What a kind of fact is called under ``facts``. Any other is called by its class: ``TestResult`` is ``test-results``."""


@cache
def kinds() -> dict[str, type]:
    """Word -> kind, of everything that can stand in a list under ``facts`` but what is history."""
    found = dict(_KNOWN)
    for kind in dict.fromkeys([*readers.KINDS, *_below(Vouched)]):
        if kind not in found.values():
            found[re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower() + "s"] = kind
    return found


def _below(kind: type) -> list[type]:
    """Every class made from this one."""
    below: list[type] = kind.__subclasses__()
    return [*below, *(each for one in below for each in _below(one))]


class _Person(Noun, frozen=True, kw_only=True):
    duties: dict[Name, tuple[Duty, ...]] = {}
    keys: tuple[Name, ...] = ()


class CaseFile(NamedTuple):
    """A file of cases as far as it can be read without its policy: its name, the policy file it names (empty for none), and the rest."""

    filename: str
    policy: str
    parts: dict[str, Node]


def read_cases(data: bytes, filename: str) -> CaseFile:
    """The cases in this file, at most 256 KiB of UTF-8; `cases` makes something of them.

    Raises:
        PolicyError: ``cases.malformed``; the message begins with ``file:line:column``.
    """
    try:
        root = yaml_tree.parse(data, filename)
    except PolicyError as err:
        raise PolicyError("cases.malformed", err.message) from None
    form = Fields()
    parts = form.fields(root, ("cases",), ("policy", "people"), "a file of cases")
    policy = form.text(parts["policy"], "policy") if "policy" in parts else ""
    _raise(form, filename)
    return CaseFile(filename, policy, parts)


def cases(file: CaseFile, policy: Policy, read_zone: ReadZone) -> tuple[Case, ...]:
    """The cases of a file, ready to be decided by this policy; `read_zone` reads the time zones that it names.

    Raises:
        PolicyError: ``cases.malformed``, with one line ``file:line:column: …`` for each of the first 10 problems.
    """
    form = Fields()
    listed = file.parts["cases"]
    people = form.value(file.parts["people"], inspect.type_info(dict[Name, _Person]), "people") if "people" in file.parts else None
    if people is not None:
        _check_people(form, file.parts["people"], people, policy)
    nodes = form.items(listed, "cases")
    if not form.problems and not 1 <= len(nodes) <= MAX_CASES:
        form.wrong(listed, f"a file has 1 to {MAX_CASES:,} cases, and this one has {len(nodes):,}")
    _raise(form, file.filename)
    found: list[Case] = []
    room = MAX_FACTS
    for node in nodes:
        reader = _Reader(policy, people, room, read_zone)
        case = reader.case(node)
        found += [case] if case is not None else []
        form.problems += reader.form.problems
        room = reader.room
        if room < 0:
            break
    _raise(form, file.filename)
    return tuple(found)


def _check_people(form: Fields, node: Node, people: dict[str, Any] | None, policy: Policy) -> None:
    """Keys that people hold are the policy's, each one person's."""
    held: dict[str, str] = {}
    for name, one in (people or {}).items():
        for key in (one or {}).get("keys", ()):
            if key not in policy.keys:
                form.wrong(node, f"{name} holds {key!r}, which is no key of the policy's")
            elif held.setdefault(key, name) != name:
                form.wrong(node, f"{name} and {held[key]} hold one key, {key!r}: a key belongs to one person")


def _raise(form: Form, filename: str) -> None:
    if form.problems:
        raise PolicyError("cases.malformed", told(form.problems, filename).message)


class _Reader:
    """Reads one case.

    Attributes:
        form: what its facts are read by, with what is wrong so far. room: how many more facts there may be.
    """

    def __init__(self, policy: Policy, people: dict[str, Any] | None, room: int, read_zone: ReadZone) -> None:
        self._policy, self._people, self._read_zone = policy, people, read_zone
        nobody = Release(artifacts=(digest_of(b"artifact"),))
        self.form = CaseForm(Ground(policy, "", nobody, NOON, NONE, NONE))
        self.room = room

    def case(self, node: Node) -> Case | None:
        """The case; None where it is wrong, which is noted."""
        form, line = self.form, node.place.line
        parts = form.fields(node, ("name", "to", "expect"), ("now", "release", "asker", "facts", "unreadable"), "a case")
        to = form.one_of(parts["to"], self._policy.environments, "environment in the policy") if "to" in parts else ""
        if not to or "expect" not in parts or "name" not in parts:
            return None
        form.ground = form.ground._replace(environment=to, section=section_digest(self._policy, to))
        if "now" in parts:
            form.ground = form.ground._replace(now=self._now(parts["now"]))
        if "release" in parts and (found := form.fact(parts["release"], Release, "release")):
            form.ground = form.ground._replace(release=found[0])
        given = form.fields(parts["facts"], (), [*kinds(), *_HISTORY, "request"], "facts") if "facts" in parts else {}
        gathered = self._evidence(given) | self._history(given)
        request = next(iter(cast("Complete[Request]", gathered[Need(Request)]).items), None)
        actor = self._asker(parts.get("asker"), to)
        gathered[Need(Enrolled)] = self._complete([Enrolled(roster=self._roster(gathered, actor))])
        self._unreadable(parts.get("unreadable"), gathered)
        subject = Subject(
            release=form.ground.release,
            environment=to,
            actor=Actor(key=fingerprint(stand_in_key(actor)), person=person_id(actor)) if actor else None,
            request=request.id if request else None,
        )
        expect = self._expect(parts["expect"], to)
        return Case(form.text(parts["name"], "name"), line, subject, Facts(gathered), form.ground.now, _root(form.ground.now), expect)

    def _now(self, node: Node) -> datetime:
        try:
            return moment(node.text if isinstance(node, Scalar) else "")
        except (ValueError, OverflowError):
            self.form.wrong(node, "now is a time: write 2026-11-22T10:00:00Z")
            return NOON

    def _list(self, given: dict[str, Node], word: str, kind: type, most: int = MAX_FACTS) -> list[Any]:
        """The facts under a word; beyond `room` of all, nothing more is read."""
        found: list[Any] = []
        nodes = self.form.items(given[word], word) if word in given else []
        if len(nodes) > most:
            self.form.wrong(given[word], f"{word} has {len(nodes):,} entries; at most {most:,} are read")
            return []
        for node in nodes:
            made = self.form.fact(node, kind, f"one of {word}")
            self.room -= len(made)
            if self.room < 0:
                self.form.wrong(node, f"more than {MAX_FACTS:,} facts are not read; what is about no artifact by name counts once for each")
                return []
            found += made
        return found

    def _complete(self, items: Iterable[Any]) -> Complete[Any]:
        return Complete(items=tuple(items), as_of=self.form.ground.now)

    def _evidence(self, given: dict[str, Node]) -> dict[Need, Gathered]:
        """Everything that is no history: absent where nothing is said, but for what follows from the rest."""
        found: dict[Need, Gathered] = {Need(kind): self._complete(self._list(given, word, kind)) for word, kind in kinds().items()}
        ground = self.form.ground
        said = {kind for word, kind in kinds().items() if word in given}
        return derived(found, said, ground.release, self._policy.environments[ground.environment], ground.now, self._read_zone)

    def _history(self, given: dict[str, Node]) -> dict[Need, Gathered]:
        """What was recorded; first what runs, for approvals are given over that."""
        form = self.form
        stays = self._stays(given)
        section = self._policy.environments[form.ground.environment]
        here = stays[form.ground.environment]
        form.ground = form.ground._replace(occupant=release_digest(here[-1].release if here else None))
        approvals = tuple(self._list(given, "approvals", Given, KEPT_ANSWERS))
        node = given.get("request") or (Mapping(given["approvals"].place, {}) if approvals else None)
        requests = [replace(one, given=approvals) if approvals else one for one in (form.fact(node, Request, "request") if node else [])]
        in_force = InForce(section=form.ground.section, baseline=section.baseline, from_=form.ground.occupant, time=section.time)
        exceptional = Exceptional(
            holds=tuple(self._list(given, "holds", Hold)),
            waivers=tuple(self._list(given, "waivers", Waiver)),
            glasses=tuple(self._list(given, "glasses", Glass)),
        )
        return {
            **{Need(Stay, name): self._complete(each) for name, each in stays.items()},
            Need(Request): self._complete(requests),
            Need(InForce): self._complete([in_force]),
            Need(Exceptional): self._complete([exceptional]),
            **self._revocations(given),
        }

    def _revocations(self, given: dict[str, Node]) -> dict[Need, Gathered]:
        """Those of the environment and of every other one; what is revoked everywhere counts in each."""
        said = self._list(given, "revocations", Revocation)
        for one in said:
            if one.environment not in {*self._policy.environments, HOUSE}:
                self.form.wrong(given["revocations"], f"there is no environment {one.environment!r} in the policy: name one, or {HOUSE} for everywhere")
        needs = {Need(Revocation) if name == self.form.ground.environment else Need(Revocation, name): name for name in self._policy.environments}
        return {need: self._complete([one for one in said if one.environment in {name, HOUSE}]) for need, name in needs.items()}

    def _stays(self, given: dict[str, Node]) -> dict[str, list[Stay]]:
        """Environment -> what stayed there, in the order that it is told."""
        found: dict[str, list[Stay]] = {name: [] for name in self._policy.environments}
        for node in self.form.items(given["stays"], "stays") if "stays" in given else []:
            if not isinstance(node, Mapping) or "in" not in node.pairs:
                self.form.wrong(node, "a stay says where: {in: staging, since: 30h ago}")
                continue
            name = self.form.one_of(node.pairs["in"][1], found, "environment in the policy")
            rest = Mapping(node.place, {key: pair for key, pair in node.pairs.items() if key != "in"})
            found.get(name, []).extend(self.form.fact(rest, Stay, "a stay"))
        return found

    def _asker(self, node: Node | None, to: Name) -> str:
        """Who asks the gate; empty for nobody who proved it."""
        if isinstance(node, Scalar) and node.text == "none":
            return ""
        if node is not None:
            named = self.form.value(node, inspect.type_info(PersonId), "asker")
            return node.text if named and isinstance(node, Scalar) else ""
        if self._people is None:
            return "deployer"
        return next((name for name, one in self._people.items() if "deploy" in one.get("duties", {}).get(to, ())), "")

    def _roster(self, gathered: dict[Need, Gathered], asker: str) -> Roster:
        """Who is enrolled: as the file says; where it says nothing, everybody for what they do here."""
        if self._people is not None:
            for name, (_, node) in self.form.people.items():
                if name not in self._people:
                    self.form.one_of(node, self._people, "person under people")
            return self._enrolled(self._people)
        to = self.form.ground.environment
        duties: dict[str, set[str]] = {name: set() for name in self.form.people}
        names = {id_: name for name, (id_, _) in self.form.people.items()}
        if asker:
            duties.setdefault(asker, set()).add("deploy")
        for request in cast("Complete[Request]", gathered[Need(Request)]).items:
            for one in request.given:
                duties[names[one.person]].add(f"approve:{one.duty}")
        for here in cast("Complete[Exceptional]", gathered[Need(Exceptional)]).items:
            for waiver in here.waivers:
                duties[names[waiver.by]].add("waive")
            for person in {person for glass in here.glasses for person in glass.by}:
                duties[names[person]].add("break-glass")
        return self._enrolled({name: {"duties": {to: sorted(held)}} for name, held in duties.items()})

    def _enrolled(self, people: dict[str, Any]) -> Roster:
        found = []
        for name, one in people.items():
            keys: tuple[PublicKey, ...] = (stand_in_key(name), *(self._policy.keys[key] for key in one.get("keys", ())))
            held = {environment: tuple(duties) for environment, duties in one.get("duties", {}).items()}
            found.append(Person(id=person_id(name), keys=keys, duties=held))
        return Roster(version=1, people=tuple(found))

    def _unreadable(self, node: Node | None, gathered: dict[Need, Gathered]) -> None:
        """Kinds that could not be looked at, each with its code."""
        words = {**kinds(), **_HISTORY, "requests": Request} | dict.fromkeys(("holds", "waivers", "glasses"), Exceptional)
        for word, value in (self.form.fields(node, (), words, "unreadable") if node is not None else {}).items():
            code = self.form.text(value, word)
            if code and not _CODE(code):
                self.form.wrong(value, f"{word} could not be read because of a code: write ref.unreadable, or facts.not-gathered")
            kind = Request if words[word] is Given else words[word]
            gathered.update({need: Unreadable(code=code) for need in gathered if need.kind is kind})

    def _expect(self, node: Node, to: Name) -> dict[str, str]:
        """``result`` and ids -> what is expected of them."""
        ids = [requirement_id(one) for one in self._policy.environments[to].requires]
        found: dict[str, str] = {}
        for what, value in self.form.fields(node, ("result",), [*ids, *OURS], "expect").items():
            if what == "result":
                found[what] = self.form.one_of(value, _RESULTS, "result")
                continue
            found[what] = self.form.text(value, what)
            if found[what] and not _EXPECTED(found[what]):
                self.form.wrong(value, f"{what} comes to pass, fail, unknown, waived or a code, such as signed-by.no-signature")
        return found


def _root(now: datetime) -> Root:
    """A root that has not ended."""
    owner, hour = stand_in_key("the owner"), timedelta(hours=1)
    return Root(version=1, threshold=1, owners=(owner,), log="", permit=owner, genesis=digest_of(b""), expires=now + hour)
