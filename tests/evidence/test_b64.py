from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.evidence import b64


@given(st.binary(max_size=200))
def test_bytes_come_back(data: bytes) -> None:
    assert b64.decode(b64.encode(data)) == data
    assert b64.decode_either(b64.encode(data)) == data
    assert b64.decode_either(b64.encode(data).rstrip("=")) == data
    assert b64.decode_either(base64.urlsafe_b64encode(data).decode()) == data
    assert b64.decode_either(base64.urlsafe_b64encode(data).decode().rstrip("=")) == data


@given(st.text(max_size=40) | st.text("AQgw+/-_= \n", max_size=12))
def test_only_one_text_stands_for_bytes(text: str) -> None:
    try:
        data = b64.decode(text)
    except ValueError:
        return
    assert b64.encode(data) == text


@pytest.mark.parametrize("text", ["QUI", "QUJ=", "QQ==\n", "Q Q=", "QQ=", "=QQ=", "QQ===", "Ä===", "-_==", "QQ==QQ=="])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError):
        b64.decode(text)


@pytest.mark.parametrize("text", ["+_AA", "-/AA", "QUJ", "A", "AA=", "AA==="])
def test_refused_of_either(text: str) -> None:
    with pytest.raises(ValueError):
        b64.decode_either(text)
