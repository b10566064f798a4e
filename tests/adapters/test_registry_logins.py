"""Who asks: logins from docker's configuration and its helpers, challenges, token servers; and where a password never goes."""

from __future__ import annotations

import base64
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import registries
from layouts import Layout
from lockgate.adapters.sources import registry_logins
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_auth import Gatekeeper, read_challenge
from lockgate.adapters.sources.registry_images import Registries
from lockgate.adapters.sources.registry_logins import Login, Logins
from lockgate.errors import UnreadableError
from registries import CALM, HASTE, LOCAL, PASSWORD, REMOTE, TOKEN, USER, Outside, Registry, ref, serving, status

AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


NOT_THIS_ONE = {"registry.example": {}, "other.example": {"auth": AUTH}, "registry.example:5000": {"auth": AUTH}}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return registries.certificate(tmp_path_factory.mktemp("tls"), "registry.example", "auth.example", "cdn.example")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    layout = Layout(tmp_path / "registry")
    registry = Registry(layout)
    registry.tags["v1"] = layout.image(b"layer")
    return registry


@pytest.fixture
def outside(registry: Registry, certificate: tuple[Path, Path]) -> Iterator[Outside]:
    with tempfile.TemporaryDirectory() as short, serving(registry, Path(short) / "s", certificate) as outside:
        yield outside


def config(folder: Path, value: Any) -> Path:
    path = folder / "config.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


NAMESPACES = {
    "registry.example": "all",
    "registry.example/team": "team",
    "registry.example/team/deep/": "deep",
    "https://registry.example/v1/": "old",
    "registry.example/v3": "third",
}


def logged_in(folder: Path, host: str) -> Path:
    return config(folder, {"auths": {host: {"auth": AUTH}}})


def code(do: Callable[[], object]) -> str:
    start = time.monotonic()
    with pytest.raises(UnreadableError) as err:
        do()
    assert time.monotonic() - start < 30
    said = f"{err.value} {err.value.remedy} {err.value.__cause__}"
    assert not any(secret in said for secret in (PASSWORD, TOKEN, AUTH, "SECRET", "gibberish"))
    return err.value.code


