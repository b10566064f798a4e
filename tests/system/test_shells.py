"""Completion in the shells themselves: zsh at a terminal, and fish by its own `complete`. (bash: tests/cli/test_completion.py.)"""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import call, move_to


@pytest.fixture(scope="module", autouse=True)
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        move_to(tmp_path_factory.mktemp("shells"), patch)
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        patch.setenv("XDG_CONFIG_HOME", str(Path.home() / "config"))
        assert call("key", "new", "release.key").code == 0
        assert call("init", "--origin", "example.com/shells").code == 0
        Path("policy.yaml").write_text(call("policy", "show", "--starter", "--key", "release.key").out)
        assert call("policy", "apply", "policy.yaml").code == 0
        Path("a file").write_text("x")
        yield


def in_fish(line: str) -> list[str]:
    """The words that fish offers for this line, without their descriptions."""
    script = 'lockgate completion fish | source; complete -C "$argv"'
    done = subprocess.run(["fish", "--no-config", "-c", script, line], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return [each.partition("\t")[0] for each in done.stdout.splitlines()]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed: bash dev/servers")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("lockgate stat", ["status"]),
        ("lockgate gate oci:image:1 --to ", ["production", "staging"]),
        ("lockgate gate x --to=prod", ["--to=production"]),
        ("lockgate sign x --key rel", ["release.key"]),
        ("lockgate policy ch", ["check"]),
        ("lockgate gate a", ["a file"]),
    ],
)
def test_fish(line: str, offered: list[str]) -> None:
    assert in_fish(line) == offered


def typed_in_zsh(keys: str) -> str:
    """What stands on the command line of a real zsh at a terminal once these keys were typed."""
    pid, fd = pty.fork()
    if pid == 0:  # pragma: no cover  in the child
        os.environ.update(TERM="dumb", PS1="", ZDOTDIR="/nonexistent")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        _until(fd, b"unsetopt zle; autoload -U compinit; compinit -u -D; source <(lockgate completion zsh); echo rea''dy\n", b"ready")
        told = "tell() { print -r -- \"<$BUFFER>\" >told; zle kill-whole-line }; zle -N tell; bindkey -e; bindkey '^X' tell; setopt zle; echo set''tled\n"
        _until(fd, told.encode(), b"settled")
        os.write(fd, keys.encode() + b"\x18")
        end = time.monotonic() + 60
        while not (Path("told").exists() and Path("told").read_text().endswith(">\n")):
            assert time.monotonic() < end
            if select.select([fd], [], [], 0.05)[0]:
                os.read(fd, 65536)
        return Path("told").read_text()[1:-2]
    finally:
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        Path("told").unlink(missing_ok=True)


def _until(fd: int, keys: bytes, mark: bytes) -> None:
    os.write(fd, keys)
    said, end = b"", time.monotonic() + 60
    while mark not in said:
        assert time.monotonic() < end, said
        if select.select([fd], [], [], 0.1)[0]:
            said += os.read(fd, 65536)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed: bash dev/servers")
@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("lockgate stat\t", "lockgate status "),
        ("lockgate gate oci:image:1 --to prod\t", "lockgate gate oci:image:1 --to production "),
        ("lockgate gate x --to=prod\t", "lockgate gate x --to=production "),
        ("lockgate gate a\t", "lockgate gate a\\ file "),
    ],
)
def test_zsh(keys: str, line: str) -> None:
    assert typed_in_zsh(keys) == line
