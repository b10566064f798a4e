"""Hypothesis strategies for any of lockgate's nouns, read off their own annotations, and for facts and policies that hang together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from build import key
from lockgate.core.windows import Freeze

S = TypeVar("S", bound=msgspec.Struct)

MAX_INT = 2**53 - 1
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Any text UTF-8 can hold."""

TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
PUBLIC_KEYS = st.sampled_from("abcdefghij").map(lambda name: key(name).public)


def noun(type_: type[S]) -> st.SearchStrategy[S]:
    """Any value of this noun that its annotations allow; where construction refuses it (`ValueError`), another."""
    found: st.SearchStrategy[S] = _of(inspect.type_info(type_))
    return found


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.StructType():
            return _struct(info.cls)
        case inspect.StrType():
            return _text(info)
        case inspect.IntType():
            low = -1 if info.ge is None else info.ge
            return st.integers(low, min(MAX_INT if info.le is None else info.le, MAX_INT if info.lt is None else info.lt - 1))
        case inspect.BytesType():
            return st.binary(max_size=8)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.DateTimeType():
            return TIMES
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.UnionType():
            return st.one_of(*map(_of, info.types))
        case inspect.VarTupleType():
            return st.lists(_of(info.item_type), min_size=info.min_length or 0, max_size=3, unique_by=repr).map(lambda items: tuple(sorted(items, key=repr)))
        case inspect.DictType():
            keys = TEXT.map(lambda text: text.encode().hex()) if info.key_type == inspect.StrType() else _of(info.key_type)  # keys of ours are ASCII
            return st.dictionaries(keys, _of(info.value_type), min_size=info.min_length or 0, max_size=3)
        case inspect.AnyType():
            return st.none() | st.booleans() | st.integers(-1, MAX_INT) | TEXT
        case _:
            raise NotImplementedError(f"no strategy for {info}: add it")


def _text(info: inspect.StrType) -> st.SearchStrategy[str]:
    if info.pattern is None:
        return TEXT.filter(lambda text: len(text) >= (info.min_length or 0))
    if "ssh-ed25519" in info.pattern:
        return PUBLIC_KEYS
    return st.from_regex(info.pattern)


FREEZES = st.builds(
    lambda start, days, reason: Freeze(from_=f"{start}", to=f"{start + timedelta(days=days)}T04:30", reason=reason),
    st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(0, 364), st.sampled_from([None, "year-end"]),
)  # fmt: skip


@cache
def _struct(cls: type[Any]) -> st.SearchStrategy[Any]:
    if cls is Freeze:
        return FREEZES
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    fields = {field.name: _of(field.type) if field.required else st.one_of(st.just(_default(field)), _of(field.type)) for field in info.fields}
    return st.fixed_dictionaries(fields).map(lambda values: _build(cls, values)).filter(lambda value: value is not None)


def _default(field: inspect.Field) -> Any:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def _build(cls: type[Any], values: dict[str, Any]) -> Any:
    try:
        return cls(**values)
    except ValueError:
        return None
