from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.memory_blobs import MemoryBlobs
from lockgate.adapters.store.blobs import DiskBlobs
from lockgate.core.digest import digest_of
from lockgate.core.ports import Blobs
from lockgate.errors import UnreadableError


@pytest.fixture(params=["memory", "disk"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else DiskBlobs(tmp_path / "not yet there")


class TestBlobs:
    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(max_size=4096))
    def test_what_was_put_comes_back(self, blobs: Blobs, data: bytes) -> None:
        digest = blobs.put(data)
        assert digest == digest_of(data)
        assert blobs.get(digest) == data

    def test_putting_twice_is_putting_once(self, blobs: Blobs) -> None:
        assert blobs.put(b"twice") == blobs.put(b"twice")
        assert blobs.get(digest_of(b"twice")) == b"twice"

    def test_what_was_never_put_is_missing(self, blobs: Blobs) -> None:
        with pytest.raises(UnreadableError) as err:
            blobs.get(digest_of(b"never"))
        assert err.value.code == "blob.missing"

    def test_more_than_was_asked_for_is_refused(self, blobs: Blobs) -> None:
        digest = blobs.put(b"12345")
        assert blobs.get(digest, max_bytes=5) == b"12345"
        with pytest.raises(UnreadableError) as err:
            blobs.get(digest, max_bytes=4)
        assert err.value.code == "blob.too-large"

    def test_many_writers_of_one_digest_do_no_harm(self, blobs: Blobs) -> None:
        data = b"x" * 100_000
        threads = [threading.Thread(target=blobs.put, args=(data,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert blobs.get(digest_of(data)) == data
