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
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from lockgate.errors import UnreadableError

_STDERR = 2
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


class ProcessRunner:
    """Runs a command; no shell. Its stdin and stderr are this process's own.

    What it writes to its stdout comes on stderr, so that stdout holds the answer alone. While it runs, Ctrl-C is the
    command's to obey (the terminal sends it there too), and SIGTERM and SIGHUP are passed on: whoever deploys lives to
    record how it ended.
    """

    def run(self, command: Sequence[str]) -> int:
        """See `core.ports.Runner`."""
        with _signals_held() as child:
            try:
                started = subprocess.Popen(list(command), stdout=_STDERR)  # the command is the deployer's own
            except FileNotFoundError:
                raise UnreadableError("command.not-found", f"there is no command {command[0]!r}: nothing was run") from None
            except OSError as err:
                raise UnreadableError("command.not-runnable", f"{command[0]!r} cannot be run: {err.strerror}") from None
            child.append(started)
            status = started.wait()
        return status if status >= 0 else 128 - status


@contextlib.contextmanager
def _signals_held() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Outlive the signals meant for the command; whoever is put in the list is sent those that come to this process alone."""
    children: list[subprocess.Popen[bytes]] = []
    if threading.current_thread() is not threading.main_thread():
        yield children
        return

    def pass_on(number: int, _frame: object) -> None:
        for child in children:
            child.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield children
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
