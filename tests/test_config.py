"""Options stand above variables, variables above defaults; what is looked for is found above; nobody's home is no error by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lockgate import config
from lockgate.errors import UsageError

VARIABLES = ("LOCKGATE_REGISTRIES", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    for name in (*VARIABLES, "XDG_STATE_HOME", "XDG_CONFIG_HOME", "NO_COLOR", "LOCKGATE_GATE", "LOCKGATE_TRUST", "LOCKGATE_KEY", "SSH_AUTH_SOCK"):
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


def test_it_is_known_how_a_place_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (config.load().gate_by, config.load(above=False).gate_by, config.load().trust_by) == ("looked for here and above", "here", "found here or above")
    (tmp_path / ".lockgate").mkdir()
    assert config.load().gate_by == "found here or above"
    monkeypatch.setenv("LOCKGATE_GATE", "g")
    monkeypatch.setenv("LOCKGATE_TRUST", "t")
    assert (config.load().gate_by, config.load().trust_by) == ("named by LOCKGATE_GATE", "named by LOCKGATE_TRUST")
    assert (config.load(gate="x").gate_by, config.load(trust="x").trust_by) == ("named by --gate", "named by --trust")


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


class TestRegistries:
    @pytest.mark.parametrize(
        ("variables", "files"),
        [
            ({}, ["home/.config/containers/auth.json", "home/.docker/config.json"]),
            ({"XDG_RUNTIME_DIR": "/run/user/1"}, ["/run/user/1/containers/auth.json", "home/.config/containers/auth.json", "home/.docker/config.json"]),
            ({"XDG_RUNTIME_DIR": "run"}, ["home/.config/containers/auth.json", "home/.docker/config.json"]),
            ({"DOCKER_CONFIG": "/d"}, ["/d/config.json", "home/.config/containers/auth.json"]),
            ({"XDG_CONFIG_HOME": "/c"}, ["/c/containers/auth.json", "home/.docker/config.json"]),
            ({"REGISTRY_AUTH_FILE": "/a.json", "DOCKER_CONFIG": "/d", "XDG_RUNTIME_DIR": "/run/user/1"}, ["/a.json"]),
        ],
    )
    def test_where_logins_stand(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], files: list[str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert config.load().logins == tuple(tmp_path / each for each in files)

    def test_where_settings_stand(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert (config.load().registries, config.load().registries_named) == (tmp_path / "home/.config/lockgate/registries.toml", False)
        monkeypatch.setenv("LOCKGATE_REGISTRIES", "r.toml")
        assert (config.load().registries, config.load().registries_named) == (Path("r.toml"), True)
        monkeypatch.setenv("HOME", "")
        monkeypatch.delenv("LOCKGATE_REGISTRIES")
        assert (config.load().registries, config.load().logins) == (None, ())

    def test_a_proxy_by_either_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert (config.load().proxy, config.load().no_proxy) == ("", "")
        monkeypatch.setenv("https_proxy", "http://b")
        monkeypatch.setenv("no_proxy", "b")
        assert (config.load().proxy, config.load().no_proxy) == ("http://b", "b")
        monkeypatch.setenv("HTTPS_PROXY", "http://a")
        monkeypatch.setenv("NO_PROXY", "a")
        monkeypatch.setenv("HTTP_PROXY", "http://c")
        assert (config.load().proxy, config.load().no_proxy) == ("http://a", "a")
        assert "http://a" not in repr(config.load())

    def test_plain_http_names_a_host(self) -> None:
        assert config.load(plain_http=("Registry.lan:5000", "10.0.0.1", "[fd00::1]:5000")).plain_http == ("registry.lan:5000", "10.0.0.1", "[fd00::1]:5000")

    @pytest.mark.parametrize(
        "text", ["", "app", "http://registry.lan", "registry.lan/app", "registry.lan:0", "u:secret@registry.lan", "*", "registry.lan:x", "a b.c"]
    )
    def test_what_names_none(self, text: str) -> None:
        with pytest.raises(UsageError) as err:
            config.load(plain_http=(text,))
        assert err.value.code == "setting.malformed"
        assert "secret" not in str(err.value)


class TestStrange:
    """What was found and may be somebody else's. `owners` stands for the accounts whose files are taken where they are found."""

    OTHERS = frozenset({os.geteuid() + 1})

    def test_what_is_ours_is_not_strange(self, tmp_path: Path) -> None:
        (tmp_path / "lockgate.trust").touch()
        (tmp_path / "a/.lockgate").mkdir()
        assert config.load().strange == {}

    def test_what_belongs_to_another_account(self, tmp_path: Path) -> None:
        for name in ("lockgate.trust", ".lockgate"):
            (tmp_path / name).mkdir()
            assert "belongs to another account" in config.strangeness(tmp_path / name, self.OTHERS)
            assert config.strangeness(tmp_path / name, frozenset({os.geteuid()})) == ""

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_a_directory_of_another_account(self, tmp_path: Path) -> None:
        """Whoever owns the directory can put another file in its place once this one was looked at."""
        (tmp_path / "lockgate.trust").touch()
        os.chown(tmp_path, 12345, -1)
        assert config.load().strange == {tmp_path / "lockgate.trust": f"{tmp_path} belongs to another account (12345)"}

    def test_where_a_link_leads_counts_and_where_it_stands(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real/trust").touch()
        link = tmp_path / "a/lockgate.trust"
        link.symlink_to(tmp_path / "real/trust")
        assert config.load().strange == {}
        (tmp_path / "real/trust").chmod(0o666)
        assert config.load().strange == {link: f"everybody may write to {tmp_path}/real/trust"}
        (tmp_path / "real/trust").chmod(0o644)
        (tmp_path / "real").chmod(0o1777)
        assert config.load().strange == {link: f"everybody may write to {tmp_path}/real"}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_a_link_of_ours_to_a_file_of_another(self, tmp_path: Path) -> None:
        (tmp_path / "theirs").touch()
        link = tmp_path / "a/lockgate.trust"
        link.symlink_to(tmp_path / "theirs")
        os.chown(tmp_path / "theirs", 12345, -1)
        assert config.load().strange == {link: f"{tmp_path}/theirs belongs to another account (12345)"}
        os.chown(tmp_path / "theirs", 0, -1)
        os.lchown(link, 12345, -1)
        assert config.load().strange == {link: f"{link} belongs to another account (12345)"}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root is asked on whose behalf it runs")
    def test_under_sudo_the_callers_are_taken_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "lockgate.trust").touch()
        os.chown(tmp_path / "lockgate.trust", 12345, -1)
        for caller, taken in (("12345", True), ("12346", False), ("", False), ("-1", False), ("12345 ", False), ("\u0661" * 5, False)):
            monkeypatch.setenv("SUDO_UID", caller)
            assert (config.load().strange == {}) == taken

    def test_what_is_named_is_not_asked_about(self, tmp_path: Path) -> None:
        (tmp_path / "lockgate.trust").touch()
        (tmp_path / ".lockgate").mkdir()
        tmp_path.chmod(0o777)
        assert set(config.load().strange) == {tmp_path / "lockgate.trust", tmp_path / ".lockgate"}
        assert config.load(gate="../../.lockgate", trust="../../lockgate.trust").strange == {}
        assert config.load(above=False, trust="x").strange == {}

    def test_what_cannot_be_looked_at_is_strange(self, tmp_path: Path) -> None:
        """It was there a moment ago: whoever takes it away for this look may put anything there for the next."""
        ours = frozenset({os.geteuid()})
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "dangling").symlink_to("nowhere")
        for name in ("gone", "loop", "dangling", "gone/gone"):
            assert config.strangeness(tmp_path / name, ours).startswith("it cannot be looked at: ")
