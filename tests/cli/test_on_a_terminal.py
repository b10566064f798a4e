"""On a real (pseudo-)terminal: passphrases, Ctrl-C, colours, widths, and what is said while something long goes on."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from command_line import move_to
from house import SRC

LOCKGATE = [sys.executable, "-m", "lockgate.cli.main"]
PAINT = re.compile(r"\x1b\[[0-9]*m")
PATIENCE = 60.0


class Screen(NamedTuple):
    """How a command ended, and all that was written to the terminal."""

    code: int
    text: str


def on_terminal(*command: str, types: Sequence[tuple[str, str]] = (), columns: int = 100, settings: Mapping[str, str] = MappingProxyType({})) -> Screen:
    """Run a command on a terminal of its own; when it has said the first word of a pair, the second is typed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(SRC), "TERM": "xterm", **settings}
    started = subprocess.Popen(["setsid", "--ctty", "--wait", *command], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said, seen, end = b"", 0, time.monotonic() + PATIENCE
    waiting = list(types)
    with contextlib.suppress(OSError):  # how a terminal ends whose last user has gone
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.1)[0]:
                if not (data := os.read(ours, 65536)):
                    break
                said += data
            if waiting and (at := said.find(waiting[0][0].encode(), seen)) >= 0:
                seen = at + 1
                time.sleep(0.05)  # until echo is off: what is typed before is shown
                os.write(ours, waiting.pop(0)[1].encode())
    os.close(ours)
    assert not waiting, f"it never said {waiting[0][0]!r}: {said!r}"
    return Screen(started.wait(PATIENCE), said.decode().replace("\r\n", "\n"))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)


def shop(stage: str) -> None:
    subprocess.run([sys.executable, str(Path(__file__).parent / "shop.py"), stage], check=True, env={**os.environ, "PYTHONPATH": str(SRC)})


def test_a_passphrase_is_asked_for_and_never_shown() -> None:
    made = on_terminal(
        *LOCKGATE,
        "key",
        "new",
        "k",
        "--passphrase",
        types=[("new passphrase: ", "no\n"), ("confirmation", "not\n"), ("new passphrase: ", "open\n"), ("confirmation", "open\n")],
    )
    assert made.code == 0
    assert b"bcrypt" in base64.b64decode("".join(Path("k").read_text().splitlines()[1:-1]))
    Path("artifact").write_text("x")
    assert on_terminal(*LOCKGATE, "sign", "artifact", "--key", "k", types=[("passphrase: ", "open\n")]).code == 0
    wrong = on_terminal(*LOCKGATE, "sign", "artifact", "--key", "k", types=[("passphrase: ", "shut\n")])
    assert wrong.code == 2
    assert "[key.passphrase-wrong]" in wrong.text
    for screen in (made, wrong):
        assert not {"open", "shut"} & set(screen.text.replace("\n", " ").split())


def test_ctrl_c_ends_it_with_a_word_and_no_traceback() -> None:
    stopped = on_terminal(*LOCKGATE, "key", "new", "k", "--passphrase", types=[("new passphrase: ", "\x03")])
    assert stopped.code == 130
    assert "[command.stopped]" in stopped.text
    assert "Traceback" not in stopped.text
    assert not Path("k").exists()


def test_ctrl_c_while_something_is_read() -> None:
    subprocess.run([*LOCKGATE, "key", "new", "k"], check=True, env={**os.environ, "PYTHONPATH": str(SRC)})
    with Path("large").open("wb") as file:
        file.truncate(40 << 30)
    stopped = on_terminal(*LOCKGATE, "sign", "large", "--key", "k", types=[("reading large", "\x03")])
    assert stopped.code == 130
    assert "Traceback" not in stopped.text
    assert re.search(r"reading large, \d+ s", stopped.text)


def test_colours_and_widths() -> None:
    shop("staged")
    refused = on_terminal(*LOCKGATE, "gate", "oci:image:1", "--to", "production")
    assert refused.code == 1
    assert "\x1b[31mFAIL\x1b[0m" in refused.text
    for settings in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal(*LOCKGATE, "gate", "oci:image:1", "--to", "production", settings=settings).text
    for columns in (60, 80, 100, 200):
        for command in (["why", "oci:image:1", "--to", "production"], ["status"], ["verify", "oci:image:1"], ["people", "list"]):
            screen = PAINT.sub("", on_terminal(*LOCKGATE, *command, columns=columns).text)
            wide = [line for line in screen.splitlines() if len(line) > columns and " " in line.strip() and not line.startswith("next:")]
            assert wide == []


def test_nothing_untrusted_steers_it() -> None:
    shop("begun")
    names = Path(".lockgate/people.json")
    names.write_text(names.read_text().replace('"Bob"', '"\\u001b[2J\\u001b]0;x\\u0007Bob"'))
    listed = on_terminal(*LOCKGATE, "people", "list")
    assert listed.code == 0
    assert "\\u001b[2J\\u001b]0;x\\u0007Bob" in listed.text
    assert set(re.findall(r"\x1b\[?[0-9]*.", listed.text)) <= {"\x1b[1m", "\x1b[0m"}


def wiped(columns: int) -> str:
    return "\r" + " " * columns + "\r"


def test_what_takes_long_says_so_and_tidies_up() -> None:
    code = """\
import time
from lockgate.cli import terminal
told = terminal.counted('checking')
told(1, 4); told(4, 4)
with terminal.busy('reading a\\x1b[2Jb'): time.sleep(1.3)
"""
    screen = on_terminal(sys.executable, "-c", code)
    assert screen.text == "\rchecking 1 of 4 (25%)" + wiped(21) + "\rreading a\\u001b[2Jb, 1 s" + wiped(24)
    piped = subprocess.run(
        [sys.executable, "-c", code.replace("told(1, 4); told(4, 4)", "assert told is None")],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        check=True,
    )
    assert (piped.stdout, piped.stderr) == (b"", b"")


def test_ctrl_c_is_the_commands_and_is_recorded() -> None:
    shop("signed")
    # A shell's child in the background does not hear Ctrl-C: what it keeps open of the terminal, nobody sees the end of.
    script = "trap 'exit 9' INT; echo ready; sleep 20 </dev/null >/dev/null 2>&1 & wait; true"
    words = ["deploy", "oci:image:1", "--to", "staging", "--", "sh", "-c", script, "{ref}"]
    stopped = on_terminal(*LOCKGATE, *words, types=[("ready", "\x03")])
    assert stopped.code == 9
    assert "failed    the command ended with 9" in stopped.text