class TestAsking:
    @pytest.mark.parametrize("name", [LOCAL, REMOTE])
    @pytest.mark.parametrize("auth", ["basic", "token"])
    def test_a_login_is_shown_where_it_is_asked_for(self, registry: Registry, outside: Outside, tmp_path: Path, auth: str, name: str) -> None:
        registry.auth = auth
        if name == LOCAL:
            registry.realm = "http://localhost:5001/token"
        source = Registries(Access(logins=(logged_in(tmp_path, name.partition("/")[0]),)), outside.network(), CALM)
        named, digest = source.resolve(ref(name, "v1"))
        assert source.measure(named, digest).problem == ""
        tokens = [each for each in registry.asked if each.path.startswith("/token")]
        assert [each.headers["Authorization"] for each in tokens] == (["Basic " + AUTH] if auth == "token" else [])
        assert "Authorization" not in registry.asked[0].headers
        assert sum("Authorization" not in each.headers for each in registry.asked) == 1, "the token is kept"

    def test_a_token_is_for_reading_one_repository(self, registry: Registry, outside: Outside) -> None:
        registry.auth, registry.realm = "token", "https://auth.example/token?scope=repository:other:push&x=y"
        registry.fault("/token", lambda handler: handler.token())
        Registries(None, outside.network(), CALM).resolve(ref(REMOTE, "v1"))
        asked = next(each for each in registry.asked if each.path.startswith("/token"))
        assert "scope=repository%3Ashop%2Fapp%3Apull" in asked.path
        assert "Authorization" not in asked.headers

    def test_an_identity_token_is_exchanged(self, registry: Registry, outside: Outside, tmp_path: Path) -> None:
        registry.auth = "token"
        source = Registries(Access(logins=(config(tmp_path, {"auths": {"registry.example": {"identitytoken": "refresh-me"}}}),)), outside.network(), CALM)
        source.resolve(ref(REMOTE, "v1"))
        assert registry.forms[0]["refresh_token"] == ["refresh-me"]
        assert registry.forms[0]["grant_type"] == ["refresh_token"]

    def test_another_registrys_login_stays_at_home(self, registry: Registry, outside: Outside, tmp_path: Path) -> None:
        registry.auth = "basic"
        source = Registries(Access(logins=(logged_in(tmp_path, "other.example"),)), outside.network(), CALM)
        assert code(lambda: source.resolve(ref(REMOTE, "v1"))) == "ref.unauthorized"
        assert not any("Authorization" in each.headers for each in registry.asked)

    def test_a_login_that_is_refused_is_not_one_that_is_missing(self, registry: Registry, outside: Outside, tmp_path: Path) -> None:
        wrong = config(tmp_path, {"auths": {"registry.example": {"username": "nobody", "password": "wrong-SECRET"}}})
        for auth in ("basic", "token"):
            registry.auth = auth
            if auth == "token":
                registry.fault("/token", status(401))
            for logins, said in (((), "and no login for it is kept here"), ((wrong,), "with the login that is kept for it")):
                with pytest.raises(UnreadableError) as err:
                    Registries(Access(logins=logins), outside.network(), HASTE).resolve(ref(REMOTE, "v1"))
                assert (err.value.code, said in err.value.message, "SECRET" in err.value.message) == ("ref.unauthorized", True, False)
                assert err.value.remedy == "docker login registry.example"

    def test_a_redirect_carries_no_login(self, registry: Registry, outside: Outside, tmp_path: Path) -> None:
        registry.auth = "basic"
        source = Registries(Access(logins=(logged_in(tmp_path, "registry.example"),)), outside.network(), CALM)
        named, digest = source.resolve(ref(REMOTE, "v1"))

        def away(handler: registries.Handler) -> None:
            if handler.headers["Host"] == "cdn.example":
                handler.answer()
            else:
                handler.reply(307, b"", {"Location": f"https://cdn.example/v2/shop/app/blobs/{handler.path.rpartition('/')[2]}"})

        registry.fault("/blobs/", away)
        assert source.measure(named, digest).problem == ""
        elsewhere = [each for each in registry.asked if each.host == "cdn.example"]
        assert elsewhere
        assert not any("Authorization" in each.headers for each in elsewhere)

    def test_only_the_registry_itself_is_answered(self, registry: Registry, outside: Outside, tmp_path: Path) -> None:
        """CVE-2020-15157: whoever a registry redirects to asks for the password."""
        source = Registries(Access(logins=(logged_in(tmp_path, "registry.example"),)), outside.network(), CALM)
        named, digest = source.resolve(ref(REMOTE, "v1"))

        def away(handler: registries.Handler) -> None:
            if handler.headers["Host"] == "cdn.example":
                handler.reply(401, b"", {"WWW-Authenticate": 'Basic realm="tell me"'})
            else:
                handler.reply(307, b"", {"Location": "https://cdn.example/blobs/x"})

        registry.fault("/blobs/", away)
        assert code(lambda: source.measure(named, digest)) == "ref.unauthorized"
        assert not any("Authorization" in each.headers for each in registry.asked)

    @pytest.mark.parametrize(
        ("realm", "said"),
        [
            ("http://auth.example/token", "ref.redirect-refused"),
            ("https://169.254.169.254/token", "ref.redirect-refused"),
            ("https://localhost/token", "ref.redirect-refused"),
            ("https://u:p@auth.example/token", "ref.redirect-refused"),
            ("https://[", "ref.unreadable"),
            ("", "ref.redirect-refused"),
            ("/token", "ref.redirect-refused"),
        ],
    )
    def test_a_password_goes_to_no_such_token_server(self, registry: Registry, outside: Outside, tmp_path: Path, realm: str, said: str) -> None:
        registry.auth, registry.realm = "token", realm
        source = Registries(Access(logins=(logged_in(tmp_path, "registry.example"),)), outside.network(), CALM)
        assert code(lambda: source.resolve(ref(REMOTE, "v1"))) == said
        assert {each for each, _ in outside.connected} == {"198.41.0.4"}
        assert not any("Authorization" in each.headers for each in registry.asked)

    TOKEN_SERVERS = {
        "400": (status(400), "ref.unauthorized"),
        "401": (status(401), "ref.unauthorized"),
        "403": (status(403), "ref.unauthorized"),
        "429": (status(429), "ref.rate-limited"),
        "500": (status(500), "ref.unreachable"),
        "redirect": (status(302, Location="https://cdn.example/token"), "ref.redirect-refused"),
        "words": (status(200), "ref.unreadable"),
        "nothing": (lambda handler: handler.reply(200, b""), "ref.unreadable"),
        "no token": (lambda handler: handler.reply(200, b"{}"), "ref.unreadable"),
        "a list": (lambda handler: handler.reply(200, b"[]"), "ref.unreadable"),
        "two lines": (lambda handler: handler.reply(200, b'{"token":"SECRET\\r\\nHost: x"}'), "ref.unreadable"),
        "1 MiB": (lambda handler: handler.reply(200, b" " * (1 << 20)), "ref.unreadable"),
        "hang": (registries.hang, "ref.unreachable"),
        "drip": (registries.drip, "ref.unreachable"),
        "drop": (registries.drop, "ref.unreachable"),
        "another token": (lambda handler: handler.reply(200, b'{"token":"SECRET"}'), "ref.unauthorized"),
    }

    @pytest.mark.parametrize("name", TOKEN_SERVERS)
    def test_a_token_server_that_gives_none(self, registry: Registry, outside: Outside, tmp_path: Path, name: str) -> None:
        fault, said = self.TOKEN_SERVERS[name]
        registry.auth = "token"
        registry.fault("/token", fault)
        source = Registries(Access(logins=(logged_in(tmp_path, "registry.example"),)), outside.network(), HASTE)
        assert code(lambda: source.resolve(ref(REMOTE, "v1"))) == said
        assert len(registry.asked) < 10

    @pytest.mark.parametrize(
        ("seconds", "held"),
        [("", 55), (',"expires_in":null', 55), (',"expires_in":0', 55), (',"expires_in":3', 0), (',"expires_in":60.5', 55), (',"expires_in":1e99', 55)],
    )
    def test_how_long_a_token_is_kept(self, seconds: str, held: int) -> None:
        now = [0.0]
        gatekeeper = Gatekeeper(Logins(), lambda: now[0])
        gatekeeper.answer('Bearer realm="https://a/t"', ("h", "r", "pull"), "", lambda *_: b'{"token":"x"%s}' % seconds.encode())
        found = [number for number in range(100) if now.__setitem__(0, float(number)) is None and gatekeeper.held("h", "r", "pull")]
        assert len(found) == held or (held, len(found)) == (55, 56)

    def test_an_old_token_is_not_shown_again(self) -> None:
        now = [0.0]
        gatekeeper = Gatekeeper(Logins(), lambda: now[0])
        said = gatekeeper.answer('Bearer realm="https://a/t"', ("h", "r", "pull"), "", lambda *_: b'{"token":"x","expires_in":100}')
        assert said == gatekeeper.held("h", "r", "pull") == "Bearer x"
        assert gatekeeper.held("h", "other", "pull") == gatekeeper.held("other", "r", "pull") == ""
        now[0] = 96.0
        assert gatekeeper.held("h", "r", "pull") == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Bearer realm="https://a/t",service="s",scope="x:y:pull,push"', {"bearer": {"realm": "https://a/t", "service": "s", "scope": "x:y:pull,push"}}),
        ('Basic realm="a \\"b\\""', {"basic": {"realm": 'a "b"'}}),
        ('Negotiate, Basic realm=x, BEARER Realm="y"', {"negotiate": {}, "basic": {"realm": "x"}, "bearer": {"realm": "y"}}),
        ('Bearer realm="a",realm="b"', {"bearer": {"realm": "a"}}),
        ('Bearer realm="', {"bearer": {}}),
        ("", {}),
    ],
)
def test_challenges(text: str, found: dict[str, dict[str, str]]) -> None:
    assert read_challenge(text) == found


