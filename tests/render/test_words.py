"""Small words; and nothing of others' that a terminal would obey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import NOW, digest, release
from lockgate.render.words import Sheet, ago, artifacts, brief, called, count, harmless, how_long, listing, painted, plain, unit_of, when, written

HOSTILE = ["\x1b[31m", "\x07", "\x9b2J", "\u202eevil", "\u200b", "\udcff", "\U000e0001", "\r", "\n", "\x00", "\x7f", "\u2028"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_steers_a_terminal_is_escaped(text: str) -> None:
    assert plain(f"a{text}b").isprintable()
    assert plain(f"a{text}b").startswith("a")
    assert plain(f"a{text}b").endswith("b")


@given(st.text())
def test_plain_text_is_one_printable_line(text: str) -> None:
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
    assert plain(text) == text or not text.isprintable()


@given(st.text())
def test_lines_keep_their_ends_and_nothing_else(text: str) -> None:
    assert harmless(text).split("\n") == [plain(line) for line in text.split("\n")]


def test_an_escape_says_which_character_it_was() -> None:
    assert plain("a\x1b\u202e\U000e0001é") == "a\\u001b\\u202e\\U000e0001é"


@pytest.mark.parametrize(
    ("seconds", "largest", "said"),
    [(0, "d", "0 s"), (59, "d", "59 s"), (18840, "h", "5 h 14 min"), (90061, "d", "1 d 1 h"), (90061, "h", "25 h 1 min"), (90000, "min", "1500 min")],
)
def test_how_long(seconds: int, largest: str, said: str) -> None:
    assert how_long(seconds, largest) == said


@given(st.integers(0, 10**9), st.sampled_from(["d", "h", "min", "s"]))
def test_how_long_is_never_longer_than_it_was(seconds: int, largest: str) -> None:
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = how_long(seconds, largest).split()
    told = sum(int(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert told <= seconds < told + units[words[-1]]
    assert units[words[1]] <= units[largest]


def test_durations_are_written_as_the_policy_has_them() -> None:
    assert [written(text) for text in ("90s", "30m", "24h", "7d")] == ["90 s", "30 min", "24 h", "7 d"]
    assert unit_of("") == "s"


def test_seconds_are_told_where_there_are_any() -> None:
    assert when(datetime(2026, 11, 22, 20, 14, tzinfo=UTC)) == "2026-11-22 20:14:00 UTC"
    assert when(NOW) == "2026-11-22 20:14:03 UTC"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, ", just now"), (1, ", just now"), (2, ", 2 s ago"), (7200, ", 2 h ago"), (-1, ", in 1 s"), (-86400, ", in 1 d")]
)
def test_ago(seconds: int, said: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), Sheet(now=NOW)) == said
    assert ago(NOW - timedelta(seconds=seconds), Sheet()) == ""


def test_artifacts_are_named_by_the_last_part_of_their_path() -> None:
    both = release("shop", "worker")
    refs = [f"oci:some/where/shop@{digest('shop')}", f"file:worker\x1b.whl@{digest('worker')}"]
    said = artifacts(both, refs).split()
    assert sorted(said) == sorted([f"shop@{brief(digest('shop'))}", f"worker\\u001b.whl@{brief(digest('worker'))}"])
    assert artifacts(release("shop")) == brief(digest("shop"))
    assert artifacts(release("shop"), [f"oci:@{digest('shop')}"]) == brief(digest("shop"))


def test_short_words() -> None:
    assert brief(digest("a")) == digest("a")[:19] + "…"
    assert brief("none") == "none"
    assert called("p-a", {"p-a": "Ada\x1b"}) == "Ada\\u001b"
    assert called("p-a", {}) == "p-a"
    assert [listing(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [count(number, "leaf", "leaves") for number in (1, 2)] == ["1 leaf", "2 leaves"]
    assert count(1234, "key") == "1,234 keys"


def test_colours_only_where_the_sheet_takes_them() -> None:
    assert painted("x", "\x1b[31m", Sheet()) == "x"
    assert painted("x", "\x1b[31m", Sheet(colour=True)) == "\x1b[31mx\x1b[0m"
