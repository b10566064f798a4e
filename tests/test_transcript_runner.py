"""The transcript runner itself: what it must accept, and what it must not let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

import transcripts
from transcripts import Got, Step, matches, parse, parse_markdown


def test_parse_reads_commands_output_and_exit_codes() -> None:
    text = "# why\n$ one \\\n>   two\nout\n\n# exit 3\n# a comment\n$ three\n"
    assert parse(text) == [Step(2, "one \\\n  two", ("out",), 3), Step(8, "three", (), 0)]


def test_output_before_a_command_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        parse("hello\n$ echo hello\n")


def test_markdown_blocks_make_one_transcript() -> None:
    page = (
        "# Title\n\n```console\n$ a\n```\n\n```sh\n$ not this\n```\n\n```console\n$ b\nx\n```\n<!-- console\n$ nor this\n-->\n```bash\nc <<END\n$ d\nEND\n```\n"
    )
    typed = Step(19, "set -e\nc <<END\n$ d\nEND\nset +e", ("…",), 0)
    assert parse_markdown(page) == [Step(4, "a", (), 0), Step(12, "b", ("x",), 0), typed]


def test_a_page_that_shows_no_output_is_no_transcript() -> None:
    assert parse_markdown("```bash\nrm -rf /\n```\n") == []


def test_a_bash_block_fails_where_one_of_its_lines_does(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```bash\nfalse\ntrue\n```\n```console\n$ echo a\na\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md:2"):
        transcripts.check(path, tmp_path)


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ((), ""),
        ((), "\n"),
        (("a…z",), "a to z\n"),
        (("a…z",), "az"),
        (("[..] b",), "a b\n"),
        (("a", "…", "z"), "a\nb\nc\nz\n"),
        (("a", "…", "z"), "a\nz\n"),
        (("a", "…"), "a\n"),
        (("(x) [1] *",), "(x) [1] *\n"),
        (("a", "", "b"), "a\n\nb\n\n"),
    ],
)
def test_matches(expected: tuple[str, ...], output: str) -> None:
    assert matches(expected, output)


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ((), "x\n"),
        (("x",), ""),
        (("a",), "ab\n"),
        (("a…z",), "a\nz\n"),
        (("a", "…", "z"), "a\nb\n"),
        (("a", "b"), "a\n"),
        (("a",), "a\nb\n"),
        (("a.c",), "abc\n"),
    ],
)
def test_does_not_match(expected: tuple[str, ...], output: str) -> None:
    assert not matches(expected, output)


def test_steps_share_one_shell_and_a_home_of_their_own(tmp_path: Path) -> None:
    steps = parse("$ mkdir a && cd a && x=5\n$ echo $x ${PWD##*/} >&2; false\n$ echo $HOME\n$ exit 4\n$ echo never\n")
    got = transcripts.run(steps, tmp_path)
    assert got == [Got("", 0), Got("5 a\n", 1), Got(f"{tmp_path}/home\n", 0), Got("", -1), Got("", -1)]


def test_there_is_no_network(tmp_path: Path) -> None:
    if not transcripts.without_network():
        pytest.skip("this user may not make a network namespace")
    (got,) = transcripts.run(parse("$ cat /proc/net/dev | grep -c :\n"), tmp_path)
    assert got == Got("1\n", 0)


@pytest.mark.parametrize("text", ["$ echo a\nb\n", "$ echo a\na\n# exit 1\n", "$ exit 0\n$ true\n", "$ echo a\n"])
def test_a_wrong_transcript_fails(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text(text)
    with pytest.raises(AssertionError, match=r"wrong\.txt:"):
        transcripts.check(path, tmp_path)


def test_a_right_transcript_passes(tmp_path: Path) -> None:
    path = tmp_path / "right.txt"
    path.write_text("$ echo one; echo two >&2; exit_with() { return $1; }; exit_with 3\none\n…\n# exit 3\n")
    assert transcripts.check(path, tmp_path) == 1


def test_what_came_can_be_kept_as_a_transcript(tmp_path: Path) -> None:
    step = Step(1, "printf", (), 0)
    kept = transcripts.show(step, Got("# like a comment\nb\n", 2))
    assert parse(kept) == [Step(1, "printf", ("…# like a comment", "b"), 2)]
    assert matches(parse(kept)[0].output, "# like a comment\nb\n")