@given(st.text())
def test_any_challenge_is_read_to_some_end(text: str) -> None:
    found = read_challenge(text)
    assert [scheme for scheme in found if scheme != scheme.lower() or scheme not in text.lower()] == []


class TestLogins:
    @pytest.mark.parametrize("key", ["registry.example", "https://registry.example", "https://registry.example/v1/", "http://registry.example/v2/"])
    def test_the_ways_a_host_is_written(self, tmp_path: Path, key: str) -> None:
        login = Logins(config(tmp_path, {"auths": {"x.example": {"auth": "eDp5"}, key: {"auth": AUTH}}})).find("registry.example", "shop/app")
        assert login is not None
        assert (login.user, login.password) == (USER, PASSWORD)
        assert PASSWORD not in f"{login!r} {login}"

    @pytest.mark.parametrize(
        "value",
        [
            {},
            {"auths": {}},
            {"auths": {"registry.example": {}}},
            {"auths": {"other.example": {"auth": AUTH}}},
            {"auths": {"registry.example:5000": {"auth": AUTH}}},
        ],
    )
    def test_nobody_is_known(self, tmp_path: Path, value: Any) -> None:
        assert Logins(config(tmp_path, value)).find("registry.example", "shop/app") is None
        assert Logins().find("registry.example", "shop/app") is None
        assert Logins(tmp_path / "none" / "config.json").find("registry.example", "shop/app") is None
        assert Logins(tmp_path / "config.json" / "under").find("registry.example", "shop/app") is None

    @pytest.mark.parametrize(
        "value",
        ["", "SECRET", "[]", '{"auths":[]}', '{"auths":{"registry.example":"SECRET"}}', '{"auths":{"registry.example":{"auth":"SECRET!"}}}',
         '{"auths":{"registry.example":{"auth":"U0VDUkVU"}}}', '{"auths":{"registry.example":{"auth":7}}}', '{"credHelpers":[]}', '{"credsStore":7}',
         '{"credsStore":"../../bin/sh"}', '{"credHelpers":{"registry.example":"a b"}}', '{"credHelpers":{"registry.example":["x"]}}', "[" * 100_000],
        ids=range(14),
    )  # fmt: skip
    def test_what_cannot_be_read_is_not_nobody(self, tmp_path: Path, value: str) -> None:
        assert code(lambda: Logins(config(tmp_path, value)).find("registry.example", "shop/app")) == "ref.login-unreadable"

    def test_the_file_may_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        logged_in(tmp_path / "elsewhere", "registry.example")
        (tmp_path / "config.json").symlink_to("elsewhere/config.json")
        assert Logins(tmp_path / "config.json").find("registry.example", "shop/app") is not None

    @pytest.mark.parametrize(
        ("repository", "user"),
        [
            ("team/app", "team"), ("team", "team"), ("team/deep/app", "deep"), ("team/deep", "deep"), ("team/deeper/app", "team"), ("teams/app", "all"),
            ("other/team/app", "all"), ("v1/app", "all"), ("v3/app", "third"), ("lone", "all"),
        ],
    )  # fmt: skip
    def test_a_namespace_has_its_own(self, tmp_path: Path, repository: str, user: str) -> None:
        path = config(tmp_path, {"auths": {key: {"username": name, "password": "x"} for key, name in NAMESPACES.items()}})
        login = Logins(path).find("registry.example", repository)
        assert login is not None
        assert login.user == user

    def test_a_namespaces_login_is_for_nothing_else(self, tmp_path: Path, registry: Registry, outside: Outside) -> None:
        registry.auth = "basic"
        for key, said in (
            ("registry.example/shop", ""),
            ("registry.example/shop/app", ""),
            ("registry.example/shopping", "no"),
            ("registry.example/other", "no"),
        ):
            source = Registries(Access(logins=(logged_in(tmp_path, key),)), outside.network(), CALM)
            registry.asked.clear()
            if said:
                assert code(lambda source=source: source.resolve(ref(REMOTE, "v1"))) == "ref.unauthorized"  # type: ignore[misc]
                assert not any("Authorization" in each.headers for each in registry.asked)
            else:
                source.resolve(ref(REMOTE, "v1"))

    @pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io", "docker.io/library"])
    def test_docker_hubs_names(self, tmp_path: Path, key: str) -> None:
        logins = Logins(logged_in(tmp_path, key))
        login = logins.find("docker.io", "library/alpine")
        assert login is not None
        assert login.user == USER
        assert logins.find("registry.example", "library/alpine") is None
        assert logins.find("evil-docker.io", "library/alpine") is None

    def test_the_first_file_that_knows_one_counts(self, tmp_path: Path) -> None:
        one, other = tmp_path / "one.json", tmp_path / "other.json"
        one.write_text(json.dumps({"auths": {"a.example": {"username": "first", "password": "x"}, "c.example": {}}}))
        names = ("a.example", "b.example", "c.example")
        other.write_text(json.dumps({"auths": {name: {"username": "second", "password": "x"} for name in names}}))
        found = [Logins(one, tmp_path / "none.json", other).find(host, "app") for host in names]
        assert [each.user if each else None for each in found] == ["first", "second", "second"]

    def test_one_that_cannot_be_read_is_not_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "one.json").write_text("SECRET")
        assert code(lambda: Logins(tmp_path / "one.json", logged_in(tmp_path, "registry.example")).find("registry.example", "app")) == "ref.login-unreadable"

    def test_a_directory_is_no_configuration(self, tmp_path: Path) -> None:
        assert code(lambda: Logins(tmp_path).find("registry.example", "shop/app")) == "ref.login-unreadable"


