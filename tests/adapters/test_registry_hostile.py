"""Registries that are broken, slow or hostile: each has its code, soon, and nothing of what they say is repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import registries
from layouts import DSSE, EMPTY, INDEX, LAYER, MANIFEST, parts
from lockgate.adapters.sources.limits import MAX_EVIDENCE
from lockgate.adapters.sources.registry_auth import Gatekeeper
from lockgate.adapters.sources.registry_client import Client
from lockgate.adapters.sources.registry_logins import Logins
from lockgate.adapters.sources.registry_repository import MAX_REFERRERS
from lockgate.adapters.sources.registry_settings import Settings
from lockgate.core.ports import Evidence
from lockgate.errors import LedgerError, UnreadableError
from registries import HASTE, LOCAL, REMOTE, Outside, body, drip, drop, hang, ref, status
from registry_scene import ENVELOPE, Scene, configured, made, refusal


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return registries.certificate(tmp_path_factory.mktemp("tls"), "registry.example", "auth.example", "cdn.example")


@pytest.fixture
def scene(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Scene]:
    with made(tmp_path, certificate) as scene:
        yield scene


def another(handler: registries.Handler) -> None:
    """Other bytes than the digest that is said with them."""
    handler.reply(200, b"{}", {"Content-Type": MANIFEST, "Docker-Content-Digest": "sha256:" + "7" * 64})


NO_TAG = {
    "400": (status(400), "ref.unreachable"),
    "401": (status(401), "ref.unauthorized"),
    "401, half a challenge": (status(401, WWW_Authenticate='Bearer realm="'), "ref.unauthorized"),
    "401, no end of commas": (status(401, WWW_Authenticate="," * 60_000), "ref.unauthorized"),
    "403": (status(403), "ref.unauthorized"),
    "404": (status(404), "ref.not-found"),
    "429": (status(429), "ref.rate-limited"),
    "429 for an hour": (status(429, Retry_After="3600"), "ref.rate-limited"),
    "429 for ever": (status(429, Retry_After="9" * 400), "ref.rate-limited"),
    "500": (status(500), "ref.unreachable"),
    "503": (status(503), "ref.unreachable"),
    "headers without end": (status(200, X_Filler="x" * (1 << 20)), "ref.unreachable"),
    "no JSON": (status(200, Content_Type=MANIFEST), "ref.unreadable"),
    "206": (status(206), "ref.unreachable"),
    "gzip": (status(200, Content_Encoding="gzip"), "ref.unreadable"),
    "hang": (hang, "ref.unreachable"),
    "drip": (drip, "ref.unreachable"),
    "drop": (drop, "ref.unreachable"),
    "less than said": (body(lambda data: data, length=7), "ref.unreachable"),
    "5 MiB": (body(lambda data: data + b" " * (5 << 20)), "ref.unreadable"),
    "5 MiB in chunks": (body(lambda data: data + b" " * (5 << 20), chunked=True), "ref.unreadable"),
    "another digest": (another, "digest.mismatch"),
}


@pytest.mark.parametrize("name", NO_TAG)
def test_a_tag_that_is_not_answered(scene: Scene, name: str) -> None:
    fault, code = NO_TAG[name]
    scene.registry.fault("/manifests/v1", fault)
    assert refusal(lambda: scene.source.resolve(ref(tag="v1"))) == code


@pytest.mark.parametrize("fault", [status(429, Retry_After="1"), status(502), status(503), status(504), drop], ids=["429", "502", "503", "504", "drop"])
def test_what_passes_is_tried_again(scene: Scene, fault: registries.Fault) -> None:
    scene.registry.fault("/manifests/v1", fault, times=3)
    assert scene.source.resolve(ref(tag="v1"))[1] == scene.digest
    assert len(scene.outside.slept) == 3


def test_after_three_more_tries_it_is_told(scene: Scene) -> None:
    scene.registry.fault("/manifests/v1", status(503))
    assert refusal(lambda: scene.source.resolve(ref(tag="v1"))) == "ref.unreachable"
    assert len(scene.registry.asked) == 4


def test_a_registry_may_not_ask_for_a_long_wait(scene: Scene) -> None:
    scene.registry.fault("/manifests/v1", status(429, Retry_After="11"))
    assert refusal(lambda: scene.source.resolve(ref(tag="v1"))) == "ref.rate-limited"
    assert scene.outside.slept == []


WRONG_BLOBS = {
    "gone": (status(404), "digest.missing"),
    "a byte less": (body(lambda data: data[:-1]), "digest.truncated"),
    "a byte less, in chunks": (body(lambda data: data[:-1], chunked=True), "digest.truncated"),
    "a byte more": (body(lambda data: data + b"x"), "digest.mismatch"),
    "8 MiB more, in chunks": (body(lambda data: data + b"x" * (8 << 20), chunked=True), "digest.mismatch"),
    "another byte": (body(lambda data: data[:-1] + b"X"), "digest.mismatch"),
}


@pytest.mark.parametrize("name", WRONG_BLOBS)
def test_a_blob_that_is_another(scene: Scene, name: str, tmp_path: Path) -> None:
    fault, problem = WRONG_BLOBS[name]
    scene.registry.fault(f"/blobs/{scene.layer}", fault)
    found = scene.source.measure(ref(), scene.digest)
    assert (found.problem, found.where) == (problem, scene.layer)
    assert refusal(lambda: scene.source.copy(ref(), scene.digest, tmp_path / "copies")) == "digest.mismatch"
    assert list(tmp_path.glob("copies/*")) == []


@pytest.mark.parametrize("fault", [hang, drip, drop, status(500), body(lambda data: data[:-5], length=5)], ids=["hang", "drip", "drop", "500", "short"])
def test_a_blob_that_does_not_come(scene: Scene, fault: registries.Fault) -> None:
    scene.registry.fault(f"/blobs/{scene.layer}", fault)
    assert refusal(lambda: scene.source.measure(ref(), scene.digest)) == "ref.unreachable"


def test_a_large_blob_that_drips_takes_no_longer(scene: Scene) -> None:
    layer = {"mediaType": LAYER, "digest": "sha256:" + "3" * 64, "size": 1 << 39}
    image = scene.layout.json({"schemaVersion": 2, "config": scene.layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST)["digest"]
    scene.registry.fault("/manifests/", lambda handler: handler.reply(200, scene.registry.bytes_at(image) or b"", {"Content-Type": MANIFEST}))
    scene.registry.fault("/blobs/sha256:3", drip)
    assert refusal(lambda: scene.source.measure(ref(), image)) == "ref.unreachable"


def test_a_manifest_of_other_bytes_is_a_mismatch(scene: Scene) -> None:
    scene.registry.fault(f"/manifests/{scene.digest}", body(lambda data: data + b" "))
    assert scene.source.measure(ref(), scene.digest).problem == "digest.mismatch"
    assert refusal(lambda: scene.source.resolve(ref(digest=scene.digest))) == "digest.mismatch"


def test_a_manifest_called_something_else_is_not_read(scene: Scene) -> None:
    data = scene.registry.bytes_at(scene.digest) or b""
    for kind in (INDEX, "application/vnd.docker.distribution.manifest.v2+json", "text/plain"):
        scene.registry.faults.clear()
        scene.registry.fault("/manifests/", lambda handler, kind=kind: handler.reply(200, data, {"Content-Type": kind}))  # type: ignore[misc]
        assert refusal(lambda: scene.source.resolve(ref(tag="v1"))) == "ref.unreadable"


def test_a_tag_is_looked_up_once(scene: Scene) -> None:
    named, digest = scene.source.resolve(ref(tag="v1"))
    scene.registry.tags["v1"] = scene.layout.image(b"moved meanwhile")
    assert scene.source.measure(named, digest).problem == ""
    assert scene.source.attached(named, digest)
    assert sum(each.path.endswith("/v1") for each in scene.registry.asked) == 1


def test_an_index_that_lists_itself_ends(scene: Scene) -> None:
    fake = "sha256:" + "5" * 64
    listing = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"mediaType": INDEX, "digest": fake, "size": 500}]}).encode()
    scene.registry.fault(f"/manifests/{fake}", lambda handler: handler.reply(200, listing, {"Content-Type": INDEX}))
    scene.registry.fault("/manifests/self", lambda handler: handler.reply(200, listing, {"Content-Type": INDEX}))
    assert refusal(lambda: scene.source.resolve(ref(tag="self"), "linux/amd64")) in {"digest.truncated", "digest.mismatch"}


def test_a_platform_is_the_images_own_word(scene: Scene) -> None:
    one, other = scene.layout.manifest(b"a"), scene.layout.manifest(b"b", platform="linux/arm64")
    told = {"os": "linux", "architecture": "s390x"}
    index = scene.layout.index({**one, "platform": {"os": "linux", "architecture": "amd64"}}, {**other, "platform": told})
    scene.registry.tags["many"] = index
    assert scene.source.resolve(ref(tag="many"), "linux/amd64")[1] == one["digest"]
    assert refusal(lambda: scene.source.resolve(ref(tag="many"), "linux/s390x")) == "ref.no-platform"
    assert scene.source.resolve(ref(tag="many"))[1] == index
    assert scene.source.resolve(ref(digest=index))[1] == index
    assert scene.source.measure(ref(), index).problem == ""


class TestReferrers:
    @pytest.mark.parametrize("page", [0, 1, 3])
    def test_all_pages_are_read(self, scene: Scene, page: int) -> None:
        scene.registry.page = page
        for number in range(6):
            scene.layout.enlist(scene.layout.referrer(scene.digest, ENVELOPE + b" " * number))
        assert len(scene.source.attached(ref(), scene.digest)) == 6

    def test_the_fallback_tag_is_read_too(self, scene: Scene) -> None:
        older = scene.layout.referrer(scene.digest, ENVELOPE + b" ")
        scene.registry.tags["sha256-" + scene.digest[7:]] = scene.layout.index(older)
        assert len(scene.source.attached(ref(), scene.digest)) == 2

    def test_ten_thousand_are_too_many(self, scene: Scene) -> None:
        many = [{"mediaType": MANIFEST, "digest": f"sha256:{number:064x}", "size": 100} for number in range(10_000)]
        answer = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": many}).encode()
        scene.registry.fault("/referrers/", lambda handler: handler.reply(200, answer, {"Content-Type": INDEX}))
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) == "ref.too-much-evidence"
        assert len(scene.registry.asked) <= 4

    def test_pages_without_end_are_too_many(self, scene: Scene) -> None:
        def endless(handler: registries.Handler) -> None:
            number = len(scene.registry.asked)
            listed = [{"mediaType": MANIFEST, "digest": f"sha256:{number * 100 + each:064x}", "size": 100} for each in range(100)]
            data = json.dumps({"schemaVersion": 2, "manifests": listed}).encode()
            handler.reply(200, data, {"Content-Type": INDEX, "Link": f'<?n={number}>; rel="next"'})

        scene.registry.fault("/referrers/", endless)
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) == "ref.too-much-evidence"
        assert len(scene.registry.asked) < MAX_REFERRERS // 50

    @pytest.mark.parametrize(
        "link",
        ["<?>", "<?n=0>", "</v2/shop/app/referrers/other>", "</v2/_catalog>", "<http://localhost:5001/v2/shop/app/referrers/{0}>", "<https://cdn.example/v2/shop/app/referrers/{0}>",
         "<http://u:p@localhost:5000/v2/shop/app/referrers/{0}?x>", "<http://[>", "<?n=1>; title=x"],
    )  # fmt: skip
    def test_a_page_leads_to_the_next_and_nowhere_else(self, scene: Scene, link: str) -> None:
        answer = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
        headers = {"Content-Type": INDEX, "Link": link.format(scene.digest) + "; rel=next"}
        scene.registry.fault("/referrers/", lambda handler: handler.reply(200, answer, headers))
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) == "ref.unreadable"
        assert {each[1] for each in scene.outside.connected} == {5000}

    @pytest.mark.parametrize(
        "fault", [status(500), status(403), hang, drop, status(200), status(200, Content_Type="text/html")], ids=["500", "403", "hang", "drop", "text", "html"]
    )
    def test_a_list_that_cannot_be_read_is_not_an_empty_one(self, scene: Scene, fault: registries.Fault) -> None:
        scene.registry.fault("/referrers/", fault)
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) in {"ref.unreadable", "ref.unreachable", "ref.unauthorized"}

    def test_a_list_that_breaks_off_is_not_a_short_one(self, scene: Scene) -> None:
        scene.registry.page = 1
        for number in range(3):
            scene.layout.enlist(scene.layout.referrer(scene.digest, ENVELOPE + b" " * number))
        scene.registry.fault("/referrers/" + scene.digest + "?n=2", status(404))
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) == "ref.unreadable"

    @pytest.mark.parametrize("part", ["manifests", "blobs"])
    def test_evidence_that_is_gone_is_not_absent(self, scene: Scene, part: str) -> None:
        missing = scene.referrer if part == "manifests" else parts(scene.layout, scene.referrer)["layers"][0]["digest"]
        scene.registry.fault(f"/{part}/{missing}", status(404))
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) == "ref.unreadable"

    def test_a_referrer_of_another_image_is_none(self, scene: Scene) -> None:
        other = scene.layout.referrer("sha256:" + "1" * 64, b"not for this one")
        listed = json.dumps({"schemaVersion": 2, "manifests": [other, {**other, "mediaType": MANIFEST}]}).encode()
        scene.registry.fault("/referrers/", lambda handler: handler.reply(200, listed, {"Content-Type": INDEX}))
        assert scene.source.attached(ref(), scene.digest) == []

    def test_too_large_a_piece_is_not_read(self, scene: Scene) -> None:
        layer = {"mediaType": DSSE, "digest": "sha256:" + "2" * 64, "size": MAX_EVIDENCE + 1}
        scene.layout.enlist(scene.layout.referrer(scene.digest, layers=[layer]))
        assert refusal(lambda: scene.source.attached(ref(), scene.digest)) == "ref.too-much-evidence"

    def test_an_empty_layer_is_no_evidence(self, scene: Scene) -> None:
        scene.layout.enlist(scene.layout.referrer(scene.digest, layers=[scene.layout.blob(b"{}", EMPTY)]))
        assert len(scene.source.attached(ref(), scene.digest)) == 1


class TestRedirects:
    """Where a registry sends its callers; what is refused is refused before anything is connected to."""

    def to(self, scene: Scene, url: str, number: int = 307) -> None:
        scene.registry.fault(f"/v2/shop/app/blobs/{scene.layer}", status(number, Location=url))

    @pytest.mark.parametrize("number", [301, 302, 303, 307, 308])
    def test_a_blob_may_stand_elsewhere(self, scene: Scene, number: int) -> None:
        self.to(scene, f"https://cdn.example/elsewhere/{scene.layer}?signature=abc", number)
        assert scene.source.measure(ref(REMOTE), scene.digest).problem == ""
        assert ("198.41.0.6", 443) in scene.outside.connected

    @pytest.mark.parametrize(
        "url",
        [
            "https://169.254.169.254/latest/meta-data?signature=1",
            "https://[fd00:ec2::254]/latest",
            "https://[fe80::1]/x",
            "https://127.0.0.1/x",
            "https://127.1.2.3:8443/x",
            "https://localhost/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://[::ffff:a9fe:a9fe]/x",
            "https://[64:ff9b::a9fe:a9fe]/x",
            "https://[2002:7f00:1::]/x",
            "https://[fec0::1]:8443/x",
            "https://168.63.129.16/x",
            "https://192.0.0.192/x",
            "https://[3fff::1]/x",
            "https://0.0.0.0/x",
            "https://10.0.0.1/x",
            "https://192.168.1.1/x",
            "https://100.100.100.200/x",
            "https://224.0.0.1/x",
            "https://inside.example/x",
            "https://half-inside.example/x",
            "http://cdn.example/x",
            "http://localhost:9/x",
            "ftp://cdn.example/x",
            "file:///etc/passwd",
            "https://user:password@cdn.example/x",
            "https://cdn.example:99999/x",
            "https://[",
            "https://cdn.example/a b",
            "https://cdn\u00e9.example/x",
        ],
    )
    def test_inside_is_not_asked_for_a_registry_outside(self, scene: Scene, url: str) -> None:
        scene.outside.names |= {"inside.example": ["10.1.2.3"], "half-inside.example": ["198.41.0.9", "127.0.0.1"]}
        self.to(scene, url)
        assert refusal(lambda: scene.source.measure(ref(REMOTE), scene.digest)) == "ref.redirect-refused"
        assert {address for address, _ in scene.outside.connected} == {"198.41.0.4"}, "refused only after a connection"

    @pytest.mark.parametrize(
        "url", ["http://169.254.169.254/latest", "https://169.254.169.254/latest", "http://10.0.0.1/x", "https://10.0.0.1/x", "http://cdn.example/x"]
    )
    def test_not_even_for_one_on_this_machine(self, scene: Scene, url: str) -> None:
        self.to(scene, url)
        assert refusal(lambda: scene.source.measure(ref(LOCAL), scene.digest)) == "ref.redirect-refused"
        assert {address for address, _ in scene.outside.connected} == {"127.0.0.1"}

    def test_a_registry_on_this_machine_may_send_to_this_machine(self, scene: Scene) -> None:
        self.to(scene, f"http://127.0.0.2:7000/elsewhere/{scene.layer}")
        assert scene.source.measure(ref(LOCAL), scene.digest).problem == ""

    @pytest.mark.parametrize("home", ["198.41.0.4", "10.0.0.2"])
    def test_a_private_address_is_asked_where_the_settings_name_its_host(self, scene: Scene, tmp_path: Path, home: str) -> None:
        scene.outside.names |= {"registry.example": [home], "cdn.example": ["10.0.0.3"]}
        self.to(scene, f"https://cdn.example/elsewhere/{scene.layer}")
        assert refusal(lambda: scene.source.measure(ref(REMOTE), scene.digest)) == "ref.redirect-refused"
        assert ("10.0.0.3", 443) not in scene.outside.connected
        for named, allowed in (("cdn.example:8443", False), ("other.example", False), ("cdn.example", True)):
            source = configured(scene, tmp_path, f'[host."registry.example"]\nsends-to = ["{named}"]')
            if allowed:
                assert source.measure(ref(REMOTE), scene.digest).problem == ""
            else:
                assert refusal(lambda source=source: source.measure(ref(REMOTE), scene.digest)) == "ref.redirect-refused"  # type: ignore[misc]
        scene.outside.names["cdn.example"] = ["169.254.169.254"]
        assert refusal(lambda: source.measure(ref(REMOTE), scene.digest)) == "ref.redirect-refused"
        assert ("169.254.169.254", 443) not in scene.outside.connected

    def test_a_name_with_both_kinds_of_addresses_is_not_private(self, scene: Scene) -> None:
        scene.outside.names |= {"registry.example": ["198.41.0.4", "10.0.0.2"], "cdn.example": ["10.0.0.3"]}
        self.to(scene, f"https://cdn.example/elsewhere/{scene.layer}")
        assert refusal(lambda: scene.source.measure(ref(REMOTE), scene.digest)) == "ref.redirect-refused"

    def test_localhost_that_is_another_machine_is_not_asked(self, scene: Scene) -> None:
        scene.outside.names["localhost"] = ["127.0.0.1", "198.41.0.4"]
        assert refusal(lambda: scene.source.resolve(ref(LOCAL, "v1"))) == "ref.redirect-refused"
        assert scene.outside.connected == []

    def test_three_redirects_and_no_more(self, scene: Scene) -> None:
        self.to(scene, f"/v2/shop/app/blobs/{scene.layer}")
        assert refusal(lambda: scene.source.measure(ref(LOCAL), scene.digest)) == "ref.redirect-refused"
        assert sum(scene.layer in each.path for each in scene.registry.asked) == 4

    def test_wrong_bytes_from_elsewhere_are_wrong(self, scene: Scene) -> None:
        self.to(scene, f"https://cdn.example/elsewhere/{parts(scene.layout, scene.digest)['layers'][0]['digest']}")
        assert scene.source.measure(ref(REMOTE), scene.digest).problem == "digest.truncated"

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.sampled_from(["", "https://", "http://", "//", "https://cdn.example"]))
    @settings(max_examples=150)
    def test_any_location_is_followed_or_refused(self, location: str, start: str) -> None:
        outside = Outside(Path("/nowhere"))
        with Client(REMOTE, Gatekeeper(Logins()), outside.network(), Settings(), HASTE) as client, suppress(UnreadableError):
            assert client._allowed(client.url("blobs/x"), start + location).startswith("https://")
        assert outside.connected == []


class TestTls:
    def test_a_certificate_for_another_name_is_refused(self, scene: Scene) -> None:
        scene.outside.names["other.example"] = ["198.41.0.4"]
        assert refusal(lambda: scene.source.resolve(ref("other.example/shop/app", "v1"))) == "ref.unreachable"
        assert scene.registry.asked == []
        assert scene.outside.slept == []

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, scene: Scene) -> None:
        scene.outside.authority = None
        assert refusal(lambda: scene.source.resolve(ref(REMOTE, "v1"))) == "ref.unreachable"
        assert scene.registry.asked == []

    def test_a_name_that_is_not_known(self, scene: Scene) -> None:
        assert refusal(lambda: scene.source.resolve(ref("nowhere.example/shop/app", "v1"))) == "ref.unreachable"


MORE = Evidence(media_type=DSSE, data=ENVELOPE + b" ", origin="")


class TestAttaching:
    def refused(self, scene: Scene, name: str = LOCAL) -> str:
        with pytest.raises(LedgerError) as err:
            scene.source.attach(ref(name), scene.digest, MORE)
        assert "SECRET" not in f"{err.value} {err.value.remedy}"
        assert err.value.code == "ref.unwritable"
        return err.value.message

    @pytest.mark.parametrize("api", [True, False])
    def test_what_is_attached_is_read_back(self, scene: Scene, api: bool) -> None:
        scene.registry.api = api
        before = len(scene.source.attached(ref(), scene.digest))
        said = scene.source.attach(ref(), scene.digest, MORE)
        assert said.startswith(LOCAL + "@sha256:")
        assert len(scene.source.attached(ref(), scene.digest)) == before + 1
        asked = len(scene.registry.asked)
        assert scene.source.attach(ref(), scene.digest, MORE) == said
        assert not any(each.path.startswith("/v2/shop/app/blobs/uploads") for each in scene.registry.asked[asked:])

    def test_what_another_tool_listed_stays(self, scene: Scene) -> None:
        scene.registry.api = False
        other = {**scene.layout.referrer(scene.digest, ENVELOPE), "annotations": {"kept": "as it was"}}
        scene.registry.tags["sha256-" + scene.digest[7:]] = scene.layout.index(other)
        scene.source.attach(ref(), scene.digest, MORE)
        listed = parts(scene.layout, scene.registry.tags["sha256-" + scene.digest[7:]])["manifests"]
        assert listed[0] == other
        assert len(listed) == 2

    @pytest.mark.parametrize(
        "more", [{"annotations": {"long": "x" * ((4 << 20) - 450)}}, {"mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"}], ids=range(2)
    )
    def test_a_list_that_takes_no_more_stays_readable(self, scene: Scene, more: dict[str, Any]) -> None:
        scene.registry.api = False
        other, tag = scene.layout.referrer(scene.digest, ENVELOPE), "sha256-" + scene.digest[7:]
        before = scene.registry.tags[tag] = scene.layout.index(other, **more)
        assert "takes no more" in self.refused(scene)
        assert scene.registry.tags[tag] == before

    @pytest.mark.parametrize("times", [1, 2, 50])
    def test_of_two_at_once_both_are_listed(self, scene: Scene, times: int) -> None:
        """Another one exchanges the list right after ours: it is listed again, a few times."""
        scene.registry.api = False
        tag = "sha256-" + scene.digest[7:]
        theirs = scene.layout.index(scene.layout.referrer(scene.digest, ENVELOPE))
        left, written = times, False

        def overwritten(handler: registries.Handler) -> None:
            nonlocal left, written
            if handler.command == "PUT":
                written = True
            elif written and left:  # the first that looks after it finds the other's
                left, written = left - 1, False
                scene.registry.tags[tag] = theirs
            handler.answer()

        scene.registry.fault(f"/manifests/{tag}", overwritten)
        if times == 50:
            assert "does not list it" in self.refused(scene)
        else:
            scene.source.attach(ref(), scene.digest, MORE)
            assert len(scene.source.attached(ref(), scene.digest)) == 2

    @pytest.mark.parametrize("part", ["/blobs/uploads/", "/blobs/uploads/1?", "/manifests/sha256:"])
    @pytest.mark.parametrize(
        "fault", [status(401), status(403), status(404), status(405), status(500), hang, drop, status(307, Location="https://cdn.example/x")], ids=range(8)
    )
    def test_what_was_not_taken_is_not_attached(self, scene: Scene, part: str, fault: registries.Fault) -> None:
        def at(handler: registries.Handler) -> None:
            if handler.command == "GET":
                handler.answer()
            else:
                fault(handler)

        scene.registry.fault(part, at)
        scene.registry.waits = fault is hang
        self.refused(scene)
        assert len(scene.calm.attached(ref(), scene.digest)) == 1
        assert {address for address, _ in scene.outside.connected} == {"127.0.0.1"}

    @pytest.mark.parametrize("location", ["", "https://cdn.example/x", "http://localhost:5001/x", "http://169.254.169.254/x", "http://[", "//cdn.example/x"])
    def test_a_blob_is_put_nowhere_else(self, scene: Scene, location: str) -> None:
        def elsewhere(handler: registries.Handler) -> None:
            if handler.command == "POST":
                handler.reply(202, b"", {"Location": location})
            else:
                handler.reply(404, b"")

        scene.registry.fault("/blobs/uploads/", elsewhere)
        self.refused(scene)
        assert set(scene.outside.connected) == {("127.0.0.1", 5000)}

    def test_one_that_takes_it_and_forgets_it(self, scene: Scene) -> None:
        scene.registry.fault(
            "/manifests/sha256:", lambda handler: handler.reply(201, b"", {"OCI-Subject": scene.digest}) if handler.command == "PUT" else handler.answer()
        )
        assert "does not list it" in self.refused(scene)

    def test_what_is_not_known_is_not_written_over(self, scene: Scene) -> None:
        scene.registry.fault("/referrers/", status(500))
        self.refused(scene)
        assert not any("uploads" in each.path for each in scene.registry.asked)

    def test_a_token_for_writing_is_asked_for_writing(self, scene: Scene, tmp_path: Path) -> None:
        scene.registry.auth = "token"
        scene.source.attach(ref(REMOTE), scene.digest, MORE)
        scopes = [each.path.partition("scope=")[2] for each in scene.registry.asked if each.path.startswith("/token")]
        assert scopes == ["repository%3Ashop%2Fapp%3Apull", "repository%3Ashop%2Fapp%3Apull%2Cpush"]


def test_no_cookie_comes_back(scene: Scene) -> None:
    data: Any = scene.registry.bytes_at(scene.digest)
    scene.registry.fault("/manifests/v1", lambda handler: handler.reply(200, data, {"Content-Type": MANIFEST, "Set-Cookie": "a=b; Path=/"}))
    scene.source.resolve(ref(tag="v1"))
    scene.source.measure(ref(), scene.digest)
    assert not any("Cookie" in each.headers for each in scene.registry.asked)
