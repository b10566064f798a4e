"""`make demo` does what it says, in time, and fails loudly where lockgate answers anything else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from house import ROOT

SECONDS = 40
CHAPTERS = [
    "Build",
    "Begin",
    "Unsigned: refused",
    "Signed and attested: allowed",
    "Production wants more",
    "with one approval of two: refused",
    "still refused",
    "A second person: allowed",
    "An advisory lands",
    "One byte",
    "Prove",
    "Replay",
]


def demo(first: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo with `first` before everything on PATH, and its temporary directories below `tmp_path`."""
    environment = {**os.environ, "PATH": f"{first}:{Path(sys.executable).parent}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    return subprocess.run([str(ROOT / "demo/run")], env=environment, capture_output=True, text=True, check=False, timeout=4 * SECONDS)


def test_the_main_job(tmp_path: Path) -> None:
    done = demo(tmp_path, tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    at = [done.stdout.index(chapter) for chapter in CHAPTERS]
    assert at == sorted(at)
    took = re.search(r"done  in (\d+) s", done.stdout)
    assert took is not None
    assert int(took[1]) < SECONDS
    (folder,) = tmp_path.glob("lockgate-demo-*")
    assert f"rm -rf {folder}" in done.stdout
    assert (folder / "shop/running-in-production/index.json").exists()


@pytest.mark.parametrize(
    ("command", "instead"),
    [("gate", "exit 0"), ("gate", 'echo "refused … [x]" >&2; exit 1'), ("deploy", "exit 0"), ("log", "exit 0"), ("verify", "exit 3")],
    ids=["gate opens", "gate refuses otherwise", "deploy says nothing", "log says nothing", "verify cannot"],
)
def test_another_answer_ends_it(command: str, instead: str, tmp_path: Path) -> None:
    stub = tmp_path / "stub"
    stub.mkdir()
    real = shutil.which("lockgate", path=f"{Path(sys.executable).parent}")
    (stub / "lockgate").write_text(f'#!/bin/bash\nif [ "$1" = {command} ]; then {instead}; fi\nexec {real} "$@"\n')
    (stub / "lockgate").chmod(0o755)
    done = demo(stub, tmp_path)
    assert done.returncode == 1
    assert "the demo failed" in done.stdout
