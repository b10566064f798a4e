"""The deployer's command: run as it is, its end told, its stdout kept off ours; and a private directory that goes away."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path, PurePath
from typing import IO

import pytest

from house import SRC
from lockgate.adapters.process import ProcessRunner
from lockgate.adapters.scratch import TemporaryScratch
from lockgate.adapters.store.underway import LockedFiles
from lockgate.core.digest import digest_of
from lockgate.core.ports import Ended
from lockgate.errors import UnreadableError

LONG = timedelta(minutes=1)


def run(command: list[str], limit: timedelta = LONG, *, to_stderr: bool = False) -> Ended:
    return ProcessRunner().run(command, limit, to_stderr=to_stderr)


@pytest.mark.parametrize(
    ("script", "status", "number"), [("exit 0", 0, 0), ("exit 7", 7, 0), ("exit 255", 255, 0), ("kill -9 $$", 137, 9), ("kill -TERM $$", 143, 15)]
)
def test_how_it_ended(script: str, status: int, number: int) -> None:
    assert run(["sh", "-c", script]) == Ended(status=status, signal=number)


def test_no_shell_reads_the_words(tmp_path: Path) -> None:
    odd = tmp_path / "a b$(touch hacked);'\"\n"
    assert run(["touch", str(odd)]) == Ended(status=0)
    assert [path.name for path in tmp_path.iterdir()] == [odd.name]


@pytest.mark.parametrize(("command", "status"), [("no-such-command", 127), ("/", 126), ("", 127), ("a\0b", 126)])
def test_what_cannot_be_run(command: str, status: int) -> None:
    assert run([command]) in {Ended(status=status), Ended(status=126)}


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    assert run([str(tmp_path / "text")]) == Ended(status=126)
    (tmp_path / "text").chmod(0o755)
    assert run([str(tmp_path / "text")]) == Ended(status=126)


def test_one_that_takes_too_long_is_asked_to_end_and_nothing_of_it_stays(tmp_path: Path) -> None:
    script = f"trap 'exit 0' TERM; (trap '' TERM; sleep 60 & echo $! > {tmp_path}/child; wait) & sleep 60 & wait"
    ended = run(["sh", "-c", script], timedelta(seconds=2))
    assert ended == Ended(status=0, stopped="timed-out")  # it says that it ended well: that is not believed (`app.deploy`)
    assert gone(int((tmp_path / "child").read_text()))


def test_one_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockgate.adapters.process.GRACE_SECONDS", 0.3)
    began = time.monotonic()
    assert run(["sh", "-c", "trap '' TERM INT HUP; sleep 60 & wait; sleep 60"], timedelta(seconds=2)) == Ended(status=137, signal=9, stopped="timed-out")
    assert time.monotonic() - began < 30


def test_one_that_is_halted_is_killed_all_the_same() -> None:
    assert run(["sh", "-c", "kill -STOP $$"], timedelta(seconds=0.3)) == Ended(status=143, signal=15, stopped="timed-out")


def test_what_it_leaves_running_is_left_alone(tmp_path: Path) -> None:
    """What was deployed may be just that."""
    assert run(["sh", "-c", f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path}/child"]) == Ended(status=0)
    child = int((tmp_path / "child").read_text())
    assert not gone(child, 0.3)
    os.kill(child, signal.SIGKILL)


def gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


CODE = """
import sys
from datetime import timedelta
from lockgate.adapters.process import ProcessRunner
ended = ProcessRunner().run(sys.argv[2:], timedelta(minutes=1), to_stderr=sys.argv[1] == "stderr")
print("ended", ended.status, ended.signal, ended.stopped, ended.heard, file=sys.stderr)
"""


def started(*command: str, out: str = "own") -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.Popen(
        [sys.executable, "-c", CODE, out, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def test_its_streams_are_ours() -> None:
    script = "read line; echo got $line; echo also >&2"
    assert started("sh", "-c", script).communicate("it\n", timeout=30) == ("got it\n", "also\nended 0 0  0\n")
    assert started("sh", "-c", script, out="stderr").communicate("it\n", timeout=30) == ("", "got it\nalso\nended 0 0  0\n")


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_being_asked_to_end_is_passed_on_once_to_all_of_it(name: str, tmp_path: Path) -> None:
    """To the command and to what it started; and this process lives to tell how it ended."""
    number = signal.Signals[f"SIG{name}"]
    script = f"""
    python3 -c 'import signal, sys, pathlib
