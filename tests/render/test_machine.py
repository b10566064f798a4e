"""JSON for machines that is harmless on a terminal, and the same value."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import EvidenceError
from lockgate.render.machine import as_json, error_json, note_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.recursive(
        TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8
    )
)
def test_it_reads_back_as_the_same_value_and_steers_nothing(value: object) -> None:
    written = as_json(value)
    assert json.loads(written) == value
    assert written.endswith(b"\n")
    assert written[:-1].decode().isprintable()


def test_an_error_is_one_line() -> None:
    found = json.loads(error_json(EvidenceError("a.b", "not\x1b[31m\udcff this"), "lockgate x"))
    assert found == {"error": {"code": "a.b", "message": "not\\u001b[31m\\udcff this", "remedy": "lockgate x"}}


def test_a_note_is_one_line() -> None:
    assert json.loads(note_json("a.b", "not\x1b[31m this")) == {"note": {"code": "a.b", "message": "not\\u001b[31m this"}}
