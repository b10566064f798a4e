"""A command that fails late, or is asked to end, puts away what is half made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import call, move_to
from fakes.fake_agent import SecurityKey, agent, serve
from house import SRC


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)


def test_a_gate_that_fails_at_its_very_end_leaves_no_root_behind() -> None:
    heads = Path("~/.local/state/lockgate/heads").expanduser()
    heads.parent.mkdir(parents=True)
    heads.write_bytes(b"no directory")
    said = call("init", "--origin", "example.com/shop")
    assert said.code == 3
    assert "[head.unwritable]" in said.err
    assert list(Path().iterdir()) == []
    heads.unlink()
    assert call("init", "--origin", "example.com/shop").code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_leaves_no_keys_behind(number: signal.Signals) -> None:
    """Asked just while the owner's key is about to sign, when log key and permit key are there already."""
    key = SecurityKey()
    there: list[list[str]] = []

    def answer(request: bytes) -> bytes:
        if request[0] == 13:
            there.append([path.name for path in Path().rglob("*.key")])
            running.send_signal(number)
            running.wait(30)
        return honest(request)

    honest = serve({key.public: key.sign})
    with agent(answer) as socket:
        Path("mine.pub").write_text(key.public)
        command = [sys.executable, "-m", "lockgate.cli.main", "init", "--key", "mine.pub"]
        environment = {**os.environ, "PYTHONPATH": str(SRC), "SSH_AUTH_SOCK": socket}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
            _, err = running.communicate(timeout=30)
    assert running.returncode == -number
    assert "[command.stopped]" in err
    assert sorted(there[0]) == ["log.key", "permit.key"]
    assert [path.name for path in Path().iterdir()] == ["mine.pub"]
