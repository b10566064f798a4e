"""lockgate as a process of its own, as servers and tools beside it meet it."""

from __future__ import annotations

import os
import subprocess
import sys

from house import SRC


def lockgate(*words: str) -> subprocess.CompletedProcess[str]:
    """A command, run here."""
    return subprocess.run(
        [sys.executable, "-m", "lockgate.cli.main", *words], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(SRC)}
    )


def well(*words: str) -> str:
    """The stdout of a command that has to succeed."""
    said = lockgate(*words)
    assert said.returncode == 0, said
    return said.stdout.strip()
