"""Alerts by a command: its words as given, no shell, the alert on its stdin, and an end to its time."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from lockgate.errors import LedgerError

SECONDS = 30.0
"""How long a command may take with one alert."""

_STDERR = 2


class CommandCourier:
    """Port `Courier`: an alert was taken where the command ends with 0.

    What it writes comes on this process's stderr. It has a process group of its own, which ends with its time.

    Args:
        command: argv.
        seconds: how long it may take.
    """

    def __init__(self, command: Sequence[str], seconds: float = SECONDS) -> None:
        self._command, self._seconds = list(command), seconds

    def deliver(self, alert: bytes) -> None:
        """See `core.telling.Courier`."""
        name = self._command[0]
        try:
            process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=_STDERR, process_group=0)
        except (OSError, ValueError) as err:
            why = err.strerror if isinstance(err, OSError) else "its words cannot be passed on"
            raise LedgerError("alert.not-delivered", f"{name} could not be run: {why}") from None
        try:
            process.communicate(alert, self._seconds)
        except subprocess.TimeoutExpired:
            raise LedgerError("alert.not-delivered", f"{name} took longer than {self._seconds:g} s with an alert, and was ended") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what it left running, too
            process.wait()
        if process.returncode != 0:
            how = f"with {process.returncode}" if process.returncode > 0 else f"by signal {-process.returncode}"
            raise LedgerError("alert.not-delivered", f"{name} ended {how}: the alert counts as not delivered")
