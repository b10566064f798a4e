"""Running the deployer's command, and the private directory it runs on."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from lockgate.errors import UnreadableError


class ProcessRunner:
    """Runs a command with this process's own streams; no shell."""

    def run(self, command: Sequence[str]) -> int:
        """See `core.ports.Runner`."""
        try:
            status = subprocess.run(list(command), check=False).returncode  # the command is the deployer's own
        except FileNotFoundError:
            raise UnreadableError("command.not-found", f"there is no command {command[0]!r}: nothing was run") from None
        except OSError as err:
            raise UnreadableError("command.not-runnable", f"{command[0]!r} cannot be run: {err.strerror}") from None
        return status if status >= 0 else 128 - status


class TemporaryScratch:
    """Private directories below the system's temporary one."""

    @contextlib.contextmanager
    def directory(self) -> Iterator[PurePath]:
        """See `core.ports.Scratch`. What is in it may be read-only; it is removed all the same."""
        path = Path(tempfile.mkdtemp(prefix="lockgate-"))
        try:
            yield path
        finally:
            for folder, _, _ in os.walk(path):
                os.chmod(folder, stat.S_IRWXU)
            shutil.rmtree(path, ignore_errors=True)
