"""Hashing beside reading gives what hashing gives."""

from __future__ import annotations

import hashlib
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.adapters.sources.hashing import HashBeside


@given(st.lists(st.binary(max_size=5000), max_size=30))
@settings(max_examples=50)
def test_it_is_the_digest_of_all_chunks(chunks: list[bytes]) -> None:
    with HashBeside() as sha:
        for chunk in chunks:
            sha.update(chunk)
        assert sha.hexdigest() == sha.hexdigest() == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_it_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), HashBeside() as sha:
        for _ in range(50):
            sha.update(bytes(1 << 16))
        raise KeyError
    assert threading.active_count() == before
