from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.evidence.sshwire import Reader, mpint, string, uint32


@given(st.binary(max_size=50), st.integers(1, 2**300), st.integers(0, 2**32 - 1))
def test_what_is_written_is_read(data: bytes, number: int, small: int) -> None:
    reader = Reader(string(data) + mpint(number) + uint32(small))
    assert (reader.string(), reader.positive(), reader.uint32()) == (data, number, small)
    reader.end()


@given(st.binary(max_size=30))
def test_a_number_has_one_form(data: bytes) -> None:
    try:
        reader = Reader(data)
        number = reader.positive()
        reader.end()
    except ValueError:
        return
    assert mpint(number) == data


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\0", b"\0\x7f", b"\x80", b"\xff\xff"])
def test_a_number_that_is_not_positive_or_too_long(body: bytes) -> None:
    with pytest.raises(ValueError, match="number"):
        Reader(string(body)).positive()


@pytest.mark.parametrize("body", [b"a\n", "ä".encode(), b"\xff", b"a\0"])
def test_a_name_is_printable_ascii(body: bytes) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        Reader(string(body)).name()


@pytest.mark.parametrize("blob", [b"\0\0\0", b"\0\0\0\2a", b"\xff\xff\xff\xff"])
def test_a_field_that_is_cut_short(blob: bytes) -> None:
    with pytest.raises(ValueError, match="middle"):
        Reader(blob).string()


def test_what_is_left_over() -> None:
    reader = Reader(b"\1\2")
    assert reader.uint8() == 1
    with pytest.raises(ValueError, match="1 bytes"):
        reader.end()
