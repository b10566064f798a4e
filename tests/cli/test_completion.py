"""Completion in a real bash at a terminal, and what it must not be: a way to make a command end well, or to put somebody's text on a command line."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import call, leaves, move_to
from lockgate.cli.complete import complete
from lockgate.cli.completion_scripts import BASH

LOCKGATE = Path(sys.executable).parent


@pytest.fixture(scope="module", autouse=True)
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        move_to(tmp_path_factory.mktemp("completion"), patch)
        patch.setenv("PATH", f"{LOCKGATE}:{os.environ['PATH']}")
        assert call("key", "new", "release.key").code == 0
        assert call("init", "--origin", "example.com/completion").code == 0
        Path("policy.yaml").write_text(call("policy", "show", "--starter", "--key", "release.key").out)
        assert call("policy", "apply", "policy.yaml").code == 0
        assert call("people", "add", "owner", "--duty", "production=request").code == 0
        Path("a file").write_text("x")
        yield


def typed_in_bash(keys: str) -> str:
    """What stands on the command line of a real bash at a terminal once these keys were typed."""
    pid, fd = pty.fork()
    if pid == 0:  # pragma: no cover  in the child
        os.environ.update(PS1="", TERM="dumb", INPUTRC="/dev/null")
        os.execvp("bash", ["bash", "--noprofile", "--norc", "-i"])
    try:
        _until(fd, b"source <(lockgate completion bash); bind 'set enable-bracketed-paste off'; echo rea''dy\n", b"ready")
        return _until(fd, keys.encode() + b"\x01: <\x05>\n:\n", b">").decode().split(": <")[-1].partition(">")[0]
    finally:
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _until(fd: int, keys: bytes, mark: bytes) -> bytes:
    os.write(fd, keys)
    said, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            said += os.read(fd, 65536)
        elif mark in said:
            return said
    raise AssertionError(said)


def in_bash(*words: str) -> list[str]:
    """What bash is answered when the last of these, which bash has taken apart already, is to be completed."""
    script = f'{BASH}\nCOMP_WORDS=(lockgate "$@"); COMP_CWORD=$#; _lockgate; printf \'%s\\n\' "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "--noprofile", "--norc", "-c", script, "bash", *words], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("lockgate stat\t", "lockgate status "),
        ("lockgate gate oci:image:1 --to prod\t", "lockgate gate oci:image:1 --to production "),
        ("lockgate gate x --to=prod\t", "lockgate gate x --to=production "),
        ("lockgate gate a\\ f\t", "lockgate gate a\\ file "),
    ],
)
def test_tab_at_a_terminal(keys: str, line: str) -> None:
    assert typed_in_bash(keys) == line


def test_bash_takes_words_apart_and_gets_them_back() -> None:
    assert in_bash("gate", "oci", ":", "image", ":", "1", "--to", "=", "st") == ["staging"]
    assert in_bash("gate", "x", "--to", "=") == ["production", "staging"]
    assert in_bash("gate", "x", "--to", "") == ["production", "staging"]
    assert in_bash("gate", "x", "--key", "rel") == ["release.key"]
    assert in_bash("gat") == ["gate"]
    assert in_bash("gate", "x", "--to", "nowhere") == []


def test_open_requests_are_offered_and_no_others() -> None:
    request = call("request", "file:a file", "--to", "production").out.strip()
    assert in_bash("approve", "") == [request]
    assert in_bash("approve", request[:4]) == [request]
    assert in_bash("gate", "x", "--to", "production", "--request", "") == [request]
    assert call("withdraw", request, "--what", "request").code == 0
    assert in_bash("approve", "") == []


@pytest.mark.parametrize("name", ["rel;x", "rel$(x)", "rel x", "rel`x`", "rel'x", "rel&x", "rel\\x", "rel*", "rel>x", "-rel", "rel\u202ex", "rel\nx", "rel!x"])
def test_nothing_is_offered_that_a_shell_could_take_for_more(name: str) -> None:
    made = [Path(f"{name}.key"), Path(f"{name}.key.pub")]
    for path, source in zip(made, ("release.key", "release.key.pub"), strict=True):
        shutil.copy(source, path)
    Path("release.key").rename("hidden")  # the same key has one name only
    try:
        assert complete(["gate", "x", "--key", name[:3]]) == []
    finally:
        Path("hidden").rename("release.key")
        for path in made:
            path.unlink()


@given(
    st.lists(
        st.text(max_size=8) | st.sampled_from(["gate", "--to", "--", "-", "", "policy", "--gate", "..", "approve", "log", "--format="]), min_size=1, max_size=6
    )
)
def test_whatever_is_typed_plain_words_are_offered_or_none(words: list[str]) -> None:
    for word, said in complete(words):
        assert re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", word)
        assert word.startswith(words[-1])
        assert said.isprintable()


@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_no_command_but_completion_completes(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_LOCKGATE_COMPLETE", "LOCKGATE_COMPLETE", "COMP_LINE", "COMP_WORDS", "COMP_CWORD", "_TYPER_COMPLETE_ARGS"):
        monkeypatch.setenv(name, "bash_complete")
    said = call(*path, "--no-such-option")
    assert (said.code, said.out) == (2, "")


def test_completion_never_speaks_of_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".lockgate").mkdir()
    (tmp_path / ".lockgate" / "log.vkey").write_bytes(b"\xff\x00")
    monkeypatch.chdir(tmp_path)
    said = call("completion", "bash", "--", "gate", "x", "--to", "")
    assert (said.code, said.out, said.err) == (0, "", "")
