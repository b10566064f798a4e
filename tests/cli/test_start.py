"""Starting is quick because little is imported: held here by name, measured in bench/."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from command_line import call, leaves
from house import SRC

HEAVY = {"msgspec", "cryptography", "bcrypt", "sqlite3", "yaml", "json", "subprocess", "secrets", "hashlib", "socket", "difflib", "tempfile"}
"""None of these is needed to print a help page."""


def imported(*words: str) -> set[str]:
    """The modules, and lockgate's own with their packages, after this command line."""
    code = "import sys, atexit\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\nfrom lockgate.cli.main import main\nmain(sys.argv[1:])"
    bare = "import sys; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    before = subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=True, env=environment).stdout.split()
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split()) - set(before)


def test_help_imports_nothing_heavy() -> None:
    found = imported("--help")
    assert found & HEAVY == set()
    assert {name for name in found if name.startswith("lockgate")} == {
        "lockgate", "lockgate.cli", "lockgate.cli.main", "lockgate.cli.exits", "lockgate.cli.terminal", "lockgate.errors",
    }  # fmt: skip


def test_help_says_every_way_to_name_an_artifact() -> None:
    said = call("--help").out
    assert all(way in said for way in ("HOST/REPOSITORY:TAG", "oci:DIRECTORY:TAG", "file:PATH"))


@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_a_commands_help_imports_no_adapter(path: tuple[str, ...]) -> None:
    found = imported(*path, "--help")
    assert found & {"msgspec", "cryptography", "sqlite3", "yaml"} == set()
    assert not {name for name in found if name.startswith(("lockgate.app", "lockgate.adapters", "lockgate.wire", "lockgate.render"))}


def test_a_version_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lockgate.cli.main", "--version"], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(SRC)}
    )
    assert done.stdout.startswith("lockgate ")
    assert json.dumps(done.stdout).count("\\n") == 1


@pytest.mark.parametrize("instruction", ["bash_source", "bash_complete", "zsh_source"])
def test_no_variable_makes_a_command_end_well_without_doing_it(instruction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_LOCKGATE_COMPLETE", instruction)
    monkeypatch.setenv("COMP_WORDS", "lockgate ")
    monkeypatch.setenv("COMP_CWORD", "1")
    said = call("gate", "no-such-file", "--to", "production")
    assert said.code != 0
    assert said.out == ""
