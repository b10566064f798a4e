"""One key is one key however it is spelt, and belongs to one person."""

from __future__ import annotations

import base64
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import NOW, digest, key, later, person, person_id, root, roster
from lockgate.canon import decode, encode
from lockgate.core.identity import Person, Root, Roster, Witnesses, fingerprint, require_checkable
from lockgate.errors import EvidenceError, TrustError

ANN = key("ann").public
TYPE, _, TEXT = ANN.partition(" ")


def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(f"{ANN} a comment\n")
    said = subprocess.run(["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == fingerprint(ANN)


OTHER_SPELLINGS = {
    "comment": f"{ANN} ann@example.com",
    "two spaces": f"{TYPE}  {TEXT}",
    "no padding": f"{TYPE} {base64.b64encode(base64.b64decode(TEXT) + b'0').decode().rstrip('=')}",
    "too much padding": f"{ANN}==",
    "loose bits": f"{TYPE} {base64.b64encode(base64.b64decode(TEXT) + b'0').decode()[:-3]}B==",
    "url-safe": f"{TYPE} {base64.urlsafe_b64encode(base64.b64decode(TEXT)).decode()}",
    "another type before the blob": f"ssh-rsa {TEXT}",
    "line break inside": f"{TYPE} {TEXT[:20]}\n{TEXT[20:]}",
    "a longer type inside": f"{TYPE} " + base64.b64encode(struct.pack(">I", 12) + b"ssh-ed25519x" + b"0" * 36).decode(),
    "no blob": f"{TYPE} ",
    "nothing": "",
}


@pytest.mark.parametrize("spelling", [pytest.param(text, id=name) for name, text in OTHER_SPELLINGS.items() if text != ANN])
def test_another_spelling_of_a_key_is_no_key(spelling: str) -> None:
    with pytest.raises(ValueError, match="normal form"):
        fingerprint(spelling)
    with pytest.raises(ValueError, match="normal form"):
        Roster(version=1, people=(Person(id=person_id("ann"), keys=(spelling,)),))
    with pytest.raises(ValueError, match="normal form"):
        root(owners=(ANN, spelling))
    with pytest.raises(ValueError, match="normal form"):
        root(permit=spelling)
    with pytest.raises(EvidenceError) as err:
        decode(encode({"version": 1, "people": [{"id": person_id("ann"), "keys": [spelling]}]}), Roster, code="roster.malformed")
    assert err.value.code == "roster.malformed"


@given(st.text(max_size=60))
def test_any_other_text_is_refused_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="normal form"):
        fingerprint(f"ssh-ed25519 {text}")


TWICE: dict[str, Callable[[Person, Person], Roster]] = {
    "a key under two people": roster,
    "a key twice under one": lambda *_: roster(person("ann", keys=["ann", "ann"])),
    "a person twice": lambda *_: roster(person("ann"), person("ann", keys=["ann-at-home"])),
    "a person without a key": lambda *_: Roster(version=1, people=(Person(id=person_id("ann"), keys=()),)),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_roster_that_would_let_one_count_twice_cannot_be(name: str) -> None:
    with pytest.raises(ValueError, match=r"one key stands under|stands twice|has no key"):
        TWICE[name](person("ann"), person("sam", keys=["sam", "ann"]))


def test_such_a_roster_cannot_be_read_either() -> None:
    people = [{"id": person_id(name), "keys": [ANN]} for name in ("ann", "sam")]
    with pytest.raises(EvidenceError) as err:
        decode(encode({"version": 1, "people": people}), Roster, code="roster.malformed")
    assert err.value.code == "roster.malformed"
    assert "belongs to one person" in err.value.message


def test_who_and_what_they_may() -> None:
    ann = person("ann", {"production": ["approve:security", "deploy"]}, keys=["ann", "ann-at-home"])
    people = roster(ann, person("sam", {"staging": ["approve:security"]}))
    assert people.person_of(key("ann-at-home").public) == people.get(person_id("ann")) == ann
    assert people.person_of(key("stranger").public) is people.get(person_id("stranger")) is None
    assert people.may(person_id("ann"), "approve:security", "production")
    for who, duty, where in [
        ("ann", "approve:security", "staging"), ("ann", "approve", "production"), ("ann", "approve:securit", "production"), ("ann", "approve:", "production"),
        ("ann", "request", "production"), ("sam", "approve:security", "production"), ("stranger", "deploy", "production"),
    ]:  # fmt: skip
        assert not people.may(person_id(who), duty, where)


@pytest.mark.parametrize("duty", ["", "approve", "approve:", "approve:Security", "approve:a b", "deploy ", "admin", "approve:" + "x" * 65, "approve:-x"])
def test_what_is_no_duty_is_not_read(duty: str) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode(person("ann", {"production": [duty]})), Person)
    assert err.value.code == "json.malformed"


@pytest.mark.parametrize("id_", ["", "ann", "p-", "p-0123456789abcdef", "p-" + "a" * 15, "p-" + "a" * 17, "P-" + "a" * 16, "p-" + "a" * 16 + "\n"])
def test_a_person_goes_by_an_id_that_is_no_name(id_: str) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode({"id": id_, "keys": [ANN]}), Person)
    assert err.value.code == "json.malformed"


@pytest.mark.parametrize(
    "changes",
    [{"threshold": 0}, {"threshold": -1}, {"threshold": 2}, {"owners": ()}, {"owners": (ANN, ANN), "threshold": 2}],
    ids=["zero", "negative", "more than owners", "no owners", "one owner twice"],
)  # fmt: skip
def test_a_root_that_nobody_or_anybody_could_change_cannot_be(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"threshold|owner"):
        root(**changes)


def test_a_root_is_read_back_and_the_first_names_none_before_it() -> None:
    first = root()
    assert first.previous == "none"
    assert b"previous" not in encode(first)
    second = root(version=2, previous=digest("root 1"), expires=later("9d"))
    assert decode(encode(second), Root) == second
    assert second.expires > NOW


def test_a_root_without_an_offset_in_its_end_is_not_read() -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode(root()).replace(b"2027-11-22T20:14:03Z", b"2027-11-22T20:14:03"), Root, code="root.malformed")
    assert err.value.code == "root.malformed"


@pytest.mark.parametrize("witnesses", [Witnesses(quorum=1), Witnesses(keys=("w+00000000+AA==",)), Witnesses(quorum=1, keys=("w+00000000+AA==",))])
def test_a_root_that_demands_what_nobody_checks_is_not_used(witnesses: Witnesses) -> None:
    assert require_checkable(root()) == root()
    with pytest.raises(TrustError) as err:
        require_checkable(root(witnesses=witnesses))
    assert err.value.code == "root.witnesses-unsupported"
