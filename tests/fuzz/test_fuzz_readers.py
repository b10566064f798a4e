"""The fuzz targets under Hypothesis: any bytes, bent seeds and bent structures; nothing but a value or a refusal comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS

QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["\ud800", "", "\x00", "sha256:", 10**400, -0.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", TARGETS)
@QUICK
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


@pytest.mark.parametrize("name", TARGETS)
@QUICK
@given(st.data())
def test_bent_seeds(name: str, data: st.DataObject) -> None:
    seeds = TARGETS[name].seeds()
    bent = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(1, 4))):
        at, length = data.draw(st.integers(0, len(bent))), data.draw(st.integers(0, 40))
        match data.draw(st.sampled_from(["flip", "cut", "double", "put", "splice"])):
            case "flip" if bent:
                bent[at % len(bent)] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del bent[at : at + length]
            case "double":
                bent[at:at] = bent[at : at + length]
            case "put":
                bent[at:at] = data.draw(
                    st.binary(max_size=8) | st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"[" * 99, b"\\ud800", b"\xe2\x80\xa8", b": ", b"- "])
                )
            case _:
                bent[at:] = data.draw(st.sampled_from(seeds))[at:]
    TARGETS[name].run(bytes(bent))


def graft(value: Any, other: Any, path: list[int]) -> Any:
    """`value` with `other` in the place the path leads to; a step past the end keeps the place and adds a neighbour."""
    if not path or not isinstance(value, dict | list) or not value:
        return other
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        at = step % (len(value) + 1)
        return [*value, other] if at == len(value) else [*value[:at], graft(value[at], other, rest), *value[at + 1 :]]
    keys = list(value)
    at = step % (len(keys) + 1)
    return {**value, "more": other} if at == len(keys) else {**value, keys[at]: graft(value[keys[at]], other, rest)}


@pytest.mark.parametrize("name", ["dsse", "statement", "record"])
@QUICK
@given(st.data())
def test_bent_json(name: str, data: st.DataObject) -> None:
    documents = []
    for seed in TARGETS[name].seeds():
        try:
            documents.append(json.loads(seed))
        except ValueError:
            continue
    document = data.draw(st.sampled_from(documents))
    for _ in range(data.draw(st.integers(1, 3))):
        document = graft(document, data.draw(JSON), data.draw(st.lists(st.integers(0, 9), max_size=5)))
    text = json.dumps(document, sort_keys=name == "record", separators=(",", ":"), ensure_ascii=data.draw(st.booleans()))
    TARGETS[name].run(text.encode("utf-8", "surrogatepass"))
