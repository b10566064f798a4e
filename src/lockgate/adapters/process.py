"""Running the deployer's command, and the private directory it runs on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

from lockgate.errors import UnreadableError

_STDERR = 2
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


class ProcessRunner:
    """Runs a command; no shell. Its stdin and stderr are this process's own.

    What it writes to its stdout comes on stderr, so that stdout holds the answer alone. While it runs, Ctrl-C is the
    command's to obey (the terminal sends it there too), and SIGTERM and SIGHUP are passed on: whoever deploys lives to
    record how it ended. A signal that is ignored here, as under nohup, is ignored by the command too.
    """

    def run(self, command: Sequence[str]) -> int:
        """See `core.ports.Runner`."""
        with _signals_held() as adopt:
            try:
                started = subprocess.Popen(list(command), stdout=_STDERR)  # the command is the deployer's own
            except FileNotFoundError:
                raise UnreadableError("command.not-found", f"there is no command {command[0]!r}: nothing was run") from None
            except OSError as err:
                raise UnreadableError("command.not-runnable", f"{command[0]!r} cannot be run: {err.strerror}") from None
            adopt(started)
            status = started.wait()
        return status if status >= 0 else 128 - status


@contextlib.contextmanager
def _signals_held() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Outlive the signals meant for the command; who is adopted is sent those that come to this process alone, also what came before."""
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []
    before = {}

    def pass_on(number: int, _frame: object) -> None:
        early.extend([] if children else [number])
        for child in children:
            child.send_signal(number)

    def adopt(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        for number in early:
            child.send_signal(number)

    if threading.current_thread() is threading.main_thread():
        handlers = {**dict.fromkeys(_PASSED_ON, pass_on), signal.SIGINT: lambda _number, _frame: None}
        heard = {number: handler for number, handler in handlers.items() if signal.getsignal(number) is not signal.SIG_IGN}
        before = {number: signal.signal(number, handler) for number, handler in heard.items()}
    try:
        yield adopt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class TemporaryScratch:
    """Private directories below the system's temporary one."""

    @contextlib.contextmanager
    def directory(self) -> Iterator[PurePath]:
        """See `core.ports.Scratch`. What is in it may be read-only; it is removed all the same.

        Raises:
            UnreadableError: ``scratch.unwritable``.
        """
        try:
            path = Path(tempfile.mkdtemp(prefix="lockgate-"))
        except OSError as err:
            raise UnreadableError("scratch.unwritable", f"no private directory can be made below {tempfile.gettempdir()}: {err.strerror}") from None
        try:
            yield path
        finally:
            for folder, _, _ in os.walk(path):
                Path(folder).chmod(stat.S_IRWXU)
            shutil.rmtree(path, ignore_errors=True)
