"""What stands out of the ordinary: small, and forgetful only of what could open nothing any more."""

from __future__ import annotations

import pytest
from hypothesis import given
from msgspec.structs import replace

from build import NOW, ago, glass, held, later, person_id, request, waiver
from lockgate.canon import decode, encode
from lockgate.core.exceptional import GLASS_LASTS, KEPT, Exceptional, Glass, Hold, Waiver, allowed, room
from lockgate.core.fate import Fate, fate_of, told
from lockgate.core.state import KEPT_REQUESTS, EnvironmentState, room_for_request
from strategies import noun


def test_nothing_is_written_of_nothing() -> None:
    assert encode(EnvironmentState(name="production", exceptional=Exceptional())) == b'{"name":"production"}'


@given(noun(Exceptional))
def test_it_is_read_back(here: Exceptional) -> None:
    assert decode(encode(here), Exceptional) == here


def test_room_is_made_only_where_there_is_none() -> None:
    ended = tuple(held(str(number), expires=ago("1s")) for number in range(KEPT - 1))
    assert room(ended, NOW) == ended
    assert room((*ended, held()), NOW) == (held(),)
    standing = tuple(held(str(number)) for number in range(KEPT))
    assert room(standing, NOW) == standing


@pytest.mark.parametrize(
    ("one", "spare"),
    [
        (held(), False),
        (held(expires=NOW), True),
        (waiver(), False),
        (waiver(lifted=True), False),
        (waiver(expires=NOW), True),
        (glass(until=NOW), False),
        (glass(at=NOW - 2 * GLASS_LASTS, until=NOW - GLASS_LASTS), False),
        (glass(at=NOW - 3 * GLASS_LASTS, until=NOW - 2 * GLASS_LASTS), True),
        (glass(at=NOW - 3 * GLASS_LASTS, until=NOW - 2 * GLASS_LASTS, decision=7), False),
        (glass(at=NOW - 3 * GLASS_LASTS, until=NOW - 2 * GLASS_LASTS, decision=7, reviewed=9), True),
    ],
)
def test_what_may_be_forgotten(one: Hold | Waiver | Glass, spare: bool) -> None:
    assert one.spare(NOW) == spare


def test_a_request_is_not_forgotten_while_a_waiver_is_for_it() -> None:
    requests = (request(), *(request(name=str(number)) for number in range(KEPT_REQUESTS - 1)))
    state = EnvironmentState(name="production", requests=requests)
    assert requests[0] not in room_for_request(state, NOW)
    waived = replace(state, exceptional=Exceptional(waivers=(waiver(),)))
    assert room_for_request(waived, NOW) == (requests[0], *requests[2:])
    ended = replace(state, exceptional=Exceptional(waivers=(waiver(expires=NOW),)))
    assert requests[0] not in room_for_request(ended, NOW)


def test_an_allowed_decision_marks_what_it_rests_on_and_nothing_else() -> None:
    here = Exceptional(waivers=(waiver(), waiver("2")), glasses=(glass(), glass(name="2")))
    after = allowed(here, frozenset({waiver("2").id}), glass().id, 9, person_id("dora"), later("15m"))
    assert [one.used for one in after.waivers] == [-1, 9]
    assert [one.decision for one in after.glasses] == [9, -1]
    again = allowed(after, frozenset(), glass().id, 11, person_id("dora"), later("20m")).glasses[0]
    assert (again.decision, again.users, again.permit_until) == (11, (person_id("dora"),), later("20m"))
    other = allowed(after, frozenset(), glass().id, 12, person_id("otto"), later("20m")).glasses[0]
    assert (other.users, other.permit_by) == ((person_id("dora"), person_id("otto")), person_id("otto"))


@pytest.mark.parametrize(
    ("one", "lifted", "fate"),
    [
        (held(), False, "standing"),
        (held(), True, "lifted"),
        (held(expires=NOW), False, "expired"),
        (waiver(), False, "unused"),
        (waiver(lifted=True), False, "lifted"),
        (waiver(expires=NOW), False, "expired-unused"),
        (waiver(expires=NOW, used=7), False, "used"),
        (waiver(used=7, lifted=True), True, "used"),
        (glass("ann"), False, "half-signed"),
        (glass(), False, "unused"),
        (glass(until=NOW), False, "expired-unused"),
        (glass(decision=7), False, "review-open"),
        (glass(decision=7, until=NOW, reviewed=9), False, "reviewed"),
    ],
)
def test_what_became_of_it(one: Hold | Waiver | Glass, lifted: bool, fate: Fate) -> None:
    assert fate_of(one, NOW, lifted=lifted) == fate
    said = told("production", one, NOW, "because", 5 if lifted else -1)
    assert (said.fate, said.id, said.environment, said.reason) == (fate, one.id, "production", "because")


def test_a_glass_is_ready_by_two_people_in_time_and_once() -> None:
    assert glass().ready(NOW)
    assert not any(one.ready(NOW) for one in (glass("ann"), glass(until=NOW), glass(deployed=9)))
