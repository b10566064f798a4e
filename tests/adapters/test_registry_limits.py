"""One look at a registry: several things at once, an end in time and bytes, and what is odd among what refers to an image."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpcore
import pytest

import registries
from layouts import DSSE, INDEX, MANIFEST, Layout, parts
from lockgate.adapters.sources.oci_evidence import POINTER
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.adapters.sources.registry_images import Registries
from lockgate.adapters.sources.registry_network import UnknownNameError, look_up
from lockgate.adapters.sources.registry_repository import MAX_EMPTY_PAGES, MAX_REFERRERS
from lockgate.adapters.sources.side_by_side import side_by_side
from lockgate.core.digest import Ref, digest_of
from lockgate.core.ports import Evidence
from lockgate.errors import LedgerError, UnreadableError
from registries import CALM, HASTE, REMOTE, ref, status
from registry_scene import ENVELOPE, Scene, made, refusal

MORE = Evidence(media_type=DSSE, data=ENVELOPE + b" ", origin="")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return registries.certificate(tmp_path_factory.mktemp("tls"), "registry.example", "auth.example", "cdn.example")


@pytest.fixture
def scene(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Scene]:
    with made(tmp_path, certificate) as scene:
        yield scene


def attach_many(scene: Scene, number: int) -> None:
    for each in range(number):
        scene.layout.enlist(scene.layout.referrer(scene.digest, ENVELOPE + b" " * (each + 1)))


@pytest.mark.parametrize("number", [1, 20])
def test_twenty_attestations_hang_no_deeper_than_one(scene: Scene, number: int) -> None:
    """Three round trips: both lists at once, all manifests at once, all pieces at once. No request of one is answered before all of it came."""
    attach_many(scene, number - 1)
    steps = {
        "/referrers/": threading.Barrier(2),
        "/manifests/sha256-": None,
        "/manifests/sha256:": threading.Barrier(number),
        "/blobs/": threading.Barrier(number),
    }
    steps["/manifests/sha256-"] = steps["/referrers/"]

    def together(barrier: threading.Barrier) -> registries.Fault:
        def answer(handler: registries.Handler) -> None:
            barrier.wait(20)
            handler.answer()

        return answer

    for part, barrier in steps.items():
        assert barrier is not None
        scene.registry.fault(part, together(barrier))
    source = Registries(None, scene.outside.network(), CALM)
    assert len(source.attached(ref(REMOTE), scene.digest)) == number
    assert not any(each.broken for each in steps.values() if each)


def test_what_is_gathered_at_once_comes_in_order(scene: Scene) -> None:
    attach_many(scene, 30)
    first = [each.data for each in Registries(None, scene.outside.network(), CALM).attached(ref(REMOTE), scene.digest)]
    assert first == [ENVELOPE + b" " * each for each in range(31)]


def test_of_many_that_are_challenged_one_asks_for_a_token(scene: Scene) -> None:
    scene.registry.auth = "token"
    attach_many(scene, 19)
    assert len(Registries(None, scene.outside.network(), CALM).attached(ref(REMOTE), scene.digest)) == 20
    assert sum(each.path.startswith("/token") for each in scene.registry.asked) == 1


def test_of_many_that_are_sent_elsewhere_none_waits_for_the_others(scene: Scene) -> None:
    """Each would need two connections at once, were the first not given back."""
    attach_many(scene, 39)
    scene.registry.auth = "token"
    scene.outside.names["cdn.example"] = ["198.41.0.6"]
    away = threading.Barrier(20)

    def elsewhere(handler: registries.Handler) -> None:
        if "Authorization" not in handler.headers:
            handler.answer()
            return
        with suppress(threading.BrokenBarrierError):
            away.wait(0.3)
        handler.reply(307, b"x" * 2000, {"Location": f"https://cdn.example/elsewhere/{handler.path.rpartition('/')[2]}"})

    scene.registry.fault("/blobs/", elsewhere)
    source = Registries(None, scene.outside.network(), CALM)
    assert len(source.attached(ref(REMOTE), scene.digest)) == 40


def test_of_many_whose_token_ends_none_waits_for_the_others(scene: Scene) -> None:
    attach_many(scene, 39)
    scene.registry.auth = "token"
    late, refused = threading.Barrier(20), set[str]()

    def once(handler: registries.Handler) -> None:
        if handler.path not in refused:
            refused.add(handler.path)
            with suppress(threading.BrokenBarrierError):
                late.wait(0.3)
            handler.reply(401, b"x" * 2000, {"WWW-Authenticate": f'Bearer realm="{scene.registry.realm}"'})
        else:
            handler.answer()

    scene.registry.fault("/blobs/", once)
    source = Registries(None, scene.outside.network(), CALM)
    assert len(source.attached(ref(REMOTE), scene.digest)) == 40
    assert len(refused) == 40


class TestSideBySide:
    def test_no_more_at_once_than_said_and_in_order(self) -> None:
        lock, now, most = threading.Lock(), [0], [0]

        def do(number: int) -> int:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.001 * (number % 3))
            with lock:
                now[0] -= 1
            return number * 2

        assert list(side_by_side(do, range(50), 4, lambda: None)) == [each * 2 for each in range(50)]
        assert 1 < most[0] <= 4

    def test_the_first_exception_in_order_counts_and_ends_the_rest(self) -> None:
        begun, stopped = [], threading.Event()

        def do(number: int) -> int:
            begun.append(number)
            if number == 1:
                stopped.wait(5)
            if number in {1, 2}:
                raise ValueError(number)
            return number

        found = side_by_side(do, range(50), 4, stopped.set)
        assert next(found) == 0
        threading.Timer(0.05, stopped.set).start()
        with pytest.raises(ValueError, match="1"):
            next(found)
        assert stopped.is_set()
        assert len(begun) < 10

    def test_what_nobody_takes_is_stopped(self) -> None:
        stopped = threading.Event()

        def do(number: int) -> int:
            return number if number == 0 else int(stopped.wait(60))

        found = side_by_side(do, range(5), 5, stopped.set)
        assert next(found) == 0
        start = time.monotonic()
        del found
        assert stopped.is_set()
        assert time.monotonic() - start < 30


class TestAnEnd:
    def slowly(self, do: Callable[[registries.Handler], None], seconds: float = 0.2) -> registries.Fault:
        def answer(handler: registries.Handler) -> None:
            handler.registry.stop.wait(seconds)
            do(handler)

        return answer

    def test_a_look_has_an_end_though_each_answer_comes_in_time(self, scene: Scene) -> None:
        scene.registry.page = 1
        attach_many(scene, 60)
        scene.registry.fault("/referrers/", self.slowly(lambda handler: handler.answer()))
        assert refusal(lambda: scene.hasty.attached(ref(REMOTE), scene.digest), within=10) == "ref.unreachable"
        assert 1 < len(scene.registry.asked) < 30

    def test_a_look_takes_so_many_bytes_and_no_more(self, scene: Scene) -> None:
        attach_many(scene, 10)
        scene.registry.page = 1
        listed = scene.registry.referring

        def fat(handler: registries.Handler) -> None:
            found, start = listed(scene.digest), int(handler.path.partition("n=")[2] or 0)
            more = {"Link": f'<?n={start + 1}>; rel="next"'} if start + 1 < len(found) else {}
            data = json.dumps({"schemaVersion": 2, "manifests": [{**found[start], "annotations": {"x": "y" * 200_000}}]}).encode()
            handler.reply(200, data, {"Content-Type": INDEX, **more})

        scene.registry.fault("/referrers/", fat)
        assert len(Registries(None, scene.outside.network(), CALM).attached(ref(REMOTE), scene.digest)) == 11
        scene.registry.asked.clear()
        bounded = Registries(None, scene.outside.network(), replace(CALM, most=1 << 20))
        assert refusal(lambda: bounded.attached(ref(REMOTE), scene.digest)) == "ref.unreadable"
        assert len(scene.registry.asked) < 11

    def test_blobs_of_a_known_size_come_besides(self, scene: Scene) -> None:
        image = scene.layout.image(b"x" * (1 << 20), b"y" * (1 << 20))
        assert Registries(None, scene.outside.network(), replace(CALM, most=20_000)).measure(ref(REMOTE), image).problem == ""

    def test_pages_that_bring_nothing_have_an_end(self, scene: Scene) -> None:
        def empty(handler: registries.Handler) -> None:
            data = json.dumps({"schemaVersion": 2, "manifests": scene.registry.referring(scene.digest)}).encode()
            handler.reply(200, data, {"Content-Type": INDEX, "Link": f'<?n={len(scene.registry.asked)}>; rel="next"'})

        scene.registry.fault("/referrers/", empty)
        assert refusal(lambda: scene.source.attached(ref(REMOTE), scene.digest)) == "ref.unreadable"
        assert len(scene.registry.asked) <= MAX_EMPTY_PAGES + 6

    @pytest.mark.parametrize("then", [registries.hang, None], ids=["hang", "drip"])
    def test_a_fast_start_buys_no_wait(self, scene: Scene, then: registries.Fault | None) -> None:
        """16 MiB at once are sixteen seconds at the least rate: they do not count for what comes after."""
        size = 64 << 20
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + "3" * 64, "size": size}
        image = scene.layout.json({"schemaVersion": 2, "mediaType": MANIFEST, "config": scene.layout.blob(b"{}"), "layers": [layer]}, MANIFEST)["digest"]

        def begin(handler: registries.Handler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(size))
            handler.end_headers()
            try:
                handler.wfile.write(bytes(16 << 20))
                if then is not None:
                    then(handler)
                while then is None and not handler.registry.stop.wait(0.05):
                    handler.wfile.write(b" ")
                    handler.wfile.flush()
            except OSError:
                pass
            handler.close_connection = True

        scene.registry.fault("/blobs/sha256:3", begin)
        assert refusal(lambda: scene.hasty.measure(ref(REMOTE), image), within=14) == "ref.unreachable"

    @pytest.mark.parametrize(
        ("after", "slept"),
        [
            ({"Retry_After": "1"}, [1.0] * 2),
            ({"Retry_After": "Mon, 23 Nov 2026 00:00:01 GMT", "Date": "Mon, 23 Nov 2026 00:00:00 GMT"}, [1.0] * 2),
            ({"Retry_After": "Mon, 23 Nov 2026 00:00:00 GMT", "Date": "Mon, 23 Nov 2026 01:00:00 GMT"}, [0.0] * 2),
            ({"Retry_After": "soon"}, [0.01, 0.02]),
            ({"Retry_After": "-1"}, [0.01, 0.02]),
            ({}, [0.01, 0.02]),
        ],
    )
    @pytest.mark.parametrize("number", [429, 503])
    def test_as_long_as_was_asked_is_waited(self, scene: Scene, after: dict[str, str], slept: list[float], number: int) -> None:
        def answer(handler: registries.Handler) -> None:
            handler.date_time_string = lambda timestamp=None: after.get("Date", "never")  # type: ignore[method-assign]
            status(number, **{name: value for name, value in after.items() if name != "Date"})(handler)

        scene.registry.fault("/manifests/v1", answer, times=2)
        assert Registries(None, scene.outside.network(), CALM).resolve(ref(REMOTE, "v1"))[1] == scene.digest
        assert scene.outside.slept == slept

    @pytest.mark.parametrize("after", ["2", "Mon, 23 Nov 2026 01:00:00 GMT", "99999999999"])
    def test_and_no_longer_than_is_waited_at_all(self, scene: Scene, after: str) -> None:
        def answer(handler: registries.Handler) -> None:
            handler.date_time_string = lambda timestamp=None: "Mon, 23 Nov 2026 00:00:00 GMT"  # type: ignore[method-assign]
            status(429, Retry_After=after)(handler)

        scene.registry.fault("/manifests/v1", answer)
        assert refusal(lambda: scene.source.resolve(ref(REMOTE, "v1"))) == "ref.rate-limited"
        assert scene.outside.slept == []


class TestWhatItSays:
    def text(self, do: Callable[[], object]) -> str:
        with pytest.raises(UnreadableError) as err:
            do()
        assert err.value.code == "ref.unreachable"
        return err.value.message

    def test_a_name_nobody_knows_is_not_a_machine_that_refuses(self, scene: Scene) -> None:
        said = self.text(lambda: scene.source.resolve(ref("nowhere.example/shop/app", "v1")))
        assert said == "the name nowhere.example is not known"
        assert scene.outside.slept == [], "asking again would not help"

        def refuse(*_: object) -> Any:
            try:
                raise ConnectionRefusedError(111, "Connection refused")
            except OSError as err:
                raise httpcore.ConnectError(str(err)) from err

        network = replace(scene.outside.network(), connect=refuse)
        assert "was refused" in self.text(lambda: Registries(None, network, HASTE).resolve(ref(REMOTE, "v1")))

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (socket.gaierror(socket.EAI_NONAME, "x"), UnknownNameError),
            (socket.gaierror(socket.EAI_AGAIN, "x"), httpcore.ConnectError),
            (UnicodeError(), UnknownNameError),
        ],
    )
    def test_how_a_look_up_may_fail(self, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception]) -> None:
        def fail(*_: object, **__: object) -> Any:
            raise error

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        with pytest.raises(httpcore.ConnectError) as err:
            look_up("registry.example", 443, 1.0)
        assert type(err.value) is kind

    def test_a_look_up_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        over = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10) and [])
        with pytest.raises(httpcore.ConnectTimeout):
            look_up("registry.example", 443, 0.05)
        over.set()


def sha512(letter: str = "a") -> str:
    return "sha512:" + letter * 128


ODD = {
    "another algorithm": {"mediaType": MANIFEST, "digest": sha512(), "size": 100},
    "an algorithm nobody knows": {"mediaType": MANIFEST, "digest": "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", "size": 100},
    "the artifact manifest of old": {"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "digest": "sha256:" + "a" * 64, "size": 100},
    "a media type nobody knows": {"mediaType": "text/plain\u202e" + "x" * 5000, "digest": "sha256:" + "a" * 64, "size": 100},
}


class TestOddReferrers:
    @pytest.mark.parametrize("name", ODD)
    @pytest.mark.parametrize("where", ["api", "tag", "layout"])
    def test_one_hides_no_other_and_is_not_hidden(self, scene: Scene, name: str, where: str) -> None:
        listing = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [ODD[name], *scene.registry.referring(scene.digest), ODD[name]]}
        tag = "sha256-" + scene.digest[7:]
        if where == "api":
            scene.registry.fault("/referrers/", lambda handler: handler.reply(200, json.dumps(listing).encode(), {"Content-Type": INDEX}))
        else:
            scene.registry.tags[tag] = scene.layout.index(*listing["manifests"], tag=tag if where == "layout" else "")  # type: ignore[misc]
        if where == "layout":
            found = OciLayouts().attached(Ref(scheme="oci", path=str(scene.layout.path)), scene.digest)
        else:
            found = scene.source.attached(ref(REMOTE), scene.digest)
        odd, good = found
        assert good.data == ENVELOPE
        assert odd.media_type == POINTER
        assert json.loads(odd.data)["digest"] == ODD[name]["digest"]
        assert len(odd.data) < 2000

    def test_it_proves_nothing_and_says_so(self, scene: Scene) -> None:
        import datetime as dt

        from lockgate.core.facts import Rejected
        from lockgate.evidence.artifact import read

        listing = json.dumps({"schemaVersion": 2, "manifests": [ODD["another algorithm"]]}).encode()
        scene.registry.fault("/referrers/", lambda handler: handler.reply(200, listing, {"Content-Type": INDEX}))
        (odd,) = scene.source.attached(ref(REMOTE), scene.digest)
        assert read([odd], {}, {scene.digest}, dt.datetime.now(dt.UTC)) == (Rejected(source=digest_of(odd.data), code="evidence.unknown-format"),)

    @pytest.mark.parametrize(
        "entry",
        [
            None, [], {}, {"mediaType": MANIFEST, "digest": "sha256:" + "a" * 63, "size": 1},
            {"mediaType": MANIFEST, "digest": "sha256:" + "A" * 64, "size": 1},
            {"mediaType": MANIFEST, "digest": "sha512", "size": 1}, {"mediaType": MANIFEST, "digest": "sha512:a/../b", "size": 1},
            {"mediaType": MANIFEST, "digest": sha512(), "size": -1}, {"mediaType": MANIFEST, "digest": sha512(), "size": 1.5},
            {"mediaType": 7, "digest": sha512(), "size": 1}, {"mediaType": MANIFEST, "digest": sha512()},
        ],
        ids=range(11),
    )  # fmt: skip
    def test_a_list_that_is_damaged_is_not_read_in_part(self, scene: Scene, entry: Any) -> None:
        listing = json.dumps({"schemaVersion": 2, "manifests": [*scene.registry.referring(scene.digest), entry]}).encode()
        scene.registry.fault("/referrers/", lambda handler: handler.reply(200, listing, {"Content-Type": INDEX}))
        assert refusal(lambda: scene.source.attached(ref(REMOTE), scene.digest)) == "ref.unreadable"

    def test_they_are_counted_with_the_others(self, scene: Scene) -> None:
        many = [{**ODD["another algorithm"], "digest": f"sha512:{number:0128x}"} for number in range(MAX_REFERRERS + 1)]
        for number, code in ((257, "ref.too-much-evidence"), (len(many), "ref.too-much-evidence")):
            listing = json.dumps({"schemaVersion": 2, "manifests": many[:number]}).encode()
            scene.registry.faults.clear()
            scene.registry.fault("/referrers/", lambda handler, listing=listing: handler.reply(200, listing, {"Content-Type": INDEX}))  # type: ignore[misc]
            assert refusal(lambda: scene.source.attached(ref(REMOTE), scene.digest)) == code

    def test_the_image_itself_refers_to_nothing(self, scene: Scene) -> None:
        """A list that has the image as its own referrer, and one whose manifest would be its own subject, which no digest allows."""
        itself = {"mediaType": MANIFEST, "digest": scene.digest, "size": scene.layout.at(scene.digest).stat().st_size}
        listing = json.dumps({"schemaVersion": 2, "manifests": [itself]}).encode()
        scene.registry.fault("/referrers/", lambda handler: handler.reply(200, listing, {"Content-Type": INDEX}))
        assert scene.source.attached(ref(REMOTE), scene.digest) == []
        fake = "sha256:" + "5" * 64
        named = json.dumps({**parts(scene.layout, scene.referrer), "subject": {"mediaType": MANIFEST, "digest": fake, "size": 500}}).encode()
        scene.registry.fault(f"/manifests/{fake}", lambda handler: handler.reply(200, named, {"Content-Type": MANIFEST}))
        assert refusal(lambda: scene.source.resolve(ref(REMOTE, digest=fake))) == "digest.mismatch"


class Tagged:
    """A registry that gives ETags for tags and heeds ``If-Match``."""

    def __init__(self, scene: Scene, *, weak: bool = False, always: bool = False) -> None:
        self.scene, self.weak, self.always = scene, weak, always
        self.others: list[str] = []
        self.late: list[str] = []
        self.conditions: list[str | None] = []
        scene.registry.api = False
        scene.registry.fault("/manifests/sha256-", self)

    @property
    def tag(self) -> str:
        return "sha256-" + self.scene.digest[7:]

    def __call__(self, handler: registries.Handler) -> None:
        registry = self.scene.registry
        if handler.command == "PUT":
            self.conditions.append(handler.headers["If-Match"])
            if self.others:
                registry.tags[self.tag] = self.others.pop()
            wanted = handler.headers["If-Match"]
            if self.always or (wanted and wanted != self.etag()):
                handler.reply(412, b"{}")
            else:
                handler.answer()
            return
        digest = registry.tags.get(self.tag, "")
        data = registry.bytes_at(digest)
        if data is None:
            handler.reply(404, b"{}")
        else:
            etag = self.etag()
            if self.late and self.conditions and handler.path.endswith(self.tag):  # who had read it before writes what they made of it, once this one was told
                registry.tags[self.tag] = self.late.pop()
            handler.reply(200, data, {"Content-Type": INDEX, "ETag": etag})

    def etag(self) -> str:
        return ("W/" if self.weak else "") + f'"{self.scene.registry.tags.get(self.tag, "")}"'

    def listed(self) -> set[str]:
        return {each["digest"] for each in parts(self.scene.layout, self.scene.registry.tags[self.tag])["manifests"]}


class TestTheFallbackTag:
    def theirs(self, scene: Scene, *numbers: int) -> tuple[str, set[str]]:
        """A list as other tools put it there."""
        each = [scene.layout.referrer(scene.digest, ENVELOPE + b"\n" * (number + 1)) for number in numbers]
        return scene.layout.index(*each), {one["digest"] for one in each}

    def test_it_is_exchanged_only_for_what_was_read(self, scene: Scene) -> None:
        tagged = Tagged(scene)
        scene.registry.tags[tagged.tag], _ = self.theirs(scene, 1)
        later, both = self.theirs(scene, 1, 2)
        tagged.others = [later]
        scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert len(tagged.conditions) == 2
        assert None not in tagged.conditions
        assert both < tagged.listed(), "what came in between is still listed"
        assert len(tagged.listed()) == 3

    def test_what_another_one_writes_over_is_listed_again(self, scene: Scene) -> None:
        """Where the registry heeds no condition: theirs was made of what stood there before, and comes after this one was found listed."""
        tagged = Tagged(scene, weak=True)
        tagged.late, theirs = [self.theirs(scene, 1)[0]], self.theirs(scene, 1)[1]
        scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert theirs < tagged.listed()
        assert len(tagged.listed()) == 2
        assert len(tagged.conditions) == 2
        assert len(scene.outside.slept) == 2

    def test_what_is_always_written_over_is_not_called_attached(self, scene: Scene) -> None:
        tagged = Tagged(scene, weak=True)
        tagged.late = [self.theirs(scene, 1)[0]] * 20
        with pytest.raises(LedgerError) as err:
            scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert err.value.code == "ref.unwritable"
        assert len(tagged.conditions) == 4

    def test_a_registry_that_always_says_it_changed(self, scene: Scene) -> None:
        tagged = Tagged(scene, always=True)
        scene.registry.tags[tagged.tag], before = self.theirs(scene, 1)
        with pytest.raises(LedgerError) as err:
            scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert err.value.code == "ref.unwritable"
        assert tagged.listed() == before
        assert len(tagged.conditions) == 4

    def test_a_weak_one_is_no_condition(self, scene: Scene) -> None:
        tagged = Tagged(scene, weak=True)
        scene.registry.tags[tagged.tag], before = self.theirs(scene, 1)
        scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert tagged.conditions == [None]
        assert before < tagged.listed()

    def test_the_first_entry_has_none(self, scene: Scene) -> None:
        tagged = Tagged(scene)
        scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert tagged.conditions == [None]
        assert len(tagged.listed()) == 1

    def test_412_where_nothing_was_asked_is_an_error(self, scene: Scene) -> None:
        scene.registry.fault("/blobs/uploads/", status(412))
        with pytest.raises(LedgerError) as err:
            scene.source.attach(ref(REMOTE), scene.digest, MORE)
        assert err.value.code == "ref.unwritable"


def test_a_place_with_a_fragment_is_that_place(scene: Scene) -> None:
    def begin(handler: registries.Handler) -> None:
        if handler.command == "POST":
            handler.reply(202, b"", {"Location": "/v2/shop/app/blobs/uploads/1?state=x#part"})
        else:
            handler.answer()

    scene.registry.fault("/blobs/uploads/", begin)
    scene.source.attach(ref(REMOTE), scene.digest, MORE)
    put = [each.path for each in scene.registry.asked if "digest=" in each.path]
    assert [each.partition("?")[2].partition("=sha256")[0] for each in put] == ["state=x&digest"] * 2


def test_a_layout_reads_its_own_list_as_before(tmp_path: Path) -> None:
    """What `index.json` lists is every image there is: one that cannot be read might be the one that is meant."""
    layout = Layout(tmp_path / "layout")
    digest = layout.image(b"layer")
    layout.enlist({"mediaType": MANIFEST, "digest": sha512(), "size": 100})
    assert refusal(lambda: OciLayouts().attached(Ref(scheme="oci", path=str(layout.path)), digest)) == "ref.unreadable"
