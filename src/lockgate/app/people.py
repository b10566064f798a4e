"""Who people are: names beside ids, and the roster that the next one is built on.

A name is looked up among people who are enrolled, or in a roster that is openly proposed. What the directory still calls somebody
who never came to be enrolled is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from lockgate.app import past, request
from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core.identity import Person, PersonId, Roster, fingerprint
from lockgate.core.ports import PersonSigner
from lockgate.core.state import OpenProposal
from lockgate.errors import UnreadableError, UsageError
from lockgate.evidence.place import read_roster
from lockgate.render.words import called, listing

if TYPE_CHECKING:
    from lockgate.evidence.roster_yaml import RosterFile  # what reads no roster file does not wait for a YAML library


class Base(Noun, frozen=True, kw_only=True):
    """What the next roster is built on.

    Attributes:
        people: the roster in force, or that of the proposal that this one takes the place of.
        version: the next roster's. onto: that proposal; None for the roster in force.
        names: what they are called.
    """

    people: Roster
    version: int
    onto: OpenProposal | None
    names: dict[PersonId, str]


class Known(Noun, frozen=True, kw_only=True):
    """Everybody there is.

    Attributes:
        house: root, roster and policy in force.
        proposed: open proposal -> its roster.
        names: person id -> name: of people enrolled, openly proposed, or enrolled once.
    """

    house: Projection
    names: dict[PersonId, str]
    proposed: dict[str, Roster]

    def present(self) -> set[PersonId]:
        """Who is enrolled, or may soon be."""
        rosters = (self.house.roster, *self.proposed.values())
        return {person.id for roster in rosters for person in roster.people}


def known(ports: Ports, *, forget: bool = False) -> Known:
    """Everybody there is.

    Args:
        ports: the world.
        forget: whether names of people who never came to be enrolled are taken out of the directory, too; else one that cannot be read
            tells no names.

    Raises:
        LockgateError: as `project`; ``directory.unreadable``, ``directory.unwritable``.
    """
    try:
        names = ports.directory.names()  # before history is read: of a name that is set meanwhile, the proposal stands there by then
    except UnreadableError:
        if forget:
            raise
        names = {}
    house = project(ports, "")
    proposed = {one.id: read_roster(ports.blobs.get(one.digest)) for one in house.state.house.proposals if one.kind == "roster"}
    found = Known(house=house, names=names, proposed=proposed)
    if strange := set(names) - found.present():
        strange -= past.once_enrolled(ports)
        for id_ in sorted(strange) if forget else ():
            ports.directory.set(id_, None)
    return Known(house=house, names={id_: name for id_, name in names.items() if id_ not in strange}, proposed=proposed)


def id_of(names: Mapping[PersonId, str], people: Iterable[PersonId], text: str) -> PersonId | None:
    """The one of these people who has this name or id; None for nobody. Raises UsageError ``people.ambiguous``."""
    found = [id_ for id_ in people if text in {id_, names.get(id_)}]
    if len(found) > 1:
        raise UsageError("people.ambiguous", f"{len(found)} people are called {text!r}: name one by id ({', '.join(sorted(found))})")
    return found[0] if found else None


def base(ports: Ports, there: Known, onto: str) -> Base:
    """What the next roster is built on.

    Args:
        ports: the world. there: who is there.
        onto: the open proposal to take the place of; empty for none.

    Raises:
        UsageError: ``request.unknown`` where `onto` is no open proposal of a roster.
    """
    house = there.house.state.house
    version = (house.roster.version if house.roster else 0) + 1
    if not onto:
        return Base(people=there.house.roster, version=version, onto=None, names=there.names)
    found = next((one for one in house.proposals if one.id == onto and one.id in there.proposed), None)
    if found is None:
        end = past.became(ports, onto)
        raise UsageError("request.unknown", f"{onto[:40]} is no open proposal of a roster" + (f": {end}" if end else ""), "lockgate people list")
    return Base(people=there.proposed[onto], version=version, onto=found, names=there.names)


def require_none_open(there: Known, start: Base) -> None:
    """No other roster is proposed: two would be of one version, and one of them void. Raises UsageError ``proposal.open``."""
    open_ = [one for one in there.house.state.house.proposals if one.id in there.proposed]
    if open_ and start.onto is None:
        which = listing(f"{one.id} by {called(one.by, there.names)}" for one in open_)
        raise UsageError(
            "proposal.open",
            f"roster version {start.version} is proposed already: {which}. Only one roster of a version can be put in force, so nothing was proposed: "
            "--onto puts both into one, --beside leaves it to the owners to choose",
        )


def from_file(start: Base, file: RosterFile, fresh: Callable[[], PersonId]) -> tuple[tuple[Person, ...], dict[PersonId, str]]:
    """The people of a file, and the names it gives them.

    Args:
        start: among whose people names and ids are looked up.
        file: the whole roster. fresh: a new person id.

    Raises:
        UsageError: ``people.unknown`` for an id nobody has; ``people.ambiguous``; ``people.twice`` where two entries are one person.
    """
    ids = [person.id for person in start.people.people]
    people: dict[PersonId, Person] = {}
    names: dict[PersonId, str] = {}
    for name, entry in file.people.items():
        by_id = entry.id or (name if name.startswith("p-") else None)
        if by_id is not None and by_id not in ids:
            raise UsageError("people.unknown", f"nobody enrolled has the id {by_id}: leave the id out for somebody new")
        id_ = by_id or id_of(start.names, ids, name) or fresh()
        if id_ in people:
            raise UsageError("people.twice", f"{name!r} and another entry of this file are one person, {id_}")
        people[id_] = Person(id=id_, keys=entry.keys, duties=entry.duties)
        if not name.startswith("p-") and start.names.get(id_) != name:
            names[id_] = name
    return tuple(people.values()), names


def same(one: Iterable[Person], other: Iterable[Person]) -> bool:
    """Whether two rosters say the same of the same people, in whatever order."""
    first, second = ({person.id: _plain(person) for person in people} for people in (one, other))
    return first == second


def _plain(person: Person) -> tuple[set[str], set[tuple[str, str]]]:
    return set(person.keys), {(environment, duty) for environment, duties in person.duties.items() for duty in duties}


def give_way(ports: Ports, old: OpenProposal, nonce: str, signer: PersonSigner) -> bool:
    """Withdraw the proposal that another one took the place of, where it is open still and one's own; whether that was done."""
    now = project(ports, "")
    if all(one.id != old.id for one in now.state.house.proposals):
        return False
    person = now.roster.person_of(signer.public)
    if old.by != (person.id if person else fingerprint(signer.public)):
        return False
    request.withdraw(ports, request.find(ports, old.id), "request", nonce, signer)
    return True


def rename(ports: Ports, there: Known, who: str, name: str) -> PersonId:
    """Give somebody a name: another one, or one again after it was erased.

    Raises:
        UsageError: ``people.unknown``, ``people.ambiguous``, ``people.name-taken``.
    """
    present = there.present()
    id_ = id_of(there.names, present, who)
    if id_ is None:
        raise UsageError("people.unknown", f"nobody enrolled or proposed has the name or id {who!r}")
    other = id_of(there.names, present - {id_}, name)
    if other is not None:
        raise UsageError("people.name-taken", f"{other} is called {name!r} already: two of one name could not be told apart")
    ports.directory.set(id_, name)
    return id_
