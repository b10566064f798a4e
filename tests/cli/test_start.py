"""Starting is quick because little is imported: held here by name, measured in bench/."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import call, leaves, move_to
from house import ROOT, SRC

HEAVY = {"msgspec", "cryptography", "bcrypt", "sqlite3", "yaml", "json", "subprocess", "secrets", "hashlib", "socket", "difflib", "tempfile"}
"""None of these is needed to print a help page."""


def imported(*words: str) -> set[str]:
    """The modules, and lockgate's own with their packages, after this command line."""
    code = "import sys, atexit\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\nfrom lockgate.cli.main import main\nmain(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(SRC)})
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split()) - bare()


@functools.cache
def bare() -> set[str]:
    """What Python imports by itself."""
    code = "import sys; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout.split())


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


@pytest.mark.parametrize("words", ["status", "people list", "log show"])
def test_what_reads_no_file_that_people_write_imports_no_yaml(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)
    assert call("init", "--origin", "example.com/shop", "--name", "Ada").code == 0
    assert imported(*words.split()) & {"yaml", "httpcore", "lockgate.evidence.policy_yaml"} == set()


def test_a_bundle_is_verified_without_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "trust")
    by = ("--identity", "https://ci.example/shop/release@refs/heads/main", "--issuer", "https://issuer.example")
    assert "yaml" not in imported("verify", "app.sigstore.json", "--trusted-root", "trusted_root.json", "--artifact", "file:app", *by)


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
