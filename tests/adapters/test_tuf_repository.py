"""A trusted root out of a TUF repository: what is fetched, what is refused and by which code, and that nothing seen is forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from securesystemslib.signer._crypto_signer import CryptoSigner
from tuf.api._payload import MetaFile

import tuf_world
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.tuf_repository import MAX_TARGET, Fetched, Repository
from lockgate.errors import LockgateError
from registries import HASTE, Outside
from tuf_world import LATER, TRUSTED_ROOT, World, endless, hang, other, status

URL = "http://localhost:5000/repo"


@dataclass
class Scene:
    """A repository that is served, and whoever fetches from it."""

    world: World
    outside: Outside
    memory: Path
    url: str = URL
    access: Access = field(default_factory=Access)

    def fetch(self, target: str = "trusted_root.json", root: bytes = b"") -> Fetched:
        repository = Repository(url=self.url, access=self.access, memory=self.memory, network=self.outside.network(), patience=HASTE)
        return repository.fetch(root or self.world.pinned, target)

    def refusal(self, target: str = "trusted_root.json", root: bytes = b"") -> str:
        with pytest.raises(LockgateError) as err:
            self.fetch(target, root)
        assert "SECRET" not in str(err.value)
        return err.value.code

    def remembered(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.memory)): path.read_bytes() for path in self.memory.rglob("*.json")}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world = World()
    with tuf_world.serving(world, tmp_path / "s") as outside:
        yield Scene(world, outside, tmp_path / "memory")


def test_the_file_comes_as_signed_and_what_was_seen_is_remembered(scene: Scene) -> None:
    found = scene.fetch()
    assert found.data == TRUSTED_ROOT
    assert found.versions == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}
    assert found.expires == scene.world.end
    assert {Path(name).name for name in scene.remembered()} == {"timestamp.json", "snapshot.json", "targets.json", "1.root.json"}


def test_news_and_a_new_root_are_followed_from_the_first_root(scene: Scene) -> None:
    scene.fetch()
    scene.world.rotate()
    scene.world.rotate()
    scene.world.publish(LATER)
    found = scene.fetch()
    assert (found.data, found.versions) == (LATER, {"root": 3, "timestamp": 2, "snapshot": 2, "targets": 2})


def test_a_root_that_came_later_serves_as_the_pinned_one(scene: Scene) -> None:
    scene.world.rotate()
    assert scene.fetch(root=scene.world.files["2.root.json"]).versions["root"] == 2


def test_403_is_how_some_stores_say_that_there_is_no_newer_root(scene: Scene) -> None:
    scene.world.faults["2.root.json"] = status(403)
    assert scene.fetch().data == TRUSTED_ROOT


PAST = datetime(2024, 1, 1, tzinfo=UTC)


def expired(role: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        getattr(world, role).expires = PAST
        world.write_root()
        world.write()

    return change


def signed_by_a_stranger(role: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.keys[role] = CryptoSigner.generate_ed25519()
        world.write()

    return change


def a_root_by_nobody(world: World) -> None:
    world.root.version = 2
    world.write_root(CryptoSigner.generate_ed25519())


def a_root_that_is_the_first_again(world: World) -> None:
    world.files["2.root.json"] = world.pinned


def another_file(world: World) -> None:
    for path in world.files:
        if path.startswith("targets/"):
            world.files[path] = b" " * len(TRUSTED_ROOT)


def a_file_that_is_too_large(world: World) -> None:
    world.put("trusted_root.json", b" " * (MAX_TARGET + 1))
    world.write()


def a_snapshot_of_other_bytes(world: World) -> None:
    world.timestamp.snapshot_meta = MetaFile(1, hashes={"sha256": "00" * 32})
    world.files["timestamp.json"] = world.signed(world.timestamp)


def no_files(world: World) -> None:
    world.files = {path: data for path, data in world.files.items() if not path.startswith("targets/")}


def half(name: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.files[name] = world.files[name][: len(world.files[name]) // 2]

    return change


def fault(part: str, what: tuf_world.Fault) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.faults[part] = what

    return change


WRONG: dict[str, tuple[Callable[[World], None], str]] = {
    **{f"{role} expired": (expired(role), "tuf.expired") for role in ("root", "timestamp", "snapshot", "targets")},
    **{f"{role} by a stranger": (signed_by_a_stranger(role), "tuf.unsigned") for role in ("timestamp", "snapshot", "targets")},
    "a root by nobody": (a_root_by_nobody, "tuf.unsigned"),
    "the first root as the second": (a_root_that_is_the_first_again, "tuf.rolled-back"),
    "another file": (another_file, "tuf.other-bytes"),
    "another snapshot": (a_snapshot_of_other_bytes, "tuf.other-bytes"),
    "no file": (no_files, "tuf.not-found"),
    "nothing there": (fault("", status(404)), "tuf.not-found"),
    "a file too large": (a_file_that_is_too_large, "tuf.too-large"),
    **{f"half of {name}": (half(name), "tuf.malformed") for name in ("timestamp.json", "1.snapshot.json", "1.targets.json")},
    "half a root": (fault("2.root.json", other(b'{"signed": {')), "tuf.malformed"),
    "no JSON": (fault("timestamp", other(b"\x00\xff")), "tuf.malformed"),
    "deep JSON": (fault("timestamp", other(b"[" * 16000)), "tuf.malformed"),
    "another kind": (lambda world: world.files.update({"timestamp.json": world.files["1.snapshot.json"]}), "tuf.malformed"),
    "endless": (fault("timestamp", endless), "tuf.too-large"),
    "endless file": (fault("targets/", endless), "tuf.too-large"),
    "hanging": (fault("timestamp", hang), "tuf.unreachable"),
    "hanging half-way": (fault("targets.json", hang), "tuf.unreachable"),
    "broken off": (fault("1.snapshot", other(b"{", more=100)), "tuf.unreachable"),
    "500": (fault("timestamp", status(500)), "tuf.unreachable"),
    "503": (fault("timestamp", status(503)), "tuf.unreachable"),
    "429": (fault("timestamp", status(429)), "tuf.unreachable"),
    "to a private address": (fault("timestamp", status(302, Location="http://10.0.0.1/timestamp.json")), "tuf.redirect-refused"),
    "to the clouds' metadata": (fault("timestamp", status(302, Location="https://169.254.169.254/latest")), "tuf.redirect-refused"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_has_its_code_the_first_time_and_later(scene: Scene, name: str) -> None:
    change, code = WRONG[name]
    change(scene.world)
    assert scene.refusal() == code
    assert scene.refusal() == code


SIGNED = {"another snapshot", "a file too large"}
"""Of these the metadata itself says what is wrong: only a later version mends it."""


@pytest.mark.parametrize("name", [name for name, (_, code) in WRONG.items() if code not in {"tuf.expired", "tuf.unsigned"} and name not in SIGNED])
def test_when_it_is_right_again_so_is_the_fetch(scene: Scene, name: str) -> None:
    kept = dict(scene.world.files)
    WRONG[name][0](scene.world)
    scene.refusal()
    scene.world.files, scene.world.faults = kept, {}
    assert scene.fetch().data == TRUSTED_ROOT


def test_older_metadata_is_refused_in_another_process_too(scene: Scene) -> None:
    old = dict(scene.world.files)
    scene.world.publish(LATER)
    scene.fetch()
    seen = scene.remembered()
    scene.world.files = old
    assert scene.refusal() == "tuf.rolled-back"
    assert scene.remembered() == seen


def test_an_older_snapshot_under_a_new_timestamp_is_refused(scene: Scene) -> None:
    scene.world.publish(LATER)
    scene.fetch()
    scene.world.timestamp.version, scene.world.snapshot.version = 3, 1
    scene.world.write()
    assert scene.refusal() == "tuf.rolled-back"


def test_older_targets_under_a_new_snapshot_are_refused(scene: Scene) -> None:
    scene.world.publish(LATER)
    scene.fetch()
    scene.world.timestamp.version, scene.world.snapshot.version, scene.world.targets.version = 3, 3, 1
    scene.world.write()
    assert scene.refusal() == "tuf.rolled-back"


def test_what_was_seen_stays_seen_where_the_rest_fails(scene: Scene) -> None:
    old = dict(scene.world.files)
    scene.fetch()
    scene.world.publish(LATER)
    scene.world.faults["targets/"] = hang
    assert scene.refusal() == "tuf.unreachable"
    scene.world.files, scene.world.faults = old, {}
    assert scene.refusal() == "tuf.rolled-back"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff"])
@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json", "1.root.json"])
def test_a_memory_that_cannot_be_read_is_no_first_time(scene: Scene, name: str, damage: bytes) -> None:
    scene.fetch()
    (path,) = scene.memory.rglob(name)
    path.write_bytes(damage)
    assert scene.refusal() == "tuf.memory-unreadable"


def test_a_memory_that_cannot_be_written_is_an_error(scene: Scene) -> None:
    scene.memory.write_text("")
    assert scene.refusal() == "tuf.memory-unwritable"


@pytest.mark.parametrize("root", [b"", b"{}", b"[" * 10000, b"\xff", b"{"])
def test_a_pinned_root_that_is_none(scene: Scene, root: bytes) -> None:
    assert scene.refusal(root=root or b" ") == "tuf.root-malformed"


def test_a_pinned_root_of_another_repository_believes_nothing_here(scene: Scene) -> None:
    assert scene.refusal(root=World().pinned) == "tuf.unsigned"


def test_a_pinned_root_that_did_not_sign_itself(scene: Scene) -> None:
    unsigned = json.loads(scene.world.pinned)
    unsigned["signatures"] = []
    assert scene.refusal(root=json.dumps(unsigned).encode()) == "tuf.root-malformed"


@pytest.mark.parametrize("target", ["other.json", "../timestamp.json", "", "x" * 500])
def test_a_file_the_repository_does_not_have(scene: Scene, target: str) -> None:
    assert scene.refusal(target) == "tuf.no-target"


@pytest.mark.parametrize(
    "url",
    [
        *("", "localhost:5000/repo", "https://localhost:5000/repo", "http://tuf.example/", "ftp://tuf.example/", "file:///repo", "https:///repo"),
        *("https://user:word@tuf.example/", "https://tuf.example/?x", "https://tuf.example/#x", "https://tuf.example/a b", "https://tuf.exämple/"),
        *("https://tuf.example:x/", "https://tuf.example:99999/"),
    ],
)
def test_an_address_that_is_none(scene: Scene, url: str) -> None:
    scene.url = url
    assert scene.refusal() == "tuf.bad-url"
    assert not scene.world.asked


def test_a_name_that_nobody_knows(scene: Scene) -> None:
    scene.url = "https://nowhere.example/repo"
    assert scene.refusal() == "tuf.unreachable"


def test_plain_http_to_a_host_that_was_named_for_it(scene: Scene) -> None:
    scene.url, scene.access = "http://registry.example/repo", Access(plain_http=("registry.example",))
    assert scene.fetch().data == TRUSTED_ROOT
    assert scene.outside.connected[0] == ("198.41.0.4", 80)


def test_nobody_is_told_a_password(scene: Scene) -> None:
    scene.world.faults["timestamp"] = lambda handler: handler.reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
    assert scene.refusal() == "tuf.not-found"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_altered_bytes_are_refused_or_the_same_file_comes(scene: Scene, data: st.DataObject) -> None:
    kept = dict(scene.world.files)
    name = data.draw(st.sampled_from(sorted(kept)))
    at, value = data.draw(st.integers(0, len(kept[name]) - 1)), data.draw(st.binary(max_size=3))
    scene.world.files = {**kept, name: kept[name][:at] + value + kept[name][at + 1 :]}
    pinned = kept["1.root.json"]
    try:
        assert scene.fetch(root=pinned).data == TRUSTED_ROOT
    except LockgateError as err:
        if not err.code.startswith("tuf."):
            raise
    finally:
        scene.world.files = kept
