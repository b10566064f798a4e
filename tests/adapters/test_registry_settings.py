"""How registries are reached: plain HTTP where it was named, mirrors, certificates, a proxy; and what is set wrongly."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import registries
from layouts import MANIFEST
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_images import Registries
from lockgate.adapters.sources.registry_network import Network
from lockgate.adapters.sources.registry_proxy import Proxy, parse_proxy
from lockgate.adapters.sources.registry_settings import read_settings
from lockgate.core.ports import Evidence
from lockgate.errors import UsageError
from registries import CALM, HASTE, LOCAL, PASSWORD, REMOTE, USER, body, drip, drop, hang, ref, status
from registry_scene import ENVELOPE, Scene, configured, made, refusal


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    names = ("registry.example", "auth.example", "cdn.example", "mirror.example", "signatures.example", "registry-1.docker.io", "proxy.example")
    return registries.certificate(tmp_path_factory.mktemp("tls"), *names)


@pytest.fixture
def scene(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Scene]:
    with made(tmp_path, certificate) as scene:
        scene.outside.names |= {"mirror.example": ["198.41.0.20"], "lan.example": ["10.0.0.9"], "proxy.example": ["10.0.0.10"]}
        yield scene


def reads_all(source: Registries, scene: Scene, name: str = REMOTE) -> bool:
    """Tag, bytes and what is attached."""
    named, digest = source.resolve(ref(name, "v1"))
    return digest == scene.digest and source.measure(named, digest).problem == "" and len(source.attached(named, digest)) == 1


class TestPlainHttp:
    LAN = "lan.example:5000/shop/app"

    def test_it_is_spoken_where_it_was_named(self, scene: Scene, tmp_path: Path) -> None:
        assert refusal(lambda: scene.source.resolve(ref(self.LAN, "v1"))) == "ref.unreachable"  # its certificate is for others
        assert scene.registry.asked == []
        assert reads_all(Registries(Access(plain_http=("lan.example:5000",)), scene.outside.network(), HASTE), scene, self.LAN)
        assert reads_all(configured(scene, tmp_path, '[host."lan.example:5000"]\nplain-http = true'), scene, self.LAN)

    @pytest.mark.parametrize(("named", "asked"), [("lan.example:80", "lan.example"), ("lan.example", "lan.example:80")])
    def test_the_usual_port_may_be_left_out(self, scene: Scene, tmp_path: Path, named: str, asked: str) -> None:
        assert reads_all(Registries(Access(plain_http=(named,)), scene.outside.network(), HASTE), scene, f"{asked}/shop/app")
        assert reads_all(configured(scene, tmp_path, f'[host."{named}"]\nplain-http = true'), scene, f"{asked}/shop/app")
        assert {port for _, port in scene.outside.connected} == {80}

    @pytest.mark.parametrize("named", ["lan.example", "lan.example:5001", "an.example:5000", "localhost:5000"])
    def test_another_name_is_another_host(self, scene: Scene, named: str) -> None:
        source = Registries(Access(plain_http=(named,)), scene.outside.network(), HASTE)
        assert refusal(lambda: source.resolve(ref(self.LAN, "v1"))) == "ref.unreachable"
        assert scene.registry.asked == []

    @pytest.mark.parametrize(
        ("home", "to", "followed"),
        [
            (LAN, "http://lan.example:5000", True),
            (LAN, "http://cdn.example", True),
            (LAN, "http://cdn.example:81", False),
            (LAN, "http://auth.example", False),
            (LAN, "http://127.0.0.1:7", False),
            (LAN, "http://localhost:7", False),
            (REMOTE, "http://cdn.example", False),
        ],
    )
    def test_from_there_only_to_what_was_named_too(self, scene: Scene, home: str, to: str, followed: bool) -> None:
        """TLS is never left: a registry over TLS sends nobody to plain HTTP, though it be named."""
        scene.registry.fault(f"/v2/shop/app/blobs/{scene.layer}", status(307, Location=f"{to}/elsewhere/{scene.layer}"))
        source = Registries(Access(plain_http=("lan.example:5000", "cdn.example")), scene.outside.network(), HASTE)
        if followed:
            assert source.measure(ref(home), scene.digest).problem == ""
        else:
            assert refusal(lambda: source.measure(ref(home), scene.digest)) == "ref.redirect-refused"
            assert {port for _, port in scene.outside.connected} <= {5000, 443}

    def test_a_name_is_looked_up_once_for_all_connections_of_a_look(self, scene: Scene) -> None:
        for number in range(10):
            scene.layout.enlist(scene.layout.referrer(scene.digest, ENVELOPE + b" " * (number + 1)))
        asked = list[str]()

        def look_up(host: str, port: int, seconds: float) -> list[str]:
            asked.append(host)
            return scene.outside.look_up(host, port, seconds)

        source = Registries(None, replace(scene.outside.network(), look_up=look_up), CALM)
        assert len(source.attached(ref(REMOTE), scene.digest)) == 11
        assert len(scene.outside.connected) >= 4
        assert len(asked) <= 4, "no more than the lists that are asked for at once, to begin with"


FAILURES = {
    "404": status(404),
    "401": status(401),
    "403": status(403),
    "429": status(429, Retry_After="5"),
    "500": status(500),
    "hang": hang,
    "drip": drip,
    "drop": drop,
    "redirect inside": status(307, Location="https://169.254.169.254/x"),
    "other bytes": body(lambda _: b"other bytes"),
    "a byte less": body(lambda data: data[:-1]),
    "a byte more": body(lambda data: data + b"x"),
    "breaks off": body(lambda data: data, length=9),
}
"""What a mirror may do."""


class TestMirrors:
    ONE = '[host."registry.example"]\nmirrors = ["mirror.example/cache"]\n'

    @pytest.fixture
    def mirrored(self, scene: Scene, tmp_path: Path) -> Registries:
        return configured(scene, tmp_path, self.ONE)

    def hosts(self, scene: Scene, part: str) -> list[str]:
        return [each.host for each in scene.registry.asked if part in each.path]

    def rewritten(self, scene: Scene) -> None:
        """The mirror keeps images under a prefix."""

        def answer(handler: registries.Handler) -> None:
            assert handler.headers["Host"] == "mirror.example"
            handler.path = handler.path.replace("/v2/cache/", "/v2/", 1)
            handler.answer()

        scene.registry.fault("/v2/cache/", answer)

    def test_what_goes_by_digest_comes_from_the_mirror_and_lists_do_not(self, scene: Scene, mirrored: Registries) -> None:
        self.rewritten(scene)
        assert reads_all(mirrored, scene)
        assert set(self.hosts(scene, "/blobs/")) == {"mirror.example"}
        assert set(self.hosts(scene, f"/manifests/{scene.digest}")) == {"mirror.example"}
        assert set(self.hosts(scene, "/manifests/v1")) == {"registry.example"}
        assert set(self.hosts(scene, "/referrers/")) == {"registry.example"}
        assert set(self.hosts(scene, "/manifests/sha256-")) == {"registry.example"}

    @pytest.mark.parametrize(
        ("part", "name"),
        [(part, name) for part in ("/v2/cache/", "/v2/cache/shop/app/blobs/") for name in FAILURES if (part, name) != ("/v2/cache/", "drip")]
        + [("/v2/cache/shop/app/manifests/", name) for name in ("404", "500", "other bytes", "breaks off")],
    )
    def test_where_it_fails_the_registry_itself_is_asked(self, scene: Scene, mirrored: Registries, tmp_path: Path, name: str, part: str) -> None:
        scene.registry.fault(part, FAILURES[name])
        self.rewritten(scene)
        assert mirrored.measure(ref(REMOTE), scene.digest).problem == ""
        copy = mirrored.copy(ref(REMOTE), scene.digest, tmp_path / "copies")
        assert (Path(copy) / "blobs/sha256" / scene.layer[7:]).read_bytes() == scene.registry.bytes_at(scene.layer)
        assert len(mirrored.attached(ref(REMOTE), scene.digest)) == 1
        failed = [each for each in scene.registry.asked if each.path.startswith(part)]
        assert name == "404" or len(failed) <= 6, "with one more try, once for each look"

    def test_a_mirror_that_is_not_there(self, scene: Scene, mirrored: Registries) -> None:
        del scene.outside.names["mirror.example"]
        assert reads_all(mirrored, scene)

    def test_a_login_is_for_its_own_host(self, scene: Scene, tmp_path: Path) -> None:
        self.rewritten(scene)
        scene.registry.auth = "basic"
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {"registry.example": {"auth": auth}}}))
        assert reads_all(configured(scene, tmp_path, self.ONE, logins=(tmp_path / "config.json",)), scene)
        assert not any("Authorization" in each.headers for each in scene.registry.asked if each.host == "mirror.example")

    def test_about_tags_it_is_believed_where_that_is_set(self, scene: Scene, tmp_path: Path) -> None:
        self.rewritten(scene)
        other = scene.layout.image(b"as the mirror has it")

        def older(handler: registries.Handler) -> None:
            handler.reply(200, scene.registry.bytes_at(other) or b"", {"Content-Type": MANIFEST})

        scene.registry.faults.insert(0, ("/v2/cache/shop/app/manifests/v1", older, [9]))
        assert configured(scene, tmp_path, self.ONE).resolve(ref(REMOTE, "v1"))[1] == scene.digest
        assert configured(scene, tmp_path, self.ONE + "mirrors-tell-tags = true").resolve(ref(REMOTE, "v1"))[1] == other

    @pytest.mark.parametrize(
        "fault", [status(404), status(500), hang, status(200, Docker_Content_Digest="sha256:" + "7" * 64)], ids=["404", "500", "hang", "another digest"]
    )
    def test_a_mirror_that_cannot_tell_a_tag(self, scene: Scene, tmp_path: Path, fault: registries.Fault) -> None:
        scene.registry.fault("/v2/cache/", fault)
        assert configured(scene, tmp_path, self.ONE + "mirrors-tell-tags = true").resolve(ref(REMOTE, "v1"))[1] == scene.digest

    def test_nothing_is_pushed_to_a_mirror(self, scene: Scene, mirrored: Registries) -> None:
        self.rewritten(scene)
        mirrored.attach(ref(REMOTE), scene.digest, Evidence(media_type="application/vnd.dsse.envelope.v1+json", data=b'{"x":1}', origin=""))
        assert self.hosts(scene, "/uploads/") == ["registry.example"] * 4


class TestDockerHub:
    def test_its_names(self, scene: Scene) -> None:
        def answer(handler: registries.Handler) -> None:
            handler.path = handler.path.replace("/v2/library/alpine/", "/v2/shop/app/")
            handler.answer()

        scene.registry.fault("/v2/library/alpine/", answer)
        scene.outside.names["registry-1.docker.io"] = ["198.41.0.30"]
        for name in ("docker.io/alpine", "index.docker.io/alpine", "docker.io/library/alpine"):
            named, digest = scene.source.resolve(ref(name, "v1"))
            assert (named.path, digest) == ("docker.io/library/alpine", scene.digest)
            assert scene.source.measure(named, digest).problem == ""
            assert scene.source.attached(named, digest)[0].origin.startswith("docker.io/library/alpine@")
        assert {each.host for each in scene.registry.asked} == {"registry-1.docker.io"}

    def test_a_namespace_stays(self, scene: Scene) -> None:
        scene.outside.names["registry-1.docker.io"] = ["198.41.0.30"]
        assert scene.source.resolve(ref("docker.io/shop/app", "v1"))[0].path == "docker.io/shop/app"

    def test_its_settings_stand_under_its_name(self, scene: Scene, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
        scene.outside.names["registry-1.docker.io"] = ["198.41.0.30"]
        scene.outside.authority = None
        assert refusal(lambda: scene.source.resolve(ref("docker.io/shop/app", "v1"))) == "ref.unreachable"
        source = configured(scene, tmp_path, f'[host."docker.io"]\nca = "{certificate[0]}"')
        assert source.resolve(ref("docker.io/shop/app", "v1"))[1] == scene.digest


class TestCertificates:
    @pytest.fixture
    def other(self, tmp_path: Path) -> Path:
        (tmp_path / "other").mkdir()
        return registries.certificate(tmp_path / "other", "registry.example")[0]

    def test_one_for_a_host_stands_in_place_of_the_systems(self, scene: Scene, tmp_path: Path, certificate: tuple[Path, Path], other: Path) -> None:
        scene.outside.authority = None
        assert refusal(lambda: scene.source.resolve(ref(REMOTE, "v1"))) == "ref.unreachable"
        (tmp_path / "ca.pem").write_bytes(certificate[0].read_bytes())
        assert reads_all(configured(scene, tmp_path, '[host."registry.example"]\nca = "ca.pem"'), scene), "relative to the file"
        scene.outside.authority = certificate[0]
        source = configured(scene, tmp_path, f'[host."registry.example"]\nca = "{other}"')
        assert refusal(lambda: source.resolve(ref(REMOTE, "v1"))) == "ref.unreachable", "the system's would do, and is not asked"

    @pytest.mark.parametrize(("named", "asked"), [("registry.example:443", REMOTE), ("registry.example", "registry.example:443/shop/app")])
    def test_the_usual_port_may_be_left_out(self, scene: Scene, tmp_path: Path, certificate: tuple[Path, Path], named: str, asked: str) -> None:
        scene.outside.authority = None
        assert reads_all(configured(scene, tmp_path, f'[host."{named}"]\nca = "{certificate[0]}"'), scene, asked)

    def test_it_is_for_that_host_alone(self, scene: Scene, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
        scene.outside.authority = None
        scene.registry.fault(f"/v2/shop/app/blobs/{scene.layer}", status(307, Location=f"https://cdn.example/elsewhere/{scene.layer}"))
        only = f'[host."registry.example"]\nca = "{certificate[0]}"\n'
        assert refusal(lambda: configured(scene, tmp_path, only).measure(ref(REMOTE), scene.digest)) == "ref.unreachable"
        both = f'{only}[host."cdn.example"]\nca = "{certificate[0]}"\n'
        assert configured(scene, tmp_path, both).measure(ref(REMOTE), scene.digest).problem == ""

    @pytest.mark.parametrize("text", [None, "", "no certificate"])
    def test_a_file_that_is_none(self, scene: Scene, tmp_path: Path, text: str | None) -> None:
        if text is not None:
            (tmp_path / "ca.pem").write_text(text)
        network = Network(look_up=scene.outside.look_up, connect=scene.outside.connect)
        (tmp_path / "registries.toml").write_text('[host."registry.example"]\nca = "ca.pem"')
        source = Registries(Access(file=tmp_path / "registries.toml"), network, HASTE)
        assert refusal(lambda: source.resolve(ref(REMOTE, "v1"))) == "setting.unreadable"

    def test_what_is_said_over_tls_is_written_down_nowhere(self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
        assert scene.outside.authority is not None
        monkeypatch.setenv("SSL_CERT_FILE", str(scene.outside.authority))
        source = Registries(None, Network(look_up=scene.outside.look_up, connect=scene.outside.connect), HASTE)
        assert reads_all(source, scene), "whom OpenSSL is told to trust is trusted"
        assert not (tmp_path / "keys").exists()


class TestProxy:
    def through(self, scene: Scene, proxy: str, but: str = "") -> Registries:
        return Registries(Access(proxy=proxy, no_proxy=but), scene.outside.network(), HASTE)

    @pytest.mark.parametrize("proxy", ["http://proxy.example:3128", "proxy.example:3128", "https://proxy.example:3128"])
    def test_tls_goes_through_a_tunnel(self, scene: Scene, proxy: str) -> None:
        del scene.outside.names["registry.example"]  # names are the proxy's to look up
        assert reads_all(self.through(scene, proxy), scene)
        assert {each[0] for each in scene.registry.tunnels} == {"registry.example:443"}
        assert set(scene.outside.connected) == {("10.0.0.10", 3128)}

    def test_a_login_is_for_the_proxy_alone(self, scene: Scene) -> None:
        assert reads_all(self.through(scene, f"http://{USER}:{PASSWORD}%40@proxy.example:3128"), scene)
        assert {each[1] for each in scene.registry.tunnels} == {"Basic " + base64.b64encode(f"{USER}:{PASSWORD}@".encode()).decode()}
        assert not any("Proxy-Authorization" in each.headers for each in scene.registry.asked)

    @pytest.mark.parametrize("but", ["registry.example", "example", ".example", "*", "other, registry.example:443", "REGISTRY.example"])
    def test_what_does_not_go_through_it(self, scene: Scene, but: str) -> None:
        assert reads_all(self.through(scene, "http://proxy.example:3128", but), scene)
        assert scene.registry.tunnels == []

    @pytest.mark.parametrize("but", ["", "gistry.example", "registry.example:8443", "198.41.0.0/16", ","])
    def test_what_does(self, scene: Scene, but: str) -> None:
        assert reads_all(self.through(scene, "http://proxy.example:3128", but), scene)
        assert scene.registry.tunnels != []

    @pytest.mark.parametrize(
        ("each", "host", "fits"),
        [
            ("10.0.0.0/8", "10.1.2.3", True),
            ("10.0.0.0/8", "[::1]", False),
            ("fd00::/8", "[fd00::1]", True),
            ("10.0.0.1", "10.0.0.1", True),
            ("[fd00::1]:443", "[fd00::1]", True),
        ],
    )
    def test_addresses_and_networks(self, each: str, host: str, fits: bool) -> None:
        proxy = parse_proxy("proxy.example:1", each)
        assert proxy is not None
        assert proxy.serves(host, 443) is not fits

    def test_this_machine_and_plain_http_never_do(self, scene: Scene) -> None:
        source = Registries(Access(proxy="http://proxy.example:3128", plain_http=("lan.example:5000",)), scene.outside.network(), HASTE)
        assert reads_all(source, scene, LOCAL)
        assert reads_all(source, scene, "lan.example:5000/shop/app")
        assert scene.registry.tunnels == []

    @pytest.mark.parametrize(
        "url", ["https://169.254.169.254/x", "https://127.0.0.1/x", "https://10.0.0.1/x", "https://[::ffff:a9fe:a9fe]/x", "https://localhost/x"]
    )
    def test_inside_is_not_asked_through_it_either(self, scene: Scene, url: str) -> None:
        scene.registry.fault(f"/v2/shop/app/blobs/{scene.layer}", status(307, Location=url))
        assert refusal(lambda: self.through(scene, "http://proxy.example:3128").measure(ref(REMOTE), scene.digest)) == "ref.redirect-refused"
        assert {each[0] for each in scene.registry.tunnels} == {"registry.example:443"}

    @staticmethod
    def raw(data: bytes) -> registries.Fault:
        def answer(handler: registries.Handler) -> None:
            handler.wfile.write(data)
            handler.close_connection = True

        return answer

    @pytest.mark.parametrize("name", ["403", "407", "502", "garbage", "nothing", "endless", "early", "hang", "drop"])
    def test_a_proxy_that_gives_no_tunnel(self, scene: Scene, name: str) -> None:
        faults: dict[str, registries.Fault] = {
            "403": status(403), "407": status(407, Proxy_Authenticate='Basic realm="x"'), "502": status(502), "garbage": self.raw(b"SECRET\r\n\r\n"),
            "nothing": self.raw(b""), "endless": self.raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000),
            "early": self.raw(b"HTTP/1.1 200 OK\r\n\r\nSECRET"), "hang": hang, "drop": drop,
        }  # fmt: skip
        scene.registry.fault("CONNECT", faults[name])
        assert refusal(lambda: self.through(scene, f"http://{USER}:{PASSWORD}@proxy.example:3128").resolve(ref(REMOTE, "v1"))) == "ref.unreachable"
        assert scene.registry.asked == []

    @pytest.mark.parametrize(
        "text", ["socks5://proxy.example:1", f"http://u:{PASSWORD}@", "http://[", f"http://u:{PASSWORD}@h:99999", "http://h/path", "http://h?x", "ftp://h:1"]
    )
    def test_what_is_no_proxy(self, text: str) -> None:
        with pytest.raises(UsageError) as err:
            parse_proxy(text, "")
        assert err.value.code == "setting.malformed"
        assert PASSWORD not in str(err.value)

    def test_it_says_nothing_of_itself(self) -> None:
        assert PASSWORD not in repr(Proxy(host="h", port=1, tls=False, login=PASSWORD, but=()))
        assert PASSWORD not in repr(Access(proxy=f"http://u:{PASSWORD}@h:1"))
        assert parse_proxy("", "x") is None


class TestWhereSignaturesLie:
    ONE = '[host."registry.example"]\nsignatures = "signatures.example/all/of/them"\n'

    def hosts(self, scene: Scene, part: str) -> set[str]:
        return {f"{each.host}{each.path.partition('/v2')[2].partition(part)[0]}" for each in scene.registry.asked if part in each.path}

    def there(self, scene: Scene, path: str = "all/of/them") -> None:
        """A repository of that name on a host of its own, with the same in it."""
        scene.outside.names["signatures.example"] = ["198.41.0.9"]

        def answer(handler: registries.Handler) -> None:
            assert handler.headers["Host"] == "signatures.example"
            handler.path = handler.path.replace(f"/v2/{path}/", "/v2/shop/app/", 1)
            handler.answer()

        scene.registry.fault(f"/v2/{path}/", answer)

    def test_what_is_attached_is_looked_for_there_and_nowhere_else(self, scene: Scene, tmp_path: Path) -> None:
        self.there(scene)
        (piece,) = configured(scene, tmp_path, self.ONE).attached(ref(REMOTE), scene.digest)
        assert piece.origin == f"signatures.example/all/of/them@{scene.referrer}"
        assert {each.host for each in scene.registry.asked} == {"signatures.example"}
        for part in ("/referrers/", f"/manifests/sha256-{scene.digest[7:]}.sig", f"/manifests/sha256-{scene.digest[7:]}.att", "/blobs/"):
            assert self.hosts(scene, part) == {"signatures.example/all/of/them"}, part

    def test_the_image_itself_is_where_it_is(self, scene: Scene, tmp_path: Path) -> None:
        self.there(scene)
        source = configured(scene, tmp_path, self.ONE)
        assert source.resolve(ref(REMOTE, "v1"))[1] == scene.digest
        assert source.measure(ref(REMOTE), scene.digest).problem == ""
        assert {each.host for each in scene.registry.asked} == {"registry.example"}

    def test_what_is_attached_is_put_there(self, scene: Scene, tmp_path: Path) -> None:
        self.there(scene)
        source = configured(scene, tmp_path, self.ONE)
        pushed = source.attach(ref(REMOTE), scene.digest, Evidence(media_type="application/vnd.dsse.envelope.v1+json", data=b'{"x":1}', origin=""))
        assert pushed.startswith("signatures.example/all/of/them@sha256:")
        assert {each.host for each in scene.registry.asked if "/uploads/" in each.path} == {"signatures.example"}
        assert self.hosts(scene, f"/manifests/{scene.digest}") == {"registry.example/shop/app"}, "the subject's size and media type are its own"
        assert len(source.attached(ref(REMOTE), scene.digest)) == 2

    @pytest.mark.parametrize(
        ("text", "name", "found"),
        [
            ("", REMOTE, REMOTE),
            (ONE, REMOTE, "signatures.example/all/of/them"),
            (ONE, "registry.example:5000/shop/app", "registry.example:5000/shop/app"),
            (ONE, "signatures.example/all/of/them", "signatures.example/all/of/them"),
            ('[host."registry.example"]\nsignatures = "Signatures.example:5000/*"', REMOTE, "signatures.example:5000/shop/app"),
            ('[host."registry.example"]\nsignatures = "signatures.example/of/*"', REMOTE, "signatures.example/of/shop/app"),
            ('[host."mirror.example"]\nsignatures = "docker.io/*"', "mirror.example/alpine", "docker.io/library/alpine"),
            ('[host."docker.io"]\nsignatures = "signatures.example/*"', "docker.io/library/alpine", "signatures.example/library/alpine"),
            ('[repository."docker.io/alpine"]\nsignatures = "signatures.example/a"', "docker.io/library/alpine", "signatures.example/a"),
            (ONE + '[repository."registry.example:443/shop/app"]\nsignatures = "signatures.example/its/own"', REMOTE, "signatures.example/its/own"),
            (ONE + f'[repository."{REMOTE}"]\nsignatures = "registry.example/*"', REMOTE, REMOTE),
            (ONE + f'[repository."{REMOTE}"]\nsignatures = "signatures.example/a"', REMOTE + "/b", "signatures.example/all/of/them"),
        ],
        ids=range(12),
    )
    def test_which_one(self, tmp_path: Path, text: str, name: str, found: str) -> None:
        (tmp_path / "r.toml").write_text(text)
        assert read_settings(Access(file=tmp_path / "r.toml")).signatures(name) == found

    def test_where_it_does_not_answer_nothing_is_known(self, scene: Scene, tmp_path: Path) -> None:
        scene.outside.names["signatures.example"] = ["198.41.0.9"]
        scene.registry.fault("/v2/all/", status(500))
        assert refusal(lambda: configured(scene, tmp_path, self.ONE).attached(ref(REMOTE), scene.digest)) == "ref.unreachable"


class TestTheFile:
    @pytest.mark.parametrize(
        "text",
        [
            "SECRET", "\x00",
            "[host]\nx = 1", "[other]\n", '[host."a b"]\n', '[host."registry.example/x"]\n', '[host."registry.example:0"]\n', '[host."app"]\n',
            '[host."https://registry.example"]\n', '[host."u:p@registry.example"]\n', '[host."registry.example"]\nplain-https = true',
            '[host."registry.example"]\nplain-http = "yes"',
            '[host."registry.example"]\nmirrors = "mirror.example"', '[host."registry.example"]\nmirrors = ["app"]',
            '[host."registry.example"]\nmirrors = ["mirror.example/UPPER"]', '[host."registry.example"]\nmirrors = ["mirror.example:1@sha256:x"]',
            '[host."registry.example"]\nsends-to = ["cdn.example/x"]', '[host."registry.example"]\nca = 7',
            '[host."registry.example"]\nmirrors = [' + '"m.example",' * 9 + "]", "x = " + "[" * 5000,
            '[host."registry.example"]\nsignatures = 7', '[host."registry.example"]\nsignatures = "app"',
            '[host."registry.example"]\nsignatures = "signatures.example"', '[host."registry.example"]\nsignatures = "signatures.example/a:1"',
            '[host."registry.example"]\nsignatures = "signatures.example/*/a"', '[host."registry.example"]\nsignatures = "*"',
            '[host."registry.example"]\nsignatures = "https://u:p@signatures.example/a"',
            "[repository]\nx = 1", '[repository."registry.example/shop/app"]', '[repository."registry.example/shop/app"]\nmirrors = []',
            '[repository."registry.example"]\nsignatures = "signatures.example/a"', '[repository."registry.example/*"]\nsignatures = "signatures.example/a"',
            'repository = "registry.example"',
        ],
        ids=range(33),
    )  # fmt: skip
    def test_what_is_no_setting(self, scene: Scene, tmp_path: Path, text: str) -> None:
        assert refusal(lambda: configured(scene, tmp_path, text).resolve(ref(REMOTE, "v1"))) == "setting.malformed"
        assert scene.outside.connected == []

    def test_one_that_was_named_is_there(self, tmp_path: Path) -> None:
        assert read_settings(Access(file=tmp_path / "registries.toml")).hosts == {}
        for path in (tmp_path / "registries.toml", tmp_path):
            with pytest.raises(UsageError) as err:
                read_settings(Access(file=path, must_exist=True))
            assert err.value.code == "setting.unreadable"

    def test_hosts_in_any_case(self, tmp_path: Path) -> None:
        (tmp_path / "r.toml").write_text('[host."Registry.Example:5000"]\nmirrors = ["Mirror.example:5001/a/b"]\nsends-to = ["docker.io"]')
        found = read_settings(Access(file=tmp_path / "r.toml")).of("registry.example:5000")
        assert (found.mirrors, found.sends_to) == (("mirror.example:5001/a/b",), ("registry-1.docker.io",))
