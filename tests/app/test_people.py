"""Names beside ids, and the roster that the next one is built on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from build import key, person, person_id
from lockgate.app import govern, past, people, request
from lockgate.app.project import project
from lockgate.core.identity import Person, Roster
from lockgate.evidence.roster_yaml import dump_roster, parse_roster
from world import WEEK, World

Fails = Callable[..., str]
NOBODY = Roster(version=1)


@pytest.fixture
def two() -> World:
    """A gate of two owners who both have to approve; nobody is enrolled yet."""
    world = World()
    world.begin("owner", "eve", threshold=2)
    return world


def propose(world: World, *who: Person, by: str = "owner", version: int = 1) -> govern.Changed:
    return govern.change(world.ports, Roster(version=version, people=who), world.id(), world.nonce(), WEEK, key(by))


class TestNames:
    def test_a_name_is_looked_up_among_the_people_named(self, fails: Fails) -> None:
        names = {person_id("ann"): "Ann", person_id("bob"): "Ann", person_id("carl"): "Carl"}
        assert people.id_of(names, [person_id("ann"), person_id("carl")], "Ann") == person_id("ann")
        assert people.id_of(names, names, person_id("bob")) == person_id("bob")
        assert people.id_of(names, names, "Nobody") is None
        assert fails(people.id_of, names, names, "Ann") == "people.ambiguous"

    def test_who_never_came_to_be_enrolled_is_forgotten(self, two: World) -> None:
        """Their name would be a second one of that name for ever, and nothing would show it."""
        proposed = propose(two, person("ann"))
        two.ports.directory.set(person_id("ann"), "Ann")
        assert people.known(two.ports, forget=True).names == {person_id("ann"): "Ann"}
        two.reject(proposed.id, "eve")
        assert people.known(two.ports).names == {}
        assert two.ports.directory.names() == {person_id("ann"): "Ann"}
        people.known(two.ports, forget=True)
        assert two.ports.directory.names() == {}

    def test_who_was_enrolled_once_keeps_the_name(self, world: World) -> None:
        world.ports.directory.set(person_id("ann"), "Ann")
        world.roster()
        there = people.known(world.ports, forget=True)
        assert there.names[person_id("ann")] == "Ann"
        assert person_id("ann") not in there.present()

    def test_a_name_is_given_again_and_is_one_persons(self, world: World, fails: Fails) -> None:
        ann, bob = person_id("ann"), person_id("bob")
        assert people.rename(world.ports, people.known(world.ports), ann, "Ann") == ann
        assert people.rename(world.ports, people.known(world.ports), "Ann", "Anna") == ann
        assert fails(people.rename, world.ports, people.known(world.ports), bob, "Anna") == "people.name-taken"
        assert fails(people.rename, world.ports, people.known(world.ports), "Nobody", "Bob") == "people.unknown"
        assert people.rename(world.ports, people.known(world.ports), "Anna", "Anna") == ann


class TestBase:
    def test_a_second_roster_is_not_proposed_unawares(self, two: World, fails: Fails) -> None:
        begun = next(one.id for one in project(two.ports, "").state.house.proposals)
        there = people.known(two.ports)
        assert fails(people.require_none_open, there, people.base(two.ports, there, "")) == "proposal.open"
        start = people.base(two.ports, there, begun)
        people.require_none_open(there, start)
        assert (start.version, [one.id for one in start.people.people]) == (1, [person_id("owner")])

    def test_put_into_one_with_it_both_are_put_in_force(self, two: World) -> None:
        begun = next(one for one in project(two.ports, "").state.house.proposals)
        start = people.base(two.ports, people.known(two.ports), begun.id)
        both = propose(two, *start.people.people, person("ann"))
        assert people.give_way(two.ports, begun, two.nonce(), key("owner"))
        assert [one.id for one in project(two.ports, "").state.house.proposals] == [both.id]
        two.approve(both.id, "eve")
        assert {one.id for one in project(two.ports, "").roster.people} == {person_id("owner"), person_id("ann")}
        assert not people.give_way(two.ports, begun, two.nonce(), key("owner"))

    def test_what_another_proposed_is_not_withdrawn(self, two: World) -> None:
        begun = next(one for one in project(two.ports, "").state.house.proposals)
        assert not people.give_way(two.ports, begun, two.nonce(), key("eve"))
        assert project(two.ports, "").state.house.proposals == (begun,)

    def test_onto_something_else(self, two: World, fails: Fails) -> None:
        there = people.known(two.ports)
        assert fails(people.base, two.ports, there, "r-0000000000nobody") == "request.unknown"


class TestFile:
    def read(self, text: str) -> object:
        return parse_roster(text.encode(), "r.yaml", lambda name: key(name).public.encode())

    def test_it_reads_back_as_the_same_people(self, world: World) -> None:
        there = people.known(world.ports)
        world.ports.directory.set(person_id("ann"), 'Ann: the "1st"')
        there = people.known(world.ports)
        text = dump_roster(there.house.roster, there.names)
        found, names = people.from_file(people.base(world.ports, there, ""), self.read(text), lambda: person_id("new"))  # type: ignore[arg-type]
        assert people.same(found, there.house.roster.people)
        assert names == {}

    def test_new_renamed_and_removed(self, world: World) -> None:
        world.ports.directory.set(person_id("ann"), "Ann")
        start = people.base(world.ports, people.known(world.ports), "")
        text = f"people:\n  Ann: {{keys: [{{file: ann}}]}}\n  Robert: {{id: {person_id('bob')}, keys: [{{file: bob}}]}}\n  New: {{keys: [{{file: x}}]}}\n"
        found, names = people.from_file(start, self.read(text), lambda: person_id("new"))  # type: ignore[arg-type]
        assert [one.id for one in found] == [person_id("ann"), person_id("bob"), person_id("new")]
        assert names == {person_id("bob"): "Robert", person_id("new"): "New"}

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("people: {Ann: {id: p-aaaaaaaaaaaaaaaa, keys: [{file: ann}]}}", "people.unknown"),
            ("people: {p-aaaaaaaaaaaaaaaa: {keys: [{file: ann}]}}", "people.unknown"),
            ("people: {Ann: {keys: [{file: ann}]}, Other: {id: ANN, keys: [{file: x}]}}", "people.twice"),
            ("people: {Ann: {keys: []}}", "roster.bad-file"),
            ("people: {Ann: {keys: [{file: ann}], duties: {production: [everything]}}}", "roster.bad-file"),
            ("people: {}", "roster.bad-file"),
            ("people: {Ann: {keys: [{file: ann}], keys: []}}", "roster.bad-file"),
            ("people: &a []", "roster.bad-file"),
            ("- x", "roster.bad-file"),
        ],
    )
    def test_what_is_none(self, world: World, fails: Fails, text: str, code: str) -> None:
        world.ports.directory.set(person_id("ann"), "Ann")
        start = people.base(world.ports, people.known(world.ports), "")
        assert fails(lambda: people.from_file(start, self.read(text.replace("ANN", person_id("ann"))), lambda: person_id("new"))) == code  # type: ignore[arg-type]


class TestFewer:
    ANN = person("ann", {"production": ["approve:security", "request"], "staging": ["deploy"]}, keys=["ann", "ann-2"])

    def test_one_key_or_one_duty_is_taken_away(self) -> None:
        assert govern.reduced(self.ANN, (key("ann").public,), ()).keys == (key("ann-2").public,)
        assert govern.reduced(self.ANN, (), ("staging=deploy", "production=request")).duties == {"production": ("approve:security",)}

    def test_what_is_not_theirs_and_the_last_key(self, fails: Fails) -> None:
        assert fails(govern.reduced, self.ANN, (key("bob").public,), ()) == "people.not-held"
        assert fails(govern.reduced, self.ANN, (), ("staging=request",)) == "people.not-held"
        assert fails(govern.reduced, self.ANN, self.ANN.keys, ()) == "people.no-key"


class TestPast:
    def test_what_became_of_a_proposal(self, two: World, fails: Fails) -> None:
        begun = next(one.id for one in project(two.ports, "").state.house.proposals)
        rejected, withdrawn = propose(two, person("ann")), propose(two, person("bob"))
        two.reject(rejected.id, "eve")
        two.withdraw(withdrawn.id, "owner", "request")
        other = propose(two, person("carl"))
        two.approve(begun, "eve")
        assert "roster version 1 was put in force by leaf" in past.became(two.ports, begun)
        assert "roster version 1 was rejected by leaf" in past.became(two.ports, rejected.id)
        assert "roster version 1 was withdrawn by leaf" in past.became(two.ports, withdrawn.id)
        assert "another roster version 1 was put in force by leaf" in past.became(two.ports, other.id)
        assert past.became(two.ports, "r-0000000000nobody") == ""
        assert fails(request.find, two.ports, other.id) == "request.unknown"
        assert past.once_enrolled(two.ports) == {person_id("owner")}
