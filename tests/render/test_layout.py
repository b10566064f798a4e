"""Lines on a sheet: nothing is lost, and nothing is wider than the sheet but a word that is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lockgate.render.layout import USUAL, broken, size, spread
from lockgate.render.words import Sheet

WORDS = st.lists(st.text("abcdefgh→é…", min_size=1, max_size=30), min_size=1, max_size=20).map(" ".join)


@given(WORDS, st.integers(20, 120), st.integers(0, 10))
def test_broken_lines_fit_and_lose_nothing(line: str, width: int, indent: int) -> None:
    lines = broken("  " + line, Sheet(width=width), indent)
    assert " ".join(" ".join(lines).split()) == line
    for each in lines:
        assert size(each) <= width or " " not in each.strip()


@given(WORDS)
def test_nothing_is_broken_for_a_pipe(line: str) -> None:
    assert broken(line, Sheet()) == [line]


@given(WORDS, WORDS, st.integers(20, 120))
def test_two_ends_stand_on_one_line_where_there_is_room(left: str, right: str, width: int) -> None:
    lines = spread(left, right, Sheet(width=width))
    assert " ".join(" ".join(lines).split()) == f"{left} {right}"
    if size(left) + size(right) + 2 <= width:
        assert lines == [left + " " * (width - size(left) - size(right)) + right]


def test_for_a_pipe_the_right_end_is_at_the_usual_place() -> None:
    assert spread("a", "b", Sheet()) == ["a" + " " * (USUAL - 2) + "b"]
    assert spread("a" * 99, "b", Sheet()) == ["a" * 99 + "  b"]
    assert spread("a", "", Sheet()) == ["a"]


def test_colours_take_no_room() -> None:
    assert size("\x1b[1m\x1b[31mab\x1b[0m") == 2
    assert broken("\x1b[31m" + "ab " * 6 + "\x1b[0m", Sheet(width=20), 0) == ["\x1b[31m" + "ab " * 6 + "\x1b[0m"]


def test_columns_stay_under_each_other() -> None:
    line = "  pass  built-by  https://ci.example.com from git+https://example.com/shop@refs/heads/main"
    assert broken(line, Sheet(width=60), 18) == [
        "  pass  built-by  https://ci.example.com from",
        "                  git+https://example.com/shop@refs/heads/main",
    ]