signal.signal(signal.SIG{name}, lambda *_: (pathlib.Path("{tmp_path}/child").open("a").write("x"), sys.exit()))
print("ready", flush=True); signal.pause()' &
    trap 'echo told' {name}; wait; wait; exit 9"""
    with started("sh", "-c", script) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        assert running.wait(30) == 0
        assert running.stdout.read() == "told\n"
        assert running.stderr.read() == f"ended 9 0 interrupted {number.value}\n"
    assert (tmp_path / "child").read_text() == "x"


def test_ctrl_c_on_a_terminal_reaches_it_once(tmp_path: Path) -> None:
    """The command's group has the terminal, and this process hears nothing; afterwards it has the terminal again."""
    script = f"trap 'echo x >> {tmp_path}/heard; exit 3' INT; read first; echo ready; read line"
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["PYTHONPATH"] = str(SRC)
        os.execv(sys.executable, [sys.executable, "-c", CODE + "print('mine', input(), flush=True)", "own", "sh", "-c", script])
    with os.fdopen(fd, "r+b", buffering=0) as terminal:
        said = said_on(terminal)
        terminal.write(b"the terminal is its own once it has read this\n")
        said(b"ready")
        terminal.write(b"\x03")
        said(b"ended 3 0  0")
        terminal.write(b"again\n")
        said(b"mine again")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert (tmp_path / "heard").read_text() == "x\n"


