"""Every noun of the core and of what is stored beside the log comes back from its own bytes, and they are RFC 8785."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lockgate.core
from lockgate.app.gather import Manifest
from lockgate.canon import Noun, decode, encode
from lockgate.core.examined import Piece
from lockgate.core.promotion import Said
from lockgate.core.requirements.base import Requirement
from strategies import noun

for module in pkgutil.walk_packages(lockgate.core.__path__, "lockgate.core."):
    importlib.import_module(module.name)


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


NEVER_STORED = {Said, Requirement, Piece}
NOUNS = [kind for kind in below(Noun) if kind.__module__.startswith("lockgate.core.") and kind not in NEVER_STORED]


@pytest.mark.parametrize("kind", [*NOUNS, Manifest], ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])
def test_every_noun_is_read_back_and_is_rfc_8785(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(noun(kind))
    written = encode(value)
    assert decode(written, kind) == value
    assert written == rfc8785.dumps(json.loads(written))


def test_there_are_some() -> None:
    assert len(NOUNS) > 40
