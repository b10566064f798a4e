"""`pip install` of the wheel into a new virtual environment gives a working ``lockgate``."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from house import ROOT
from lockgate import __version__


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the built wheel in it; its dependencies are this environment's, so that no network is used."""
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("this Python has no ensurepip: apt-get install -y python3-venv")
    folder = tmp_path_factory.mktemp("install")
    made = folder / "made"
    for command in (
        [sys.executable, str(ROOT / "demo/build_image.py"), "--out", str(made), "--tag", __version__],
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(made / f"lockgate-{__version__}-py3-none-any.whl")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_the_command_is_there_and_says_its_version(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "bin/lockgate", "--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout


def test_what_runs_is_what_was_installed(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "bin/python", "-c", "import lockgate; print(lockgate.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(installed)


def test_every_module_of_the_wheel_can_be_imported(installed: Path, tmp_path: Path) -> None:
    walk = "import importlib, pkgutil, lockgate\nfor one in pkgutil.walk_packages(lockgate.__path__, 'lockgate.'): importlib.import_module(one.name)"
    done = run(installed / "bin/python", "-W", "error", "-c", walk, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