def test_ctrl_z_on_a_terminal_halts_both_and_both_go_on() -> None:
    """As a shell's job: a shell here is what starts it and brings it back."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(PYTHONPATH=str(SRC), CODE=CODE, PS1="$ ", PYTHON=sys.executable)
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    with os.fdopen(fd, "r+b", buffering=0) as terminal:
        said = said_on(terminal)
        terminal.write(b"\"$PYTHON\" -c \"$CODE\" own sh -c 'echo re''ady; read line; echo got $line'\n")
        said(b"ready")
        terminal.write(b"\x1a")
        said(b"Stopped")
        terminal.write(b"fg\n")
        time.sleep(0.3)
        terminal.write(b"it\n")
        said(b"got it")
        said(b"ended 0 0  0")
        terminal.write(b"exit 0\n")
        with contextlib.suppress(OSError):
            said(b"never")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def said_on(terminal: IO[bytes]) -> Callable[[bytes], None]:
    """What waits until a text was said; the next one after it, even if both came at once."""
    seen = b""

    def until(wanted: bytes) -> None:
        nonlocal seen
        end = time.monotonic() + 60
        while wanted not in seen:
            ready = select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]
            assert ready, seen
            seen += terminal.read(1024)
        seen = seen.partition(wanted)[2]

    return until


def test_being_asked_to_end_while_the_command_starts_is_passed_on() -> None:
    class Asked(list[str]):
        def __iter__(self) -> Iterator[str]:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().__iter__()

    assert run(Asked(["sleep", "30"])) == Ended(status=128 + signal.SIGTERM, signal=signal.SIGTERM, stopped="interrupted", heard=signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_what_is_ignored_here_is_ignored_by_the_command(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        assert run(["sh", "-c", f"kill -{number.value} $$; exit 7"]) == Ended(status=7)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_signals_are_as_before_afterwards() -> None:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in watched]
    run(["true"])
    run(["no-such-command"])
    assert [signal.getsignal(number) for number in watched] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_it_runs_from_any_thread() -> None:
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(run(["sh", "-c", "exit 5"])))
    thread.start()
    thread.join(30)
    assert ended == [Ended(status=5)]


def test_the_private_directory_goes_away_whatever_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with TemporaryScratch().directory() as made:
        path = Path(made)
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "deep/er").mkdir(parents=True)
        (path / "deep/er/file").touch(0o400)
        (path / "deep/er").chmod(0o500)
        (path / "deep").chmod(0o500)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError), TemporaryScratch().directory():
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_where_none_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UnreadableError) as err, TemporaryScratch().directory():
        pass
    assert err.value.code == "scratch.unwritable"


def test_copies_of_files_are_read_only_and_hashed_as_they_were_copied(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_bytes(b"a")
    (tmp_path / "run.sh").write_bytes(b"b")
    (tmp_path / "run.sh").chmod(0o755)
    with TemporaryScratch().directory() as made:
        into = made / "config"
        found = TemporaryScratch().copies([(str(tmp_path / "a.conf"), PurePath("a.conf")), (str(tmp_path / "run.sh"), PurePath("deep/er/run.sh"))], into)
        assert found == [digest_of(b"a"), digest_of(b"b")]
        modes = {str(path.relative_to(into)): path.stat().st_mode & 0o777 for path in sorted(Path(into).rglob("*"))}
        assert modes == {"a.conf": 0o400, "deep": 0o500, "deep/er": 0o500, "deep/er/run.sh": 0o500}
        assert (Path(into) / "deep/er/run.sh").read_bytes() == b"b"


@pytest.mark.parametrize("what", ["nothing", "a fifo", "a directory"])
def test_what_cannot_be_copied(tmp_path: Path, what: str) -> None:
    place = tmp_path / "x"
    if what == "a fifo":
        os.mkfifo(place)
    elif what == "a directory":
        place.mkdir()
    with TemporaryScratch().directory() as made, pytest.raises(UnreadableError) as err:
        TemporaryScratch().copies([(str(place), PurePath("x"))], made / "config")
    assert err.value.code == "config.unreadable"


class TestUnderway:
    def test_who_holds_it_has_not_died_and_nobody_else_is_known(self, tmp_path: Path) -> None:
        here, elsewhere = LockedFiles(tmp_path / "u"), LockedFiles(tmp_path / "u")
        assert not elsewhere.died("a")
        here.begin("a")
        assert not here.died("a")
        assert not elsewhere.died("a")
        here.over("a")
        assert not elsewhere.died("a")
        assert list((tmp_path / "u").iterdir()) == []

    def test_it_died_with_the_last_process_of_it(self, tmp_path: Path) -> None:
        """The command holds it as well, and what the command started."""
        code = (
            "import sys, os, signal, subprocess; from pathlib import Path; from lockgate.adapters.store.underway import LockedFiles\n"
            "LockedFiles(Path(sys.argv[1])).begin('a')\n"
            "child = subprocess.Popen(['sleep', '60'], close_fds=False, stdout=subprocess.DEVNULL); print(child.pid, flush=True)\n"
            "os.kill(os.getpid(), signal.SIGKILL)"
        )
        process = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(SRC)}, stdout=subprocess.PIPE, text=True, check=False
        )
        there = LockedFiles(tmp_path)
        assert not there.died("a")
        os.kill(int(process.stdout), signal.SIGKILL)
        assert gone(int(process.stdout))
        assert there.died("a")
        there.over("a")
        assert not there.died("a")

    def test_who_comes_second_takes_nothing_from_the_first(self, tmp_path: Path) -> None:
        """Two go by one permit: the second may not begin, and gives up what it never held."""
        first, second, third = LockedFiles(tmp_path), LockedFiles(tmp_path), LockedFiles(tmp_path)
        first.begin("a")
        files = len(list(Path("/proc/self/fd").iterdir()))
        second.begin("a")
        second.over("a")
        third.begin("a")
        assert len(list(Path("/proc/self/fd").iterdir())) == files
        assert [one.name for one in tmp_path.iterdir()] == ["a"]
        assert not second.died("a")
        first.over("a")
        assert list(tmp_path.iterdir()) == []

    def test_without_a_place_nobody_is_known_to_have_died(self, tmp_path: Path) -> None:
        for nowhere in (LockedFiles(None), LockedFiles(tmp_path / "file" / "u")):
            (tmp_path / "file").touch()
            nowhere.begin("a")
            assert not nowhere.died("a")
            nowhere.over("a")
