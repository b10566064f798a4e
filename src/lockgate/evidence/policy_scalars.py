"""Scalars of a policy that may be of several kinds, or are numbers that no float holds; and what patterned text is, in words."""

from __future__ import annotations

import re
from typing import cast

from msgspec import inspect

from lockgate.core.attested import PredicateType
from lockgate.core.predicate_match import Decimals
from lockgate.core.windows import Clock, Days, Moment
from lockgate.core.zones import ZoneName
from lockgate.evidence.yaml_tree import Node, Place, Scalar

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})\Z").match
_LOOKS_ELSE = re.compile(r"(null|Null|NULL|~|True|TRUE|False|FALSE|[-+.]?[0-9][0-9a-fA-FxoO._+-]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))?\Z").match
LARGEST = 2**53 - 1


def _pattern(type_: object) -> str | None:
    return cast("inspect.StrType", inspect.type_info(type_)).pattern


DECIMALS = _pattern(Decimals)
MEANING = {
    _pattern(Days): "a day or days: mon, or mon..fri",
    _pattern(Clock): "a time of the wall clock: 09:00, or 24:00 for the end of a day",
    _pattern(Moment): "a date, or a date and a time: 2026-12-20, or 2026-12-20T18:00",
    _pattern(ZoneName): "a time zone: write Europe/Berlin or Etc/UTC",
    _pattern(PredicateType): "a predicate type: a URI without white space",
    DECIMALS: "a number: write 80 or 7.5",
}


class BadScalar(Exception):  # noqa: N818  never leaves the reader of policies
    """It is none of the kinds, and where."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place, self.text = place, text


def takes_any(type_: inspect.Type) -> bool:
    """Whether a value may be a number, a truth or a text."""
    return isinstance(type_, inspect.UnionType) and any(isinstance(one, inspect.BoolType) for one in type_.types)


def any_scalar(node: Node, name: str) -> str | int | bool:
    """A whole number or ``true`` or ``false``, where it is written plain; else text. What reads as anything else in YAML wants quotes. Raises BadScalar."""
    if not isinstance(node, Scalar):
        raise BadScalar(node.place, f"{name} is a text, a whole number, true or false")
    if node.plain and node.text in {"true", "false"}:
        return node.text == "true"
    if node.plain and _INTEGER(node.text) and abs(int(node.text)) <= LARGEST:
        return int(node.text)
    if node.plain and _LOOKS_ELSE(node.text):
        raise BadScalar(node.place, f"{name} is a text, a whole number, true or false: what is text and looks like something else stands in quotes")
    if len(node.text) > 1000 or not node.text.isprintable():
        raise BadScalar(node.place, f"{name} is at most 1000 printable characters")
    return node.text


def decimals(node: Node, name: str) -> str:
    """A number, with quotes or without. Raises BadScalar."""
    if not isinstance(node, Scalar) or not re.search(DECIMALS or "", node.text):
        raise BadScalar(node.place, f"{name} is a number: write 80 or 7.5")
    return node.text
