"""The status list: only one that the permit key signed, of this log, fresh, is believed; and it says what it says."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import NOW, SHOP, Key, digest, key, release, root
from lockgate import canon
from lockgate.core.identity import Root
from lockgate.errors import EvidenceError, LockgateError
from lockgate.evidence import dsse, status
from lockgate.ledger.checkpoint import Checkpoint, sign_checkpoint
from lockgate.ledger.note import SignerKey

ORIGIN = "example.com/shop"
LOG_KEY = SignerKey(name=ORIGIN, seed=bytes(range(32)))
ROOT: Root = root(log=str(LOG_KEY.verifier))


def checkpoint(size: int = 20, by: SignerKey = LOG_KEY) -> str:
    return sign_checkpoint(Checkpoint(origin=by.name, size=size, root=bytes(32)), by.verifier, by.sign).decode()


def listed(**changes: Any) -> status.StatusList:
    base: dict[str, Any] = {"log": ROOT.genesis, "checkpoint": checkpoint(), "issued_at": NOW, "status_max_age": "1h"}
    return status.StatusList(**{**base, **changes})


def sealed(said: status.StatusList | None = None, by: Key | None = None) -> bytes:
    said, signer = said or listed(), by or key("permit")
    return status.seal(said, signer.public, signer.sign(status.to_sign(said)))


def code(data: bytes, now: Any = NOW, max_age: str = "", trusted: Root = ROOT) -> str:
    with pytest.raises(LockgateError) as err:
        status.read(data, trusted, now, max_age)
    return err.value.code


def test_it_comes_back() -> None:
    said = listed(revoked=(status.Struck(environment="house", digests=SHOP.artifacts, leaf=9, reason="other"),))
    fresh = status.read(sealed(said), ROOT, NOW + timedelta(hours=1), "2h")
    assert (fresh.said, fresh.checkpoint.size) == (said, 20)


def test_it_is_believed_as_long_as_it_says_and_as_the_permit_says() -> None:
    data = sealed(listed(status_max_age="30m"))
    assert status.read(data, ROOT, NOW + timedelta(minutes=30)).said.issued_at == NOW
    assert code(data, NOW + timedelta(minutes=30, seconds=1)) == "status.too-old"
    assert code(data, NOW + timedelta(minutes=30, seconds=1), "2h") == "status.too-old"
    assert code(data, NOW + timedelta(minutes=10, seconds=1), "10m") == "status.too-old"
    assert status.read(data, ROOT, NOW - timedelta(minutes=2)).said.issued_at == NOW
    assert code(data, NOW - timedelta(minutes=2, seconds=1)) == "status.from-future"


def test_by_another_key_of_another_log_or_over_another_head() -> None:
    assert code(sealed(by=key("mallory"))) == "status.forged"
    assert code(sealed(listed(log=digest("another log")))) == "status.other-log"
    other = SignerKey(name=ORIGIN, seed=bytes(32))
    assert code(sealed(listed(checkpoint=checkpoint(by=other)))) == "status.forged"
    assert code(sealed(), trusted=root(log=str(other.verifier))) == "status.forged"
    assert code(sealed(listed(checkpoint="no head"))) == "status.forged"


def test_a_signature_by_somebody_else_is_not_written() -> None:
    said = listed()
    with pytest.raises(EvidenceError) as err:
        status.seal(said, key("permit").public, key("mallory").sign(status.to_sign(said)))
    assert err.value.code == "status.forged"


def test_nothing_else_that_the_permit_key_signs_is_a_list() -> None:
    payload = canon.encode(listed())
    for kind in ("application/vnd.in-toto+json", "application/json"):
        sig = base64.b64encode(key("permit").sign(dsse.pae(kind, payload))).decode()
        document = {"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": [{"sig": sig}]}
        assert code(json.dumps(document).encode()) == "status.malformed"
        assert code(json.dumps({**document, "payloadType": status.PAYLOAD_TYPE}).encode()) == "status.forged"
    twice = json.loads(sealed())
    assert code(json.dumps({**twice, "signatures": twice["signatures"] * 2}).encode()) == "status.forged"


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"version":2}', canon.encode(listed()) + b" ", canon.encode(listed())[:-1] + b',"more":1}'])
def test_signed_and_no_list(payload: bytes) -> None:
    sig = base64.b64encode(key("permit").sign(dsse.pae(status.PAYLOAD_TYPE, payload))).decode()
    document = {"payload": base64.b64encode(payload).decode(), "payloadType": status.PAYLOAD_TYPE, "signatures": [{"sig": sig}]}
    assert code(json.dumps(document).encode()) in {"status.malformed", "json.not-canonical"}


def test_too_large() -> None:
    assert code(b" " * ((1 << 20) + 1)) == "status.too-large"


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert code(data) in {"status.malformed", "status.forged"}


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=60)
def test_any_byte_changed(place: int, byte: int) -> None:
    good = sealed()
    data = bytearray(good)
    data[place % len(data)] = byte
    try:
        assert status.read(bytes(data), ROOT, NOW).said == listed()
    except LockgateError as err:
        assert err.code.startswith(("status.", "json.")), err.code  # noqa: PT017


CONFIGURED = release("shop", config=digest("config"))


@pytest.mark.parametrize(
    ("entry", "gone"),
    [
        ({"digests": SHOP.artifacts}, True),
        ({"digests": (digest("other"),)}, False),
        ({"digests": (digest("config"),)}, True),
        ({"digests": (digest("inside"),)}, True),
        ({"digests": SHOP.artifacts, "environment": "house"}, True),
        ({"digests": SHOP.artifacts, "environment": "staging"}, False),
        ({"permit": 12}, True),
        ({"permit": 13}, False),
        ({"permit": 12, "environment": "staging"}, False),
        ({"digests": SHOP.artifacts, "before": 13}, True),
        ({"digests": SHOP.artifacts, "before": 12}, False),
        ({"before": 13}, True),
        ({"before": 12}, False),
    ],
)
def test_what_a_list_strikes(entry: dict[str, Any], gone: bool) -> None:
    said = listed(revoked=(status.Struck(**{"environment": "production", "leaf": 20, **entry}),))
    assert (status.struck(said, "production", 12, CONFIGURED, (digest("inside"),)) is not None) == gone


def test_what_a_list_lets_run() -> None:
    said = listed(runs=(status.Runs(environment="production", release=SHOP),))
    assert status.lets_run(said, "production", SHOP)
    assert not status.lets_run(said, "staging", SHOP)
    assert not status.lets_run(said, "production", CONFIGURED)
    assert replace(said, runs=()) == listed()
