"""Who may write ``people.json``: names beside person ids. Nobody signs it, and no decision reads it."""

from __future__ import annotations

import json

import pytest

from attack.desk import Desk


@pytest.fixture
def people(desk: Desk) -> dict[str, str]:
    """Ada, Bob and Carol are enrolled: their ids."""
    for name in ("bob", "carol"):
        desk.call("key", "new", f"{name}.key")
        assert desk.call("people", "add", name.title(), "--public", f"{name}.key.pub", "--duty", "staging=request").code == 0
    return {name: id_ for id_, name in names(desk).items()}


def names(desk: Desk) -> dict[str, str]:
    found: dict[str, str] = json.loads((desk.work / ".lockgate/people.json").read_bytes())
    return found


def write(desk: Desk, found: dict[str, str]) -> None:
    (desk.work / ".lockgate/people.json").write_text(json.dumps(dict(sorted(found.items())), separators=(",", ":")))


def swapped(desk: Desk, people: dict[str, str]) -> None:
    """Bob's id is called Carol, and Carol's Bob."""
    write(desk, {**names(desk), people["Bob"]: "Carol", people["Carol"]: "Bob"})


class TestForge:
    @pytest.mark.not_caught
    def test_can_have_an_owner_give_one_persons_duty_to_another(self, desk: Desk, people: dict[str, str]) -> None:
        """`people add NAME` goes by the name: look at ids and fingerprints before signing a roster."""
        swapped(desk, people)
        said = desk.call("people", "add", "Bob", "--duty", "staging=deploy")
        assert said.code == 0
        assert people["Carol"] in said.out
        assert desk.call("log", "check").code == 0

    def test_cannot_change_who_somebody_is_for_a_decision(self, desk: Desk, people: dict[str, str]) -> None:
        before = json.loads(desk.call("gate", "file:app", "--to", "staging", "--format", "json").out)
        swapped(desk, people)
        write(desk, {**names(desk), people["Ada"]: "Nobody"})
        after = json.loads(desk.call("gate", "file:app", "--to", "staging", "--format", "json").out)
        assert before["decision"]["person"] == after["decision"]["person"] == people["Ada"]

    def test_cannot_have_two_people_of_one_name_taken_for_one(self, desk: Desk, people: dict[str, str]) -> None:
        write(desk, {**names(desk), people["Bob"]: "Carol"})
        assert desk.code("people", "add", "Carol", "--duty", "staging=deploy") == "people.ambiguous"

    def test_cannot_write_on_the_terminal(self, desk: Desk, people: dict[str, str]) -> None:
        """A name is shown without what a terminal would act on."""
        write(desk, {**names(desk), people["Bob"]: "\x1b[2JBob\r\x9b31m"})
        said = desk.call("people", "list")
        assert "\x1b" not in said.out
        assert "\r" not in said.out
        assert "\x9b" not in said.out


class TestHide:
    @pytest.mark.not_caught
    def test_can_show_another_name_beside_what_somebody_said(self, desk: Desk, people: dict[str, str]) -> None:
        write(desk, {**names(desk), people["Ada"]: "Carol", people["Carol"]: "Ada"})
        listed = desk.call("people", "list").out.splitlines()
        assert any(line.startswith("Carol") and line.endswith(people["Ada"]) for line in listed)

    def test_cannot_hide_that_somebody_is_enrolled(self, desk: Desk, people: dict[str, str]) -> None:
        (desk.work / ".lockgate/people.json").unlink()
        listed = desk.call("people", "list").out
        assert all(id_ in listed for id_ in people.values())


class TestDelay:
    def test_can_stop_who_goes_by_names_and_nothing_that_decides(self, desk: Desk, people: dict[str, str]) -> None:
        (desk.work / ".lockgate/people.json").write_text("no JSON")
        assert desk.code("people", "add", "Bob", "--duty", "staging=deploy") == "directory.unreadable"
        assert desk.call("gate", "file:app", "--to", "staging").code == 0
