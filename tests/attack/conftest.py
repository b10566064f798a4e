"""The stage, set once and copied for each attack; and the desk, where the command line is typed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from attack.desk import Desk, begun
from attack.served import Served, served
from attack.stage import Stage, build, copied


@pytest.fixture(scope="session")
def set_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The stage, closed, to be copied. Everything on it was held against everything."""
    made = build(tmp_path_factory.mktemp("stage") / "house")
    made.check()
    assert made.would().outcome == "allowed"
    made.close()
    return made


@pytest.fixture
def stage(set_stage: Stage, tmp_path: Path) -> Iterator[Stage]:
    """See `attack.stage`."""
    made = copied(set_stage, tmp_path / "house")
    yield made
    made.close()


@pytest.fixture(scope="session")
def set_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home and a working directory after ``lockgate init`` and a policy."""
    folder = tmp_path_factory.mktemp("desk") / "ada"
    begun(folder)
    return folder


@pytest.fixture
def desk(set_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """See `attack.desk`."""
    shutil.copytree(set_desk, tmp_path / "ada")
    return Desk(tmp_path / "ada", monkeypatch)


@pytest.fixture
def registry(stage: Stage, tmp_path: Path) -> Iterator[Served]:
    """See `attack.served`."""
    with served(stage, tmp_path) as made:
        yield made
