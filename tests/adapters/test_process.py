"""The deployer's command: run as it is, its end told, its stdout kept off ours; and a private directory that goes away."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from house import SRC
from lockgate.adapters.process import ProcessRunner, TemporaryScratch
from lockgate.errors import UnreadableError


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
def test_how_it_ended(script: str, status: int) -> None:
    assert ProcessRunner().run(["sh", "-c", script]) == status


def test_no_shell_reads_the_words(tmp_path: Path) -> None:
    odd = tmp_path / "a b$(touch hacked);'\"\n"
    assert ProcessRunner().run(["touch", str(odd)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [odd.name]


@pytest.mark.parametrize(("command", "code"), [("no-such-command", "command.not-found"), ("/", "command.not-runnable"), ("", "command.not-found")])
def test_what_cannot_be_run(command: str, code: str) -> None:
    with pytest.raises(UnreadableError) as err:
        ProcessRunner().run([command])
    assert err.value.code in {code, "command.not-runnable"}


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    with pytest.raises(UnreadableError) as err:
        ProcessRunner().run([str(tmp_path / "text")])
    assert err.value.code == "command.not-runnable"


CODE = "import sys\nfrom lockgate.adapters.process import ProcessRunner\nsys.exit(ProcessRunner().run(sys.argv[1:]))"


def started(*command: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def end_all(running: subprocess.Popen[str]) -> None:
    """End the sleeper too, which holds the pipes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGTERM)


def test_its_stdout_comes_on_stderr_and_its_stdin_is_ours() -> None:
    out, err = started("sh", "-c", "read line; echo got $line; echo also >&2").communicate("it\n", timeout=30)
    assert (out, err) == ("", "got it\nalso\n")


def test_ctrl_c_reaches_the_command_and_its_end_is_told() -> None:
    with started("sh", "-c", "trap 'exit 9' INT; echo ready; sleep 20 & wait") as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "ready\n"
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(30) == 9
        end_all(running)


def test_being_asked_to_end_is_passed_on() -> None:
    with started("sh", "-c", "trap 'exit 8' TERM; echo ready; sleep 20 & wait") as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "ready\n"
        running.terminate()
        assert running.wait(30) == 8
        end_all(running)


def test_being_asked_to_end_while_the_command_starts_is_passed_on() -> None:
    class Asked(list[str]):
        def __iter__(self) -> Iterator[str]:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().__iter__()

    assert ProcessRunner().run(Asked(["sleep", "30"])) == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_what_is_ignored_here_is_ignored_by_the_command(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        assert ProcessRunner().run(["sh", "-c", f"kill -{number.value} $$; exit 7"]) == 7
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_signals_are_as_before_afterwards() -> None:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in watched]
    ProcessRunner().run(["true"])
    with pytest.raises(UnreadableError):
        ProcessRunner().run(["no-such-command"])
    assert [signal.getsignal(number) for number in watched] == before


def test_it_runs_from_any_thread() -> None:
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(ProcessRunner().run(["sh", "-c", "exit 5"])))
    thread.start()
    thread.join(30)
    assert ended == [5]


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
