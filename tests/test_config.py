"""Options stand above variables, variables above defaults; what is looked for is found above; nobody's home is no error by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lockgate import config
from lockgate.errors import UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "NO_COLOR", "LOCKGATE_GATE", "LOCKGATE_TRUST", "LOCKGATE_KEY", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TERM", "xterm")


def test_defaults(tmp_path: Path) -> None:
    found = config.load()
    assert (found.gate, found.trust, found.key, found.agent, found.colour) == (tmp_path / "a/b/.lockgate", None, "", "", True)
    assert (found.state, found.home, found.ssh) == (tmp_path / "home/.local/state/lockgate", tmp_path / "home/.config/lockgate", tmp_path / "home/.ssh")


def test_the_nearest_above_is_found(tmp_path: Path) -> None:
    (tmp_path / ".lockgate").mkdir()
    (tmp_path / "a/lockgate.trust").touch()
    (tmp_path / "lockgate.trust").touch()
    assert config.load().gate == tmp_path / ".lockgate"
    assert config.load(above=False).gate == tmp_path / "a/b/.lockgate"
    assert config.load().trust == tmp_path / "a/lockgate.trust"


def test_a_dangling_trust_file_counts_as_one(tmp_path: Path) -> None:
    (tmp_path / "a/lockgate.trust").symlink_to("nowhere")
    assert config.load().trust == tmp_path / "a/lockgate.trust"


def test_options_stand_above_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATE", "TRUST", "KEY"):
        monkeypatch.setenv(f"LOCKGATE_{name}", f"variable-{name}")
    assert [config.load().gate, config.load().trust, config.load().key] == [Path("variable-GATE"), Path("variable-TRUST"), "variable-KEY"]
    given = config.load(gate="g", trust="t", key="k")
    assert [given.gate, given.trust, given.key] == [Path("g"), Path("t"), "k"]


def test_xdg_directories(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert config.load().state == Path("/state/lockgate")
    assert config.load().home == tmp_path / "home/.config/lockgate"


@pytest.mark.parametrize("home", ["", "relative"])
def test_nobodys_home(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    found = config.load()
    assert (found.state, found.home, found.ssh) == (None, None, None)


def test_an_account_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert config.load().home is None


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert not config.load().colour


@pytest.mark.parametrize("value", ["a\x1b[2J", "a\nb", "\udcff"])
def test_a_variable_is_printable_text(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKGATE_GATE", value)
    with pytest.raises(UsageError) as err:
        config.load()
    assert err.value.code == "setting.not-text"


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a/b").rmdir()
    with pytest.raises(UsageError) as err:
        config.load()
    assert err.value.code == "setting.no-directory"
