"""Who serves a TUF repository of trusted roots, or stands in for it: they choose what whoever fetches gets to see. No key of the repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from securesystemslib.signer._crypto_signer import CryptoSigner

from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.tuf_repository import Repository
from lockgate.errors import LockgateError
from registries import HASTE, Outside
from tuf_world import LATER, TRUSTED_ROOT, World, endless, hang, serving, status


@dataclass
class Served:
    """A repository that published once more since, and an account that fetches from it."""

    world: World
    outside: Outside
    home: Path
    first: dict[str, bytes]

    def fetch(self, account: str = "ours") -> bytes | str:
        """What comes, or the code it is refused with."""
        repository = Repository(url="http://localhost:5000/repo", access=Access(), memory=self.home / account, network=self.outside.network(), patience=HASTE)
        try:
            return repository.fetch(self.first["1.root.json"], "trusted_root.json").data
        except LockgateError as err:
            return err.code


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = World()
    first = dict(world.files)
    world.publish(LATER)
    with serving(world, tmp_path / "s") as outside:
        yield Served(world, outside, tmp_path, first)


class TestForge:
    def test_cannot_have_another_trusted_root_believed(self, served: Served) -> None:
        for path in [path for path in served.world.files if path.startswith("targets/")]:
            served.world.files[path] = served.world.files[path].replace(b"ct.example", b"ct.mallory")
        assert served.fetch() == "tuf.other-bytes"

    def test_cannot_sign_metadata(self, served: Served) -> None:
        """With keys of their own, or as a whole repository of their own."""
        served.world.keys["targets"] = CryptoSigner.generate_ed25519()
        served.world.publish(LATER)
        assert served.fetch() == "tuf.unsigned"
        served.world.files = dict(World().files)
        assert served.fetch() == "tuf.unsigned"

    def test_cannot_go_back_to_what_was_believed_once(self, served: Served) -> None:
        assert served.fetch() == LATER
        served.world.files = served.first
        assert served.fetch() == "tuf.rolled-back"

    def test_cannot_mix_what_was_published_at_different_times(self, served: Served) -> None:
        served.fetch()
        served.world.files["2.snapshot.json"] = served.first["1.snapshot.json"]
        assert served.fetch("another") == "tuf.rolled-back"

    def test_cannot_send_whoever_fetches_to_addresses_inside(self, served: Served) -> None:
        served.world.faults["timestamp.json"] = status(302, Location="http://169.254.169.254/latest/meta-data")
        assert served.fetch() == "tuf.redirect-refused"
        assert {address for address, _ in served.outside.connected} == {"127.0.0.1"}


class TestHide:
    @pytest.mark.not_caught
    def test_can_hide_a_newer_trusted_root_until_the_metadata_ends(self, served: Served) -> None:
        served.world.files = served.first
        assert served.fetch() == TRUSTED_ROOT
        served.world.timestamp.expires = datetime(2024, 1, 1, tzinfo=UTC)
        served.world.write()
        assert served.fetch() == "tuf.expired"

    @pytest.mark.not_caught
    def test_can_show_an_older_state_to_an_account_that_never_fetched(self, served: Served) -> None:
        assert served.fetch() == LATER
        served.world.files = served.first
        assert served.fetch("another") == TRUSTED_ROOT


class TestDelay:
    def test_can_keep_whoever_fetches_waiting_and_no_longer(self, served: Served) -> None:
        for fault, said in ((hang, "tuf.unreachable"), (endless, "tuf.too-large"), (status(503), "tuf.unreachable"), (status(404), "tuf.not-found")):
            served.world.faults["timestamp.json"] = fault
            assert served.fetch() == said
        served.world.faults.clear()
        assert served.fetch() == LATER
