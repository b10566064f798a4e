"""Canonical JSON: ours against ``rfc8785``, reading ours strictly, and reading the world's without harm."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

import lockgate
from lockgate import canon
from lockgate.canon import MAX_DEPTH, Noun, decode, digest_hex, encode, parse_foreign
from lockgate.core.duration import Time
from lockgate.errors import EvidenceError
from strategies import MAX_INT, TEXT


def attempt(read: Callable[[], Any]) -> tuple[Any, str]:
    """What was read and no code, or nothing and the code; any other exception passes through and fails the test."""
    try:
        return read(), ""
    except EvidenceError as err:
        return None, err.code


class Leafy(Noun, frozen=True, kw_only=True):
    name: str = ""
    count: int = 0


class Tree(Noun, frozen=True, kw_only=True):
    some_text: str
    at: Time | None = None
    leaves: tuple[Leafy, ...] = ()
    by_name: dict[str, int] = {}


OURS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-MAX_INT, MAX_INT), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=4)),
    max_leaves=20,
)


@given(OURS)
@example('\x00\x1f\x7f\u0080\u2028\ufeff\U0001f600"\\/\b\f\n\r\t')
@example({"": 1, "a": 2, "A": 3, "aa": 4, "\x7f": 5})
@example([MAX_INT, -MAX_INT, 0])
def test_what_we_write_is_rfc_8785(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(TEXT, st.integers(-MAX_INT, MAX_INT))
def test_nouns_are_rfc_8785_in_camel_case_without_defaults(text: str, number: int) -> None:
    tree = Tree(some_text=text, leaves=(Leafy(count=number), Leafy(name=text)), by_name={"b": 1, "a": number})
    plain: dict[str, Any] = {
        "someText": text,
        "leaves": [{"count": number} if number else {}, {"name": text} if text else {}],
        "byName": {"b": 1, "a": number},
    }
    assert encode(tree) == rfc8785.dumps(plain)
    assert decode(encode(tree), Tree) == tree


def test_a_field_added_later_leaves_old_bytes_as_they_are() -> None:
    class Before(Noun, frozen=True, kw_only=True):
        name: str

    class After(Noun, frozen=True, kw_only=True):
        name: str
        remark: str = ""

    old = encode(Before(name="x"))
    assert decode(old, After) == After(name="x")
    assert encode(decode(old, After)) == old


class Full(Noun, frozen=True, kw_only=True):
    """Every kind of default."""

    word: str = "none"
    pair: tuple[str, ...] = ("a", "b")
    leaf: Leafy = Leafy(name="x")
    number: int = -1
    nothing: str | None = None
    empty: tuple[int, ...] = ()
    table: dict[str, int] = {}


def test_equal_nouns_have_equal_bytes_wherever_their_values_come_from() -> None:
    read: str = json.loads('"none"')
    assert read is not "none"  # noqa: F632  the point: another object of the same value
    table: dict[str, int] = {}
    nothing: list[int] = []
    same = Full(word=read, pair=tuple("ab"), leaf=Leafy(name="x"), number=int("-1"), empty=tuple(nothing), table=table)
    assert same == Full()
    assert encode(same) == encode(Full()) == b"{}"
    assert encode(msgspec.structs.replace(Full(word="x"), word=read)) == b"{}"
    other = Full(word="x", pair=("b", "a"), leaf=Leafy(name="y"), number=1, empty=(1,), table={"a": 1})
    assert encode(other) == b'{"empty":[1],"leaf":{"name":"y"},"number":1,"pair":["b","a"],"table":{"a":1},"word":"x"}'


@pytest.mark.parametrize(
    "document", [b'{"word":"none"}', b'{"pair":["a","b"]}', b'{"leaf":{"name":"x"}}', b'{"number":-1}', b'{"table":{}}', b'{"nothing":null}']
)
def test_a_default_written_out_is_not_canonical(document: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(document, Full)
    assert err.value.code == "json.not-canonical"


def every_noun(kind: type[Noun] = Noun) -> Iterator[type[Noun]]:
    for below in kind.__subclasses__():
        yield below
        yield from every_noun(below)


def test_every_noun_of_lockgates_keeps_to_that() -> None:
    for module in pkgutil.walk_packages(lockgate.__path__, "lockgate."):
        importlib.import_module(module.name)
    ours = [kind for kind in every_noun() if kind.__module__.startswith("lockgate.")]
    assert len(ours) > 50
    for kind in ours:
        own = kind.__dict__.get("__post_init__")
        assert own is None or "super().__post_init__()" in inspect.getsource(own), kind
        for default in kind.__struct_defaults__:
            assert not isinstance(default, int | float) or -5 <= default <= 256, kind


def test_a_digest_is_of_the_canonical_bytes() -> None:
    assert digest_hex({"b": 1, "a": 2}) == digest_hex({"a": 2, "b": 1}) == "d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772"


CANONICAL = b'{"at":"2026-11-22T20:14:03Z","leaves":[{"count":1}],"someText":"x"}'


def test_our_own_bytes_are_read_back() -> None:
    assert decode(CANONICAL, Tree) == Tree(some_text="x", leaves=(Leafy(count=1),), at=datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    "data",
    [
        b'{"someText":"y","someText":"x"}',
        b'{"someText":"x","someText":"x"}',
        b'{"leaves":[{"count":1,"count":1}],"someText":"x"}',
        b'{"byName":{"a":1,"a":1},"someText":"x"}',
        b'{"someText":"x","leaves":[]}',
        b'{"someText": "x"}',
        b'{"someText":"x"}\n',
        b' {"someText":"x"}',
        b'{"someText":"\\u0078"}',
        b'{"someText":"\\/"}',
        b'{"leaves":[{"name":"","count":1}],"someText":"x"}',
        b'{"leaves":[],"someText":"x"}',
        b'{"at":null,"someText":"x"}',
        b'{"at":"2026-11-22T20:14:03.000Z","someText":"x"}',
        b'{"at":"2026-11-22T20:14:03+00:00","someText":"x"}',
        b'{"at":"2026-11-22 20:14:03Z","someText":"x"}',
        b'{"at":"2026-11-22T20:14:03z","someText":"x"}',
        b'{"leaves":[{"count":-0}],"someText":"x"}',
    ],
)
def test_other_bytes_of_the_same_value_are_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(data, Tree)
    assert err.value.code == "json.not-canonical"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"null",
        b"[]",
        b"{}",
        b'{"someText":1}',
        b'{"someText":"x","remark":"unknown"}',
        b'{"some_text":"x"}',
        b'{"leaves":[{"count":1.0}],"someText":"x"}',
        b'{"leaves":[{"count":1e3}],"someText":"x"}',
        b'{"leaves":[{"count":NaN}],"someText":"x"}',
        b'{"leaves":[{"count":true}],"someText":"x"}',
        b'{"at":"2026-11-22T20:14:03","someText":"x"}',
        b'{"at":1763842443,"someText":"x"}',
        b'{"someText":"\xff"}',
        b'{"someText":"\xed\xa0\x80"}',
        b'{"someText":"\\ud800"}',
        b'{"someText":"x"',
        b'{"someText":"x"}{}',
        b'\xef\xbb\xbf{"someText":"x"}',
        b'{"leaves":' + b"[" * 100_000 + b"]" * 100_000 + b',"someText":"x"}',
        b'{"leaves":[{"count":' + b"9" * 100_000 + b'}],"someText":"x"}',
    ],
)
def test_what_is_not_of_that_shape_is_refused_under_the_callers_code(data: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(data, Tree, what="tree", code="tree.malformed")
    assert err.value.code == "tree.malformed"
    assert "this is no tree" in err.value.message
    assert len(err.value.message) < 300


@given(st.binary(max_size=200) | st.text().map(str.encode) | OURS.map(encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    value, code = attempt(lambda: decode(data, Tree))
    assert code in {"json.malformed", "json.not-canonical"} if value is None else encode(value) == data


def test_a_hostile_value_does_not_fill_the_message() -> None:
    with pytest.raises(EvidenceError) as err:
        decode(b'{"someText":"x","' + b"k" * 10_000 + b'":1}', Tree)
    assert len(err.value.message) < 300


# Somebody else's JSON.


def foreign(data: bytes, max_bytes: int = 1 << 20) -> Any:
    return parse_foreign(data, max_bytes=max_bytes, what="document")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
        max_leaves=20,
    ),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_foreign_json_is_read_as_the_standard_library_reads_it(value: Any, indent: int | None, ascii_only: bool) -> None:
    assert foreign(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize("data", [b'{"a":1,"a":1}', b'{"a":1,"b":[{"c":1,"c":2}]}', b'{"a":1,"\\u0061":2}', b'{"":1,"":2}'])
def test_a_duplicate_key_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        foreign(data)
    assert err.value.code == "json.duplicate-key"


def test_the_key_that_stands_twice_is_named() -> None:
    with pytest.raises(EvidenceError, match="'twice' stands twice"):
        foreign(b'{"once":1,"twice":1,"thrice":1,"twice":2}')


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"x", b"{", b'{"a":1', b'{"a":1,}', b"[1,]", b"'a'", b"{a:1}", b"// c\n1", b"1 2", b"NaN", b"Infinity", b"[-Infinity]", b"1e999", b"-1e400",
        b"1" * 10_000, b"-" + b"9" * 5_000, b"1" * 311, b"01", b"+1", b".5", b'"\xff"', b"\xfe\xff", b'"\xed\xa0\x80"', b'\xef\xbb\xbf{"a":1}', b'"\\ud800"',
        b'{"\\udc00":1}',
        b'["\\ud83d\\ude00","\\ude00\\ud83d"]', b'"\x00"', b'"a\nb"',
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        foreign(data)
    assert err.value.code == "json.malformed"
    assert len(err.value.message) < 300
    assert "sys." not in err.value.message


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert foreign(b'{"\\ud83d\\ude00":["\\u00e9"]}') == {"\U0001f600": ["é"]}


def test_one_byte_too_many_is_refused_before_anything_is_read() -> None:
    assert foreign(b'"' + b"x" * 98 + b'"', max_bytes=100) == "x" * 98
    with pytest.raises(EvidenceError) as err:
        foreign(b"\xff" * 101, max_bytes=100)
    assert err.value.code == "json.too-large"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b'["\\"",'])
def test_depth_is_bounded(opening: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        foreign(opening * 50_000)
    assert err.value.code == "json.too-deep"


def test_the_deepest_allowed_is_read_and_one_deeper_is_not() -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    assert foreign(nested(MAX_DEPTH)) is not None
    assert foreign(b"[" + b"{}," * MAX_DEPTH + nested(MAX_DEPTH - 1) + b"]") is not None
    with pytest.raises(EvidenceError) as err:
        foreign(nested(MAX_DEPTH + 1))
    assert err.value.code == "json.too-deep"


def test_brackets_in_text_are_no_depth() -> None:
    text = "[{" * 1000 + '\\"' + "\\"
    assert foreign(json.dumps([text] * 3).encode()) == [text] * 3


def test_many_shallow_things_are_no_depth() -> None:
    assert len(foreign(b"[" + b",".join([b"{}"] * 1000) + b"]")) == 1000


@given(st.binary(max_size=100) | st.text(alphabet='[]{}",:\\u0dD8 1eE+-.truefalsn', max_size=60).map(str.encode))
@settings(max_examples=300)
def test_any_foreign_bytes_are_read_or_refused(data: bytes) -> None:
    value, code = attempt(lambda: foreign(data))
    assert code in {"", "json.malformed", "json.duplicate-key", "json.too-deep"}
    assert json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def test_a_megabyte_of_quotes_and_brackets_is_refused_quickly_in_little_memory() -> None:
    tracemalloc.start()
    begun = time.process_time()
    for data in (b'"\\"' * (1 << 18), b"[]" * (1 << 19), b'{"":' * (1 << 18), b'["' + b"\\\\" * (1 << 19)):
        with pytest.raises(EvidenceError):
            foreign(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - begun < 20
    assert peak < 32 << 20


def test_a_decoder_is_made_once_for_each_type() -> None:
    decode(CANONICAL, Tree)
    first = canon._decoders[Tree]
    decode(CANONICAL, Tree)
    assert canon._decoders[Tree] is first
    assert isinstance(first, msgspec.json.Decoder)