class TestHelpers:
    @pytest.fixture
    def helper(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Logins]:
        def make(script: str) -> Logins:
            (tmp_path / "bin").mkdir(exist_ok=True)
            program = tmp_path / "bin" / "docker-credential-made-up"
            program.write_text("#!/bin/sh\n" + script)
            program.chmod(0o755)
            monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
            return Logins(config(tmp_path, {"credsStore": "made-up", "auths": {"registry.example": {}}}))

        return make

    def test_a_helper_is_asked(self, helper: Callable[[str], Logins]) -> None:
        login = helper(f"""read host; echo '{{"ServerURL":"'$host'","Username":"{USER}","Secret":"{PASSWORD}"}}'""").find("registry.example", "shop/app")
        assert login is not None
        assert login.basic() == "Basic " + AUTH

    def test_docker_hub_is_asked_for_by_the_name_helpers_know(self, helper: Callable[[str], Logins]) -> None:
        logins = helper("""read host; echo '{"Username":"'$host'","Secret":"x"}'""")
        found = [logins.find(host, "library/alpine") for host in ("docker.io", "registry-1.docker.io", "registry.example")]
        assert [each.user if each else None for each in found] == ["https://index.docker.io/v1/"] * 2 + ["registry.example"]

    def test_a_helper_may_keep_an_identity(self, helper: Callable[[str], Logins]) -> None:
        login = helper("""echo '{"Username":"<token>","Secret":"refresh-me"}'""").find("registry.example", "shop/app")
        assert login is not None
        assert (login.user, login.identity) == ("", "refresh-me")

    def test_a_helper_may_know_nobody(self, helper: Callable[[str], Logins]) -> None:
        assert helper("echo credentials not found in native keychain; exit 1").find("registry.example", "shop/app") is None

    @pytest.mark.parametrize(
        "script",
        ["echo SECRET gibberish", "echo SECRET >&2; exit 1", "exit 0", """echo '{"Username":"SECRET"}'""", """echo '{"Username":1,"Secret":2}'""", "yes SECRET",
         "kill -9 $$", """echo '{"Username":"SECRET","Secret":"x"}'; exit 3"""],
        ids=range(8),
    )  # fmt: skip
    def test_garbage_is_no_login(self, helper: Callable[[str], Logins], capfd: pytest.CaptureFixture[str], script: str) -> None:
        assert code(lambda: helper(script).find("registry.example", "shop/app")) == "ref.login-unreadable"
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize(
        "script", ["sleep 60", "sleep 60 & sleep 60", "exec >&-; sleep 60", "while :; do echo x; sleep 0.05; done", "exec setsid sleep 60"], ids=range(5)
    )
    def test_a_helper_that_hangs_is_ended(self, helper: Callable[[str], Logins], monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        monkeypatch.setattr(registry_logins, "HELPER_SECONDS", 0.3)
        assert code(lambda: helper(script).find("registry.example", "shop/app")) == "ref.login-unreadable"

    def test_a_helper_that_is_not_there(self, tmp_path: Path) -> None:
        assert (
            code(lambda: Logins(config(tmp_path, {"credHelpers": {"registry.example": "not-there"}})).find("registry.example", "shop/app"))
            == "ref.login-unreadable"
        )

    def test_nobody_is_asked_before_the_registry_asks(self, registry: Registry, outside: Outside, helper: Callable[[str], Logins], tmp_path: Path) -> None:
        helper(f"touch {tmp_path}/was-asked; exit 1")
        Registries(Access(logins=(tmp_path / "config.json",)), outside.network(), CALM).resolve(ref(REMOTE, "v1"))
        assert not (tmp_path / "was-asked").exists()


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ({}, (0, False)),
        ({"auths": {"https://a.example/v1/": {"auth": AUTH}, "a.example": {}, "b.example": {}}}, (2, False)),
        ({"auths": {"a.example": {}}, "credHelpers": {"c.example": "pass", "a.example": "pass"}, "credsStore": "pass"}, (2, True)),
        ({"auths": None}, (0, False)),
    ],
)
def test_how_many_are_known_is_told_and_no_password_looked_at(tmp_path: Path, document: dict[str, Any], answer: tuple[int, bool]) -> None:
    assert Logins(config(tmp_path, document)).known() == answer


def test_what_is_no_configuration_is_not_taken_for_none(tmp_path: Path) -> None:
    assert Logins().known() == (0, False)
    assert Logins(tmp_path / "nothing").known() == (0, False)
    for document in ({"auths": ["a.example"]}, {"credHelpers": "x"}):
        assert code(Logins(config(tmp_path, document)).known) == "ref.login-unreadable"


def test_a_login_says_nothing_of_itself() -> None:
    assert PASSWORD not in repr(Login(USER, PASSWORD))
