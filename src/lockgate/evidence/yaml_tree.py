"""YAML bytes -> a tree with positions, on libyaml's events: small, bounded, and without YAML's surprises.

One document of mappings, sequences and scalars is all there is. Refused, each at its line and column: duplicate keys,
anchors and aliases, tags, directives, several documents, more depth, size or nodes than a policy needs. A scalar stays
text; what kind it is asked for is the schema's to say (`policy_yaml`), so that no ``no`` turns into false.

Also refused are characters under which a reviewer sees another text than the parser reads: line breaks that editors
show as none (U+0085, U+2028, U+2029, a lone carriage return; YAML 1.1 ends a comment at each), bidirectional and
other controls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from lockgate.errors import PolicyError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
_HIDDEN = re.compile("\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


class Place(NamedTuple):
    """Where something stands: file, line and column, both from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Scalar(NamedTuple):
    """A scalar: its text, and whether it stands there plain, without quotes."""

    place: Place
    text: str
    plain: bool


class Items(NamedTuple):
    """A sequence."""

    place: Place
    nodes: list[Node]


class Mapping(NamedTuple):
    """A mapping; its keys are scalars, each once."""

    place: Place
    pairs: dict[str, tuple[Scalar, Node]]


Node = Scalar | Items | Mapping

_PATH = re.compile(r"(.*) - at `(?:key in )?\$([^`]*)`\Z", re.DOTALL).match
_STEP = re.compile(r"\.([\w-]+)|\[([0-9]+)\]").findall


def located(node: Node, said: str, at: Place) -> tuple[Place, str]:
    """Where in `node` that stands which a conversion says something of, behind its text (``… - at `$.freezes[0]` ``), and the text; `at` where it is of all."""
    found = _PATH(said)
    for name, number in _STEP(found[2]) if found else ():
        match node:
            case Mapping() if name in node.pairs:
                node = node.pairs[name][1]
            case Items() if number and int(number) < len(node.nodes):
                node = node.nodes[int(number)]
            case _:
                break
        at = node.place
    return at, found[1] if found else said


def parse(data: bytes, file: str) -> Node:
    """The one document in these bytes.

    Args:
        data: UTF-8, at most 256 KiB.
        file: its name, for messages.

    Raises:
        PolicyError: ``policy.malformed``, ``policy.too-large``, ``policy.too-deep``, ``policy.duplicate-key``,
            ``policy.alias``, ``policy.tag``, ``policy.no-libyaml``; the message begins with ``file:line:column``.
    """
    start = Place(file, 1, 1)
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        raise PolicyError("policy.no-libyaml", f"{start}: this Python's PyYAML was built without libyaml, and policies are read with nothing else")
    if len(data) > MAX_BYTES:
        raise PolicyError("policy.too-large", f"{start}: this file has {len(data)} bytes; at most {MAX_BYTES} are read")
    text = _text(data, file)
    try:
        events = yaml.parse(text, Loader=loader)
        return _Builder(file, events).document()
    except yaml.YAMLError as err:
        mark, said = getattr(err, "problem_mark", None), getattr(err, "problem", None) or type(err).__name__
        place = Place(file, mark.line + 1, mark.column + 1) if mark else start
        raise PolicyError("policy.malformed", f"{place}: this is not YAML: {said}") from None


def _text(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as err:
        place = _place_of(data[: err.start].decode("utf-8"), file)
        raise PolicyError("policy.malformed", f"{place}: this is not UTF-8") from None
    hidden = _HIDDEN.search(text)
    if hidden:
        place = _place_of(text[: hidden.start()], file)
        raise PolicyError("policy.malformed", f"{place}: the character U+{ord(hidden[0]):04X} makes this read otherwise than it looks: take it out")
    return text


def _place_of(before: str, file: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Builder:
    """Builds the tree from events; holds the position reached and how many nodes there were."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events
        self._nodes = 0

    def document(self) -> Node:
        next(self._events)  # StreamStart
        first = next(self._events)
        if not isinstance(first, yaml.DocumentStartEvent):
            raise PolicyError("policy.malformed", f"{self._at(first)}: this file is empty")
        if first.version or first.tags:
            raise PolicyError("policy.malformed", f"{self._at(first)}: a policy has no YAML directives: take out the lines that begin with %")
        root = self._node(next(self._events), 1)
        next(self._events)  # DocumentEnd
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise PolicyError("policy.malformed", f"{self._at(after)}: a second document begins here; a policy is one")
        return root

    def _at(self, event: Any) -> Place:  # noqa: ANN401  yaml's events have no types
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401
        place = self._at(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise PolicyError("policy.too-large", f"{place}: more than {MAX_NODES} values are not read")
        if depth > MAX_DEPTH:
            raise PolicyError("policy.too-deep", f"{place}: this nests deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise PolicyError("policy.alias", f"{place}: anchors and aliases are not read: write the value out at each place")
        if event.tag is not None:
            raise PolicyError("policy.tag", f"{place}: tags such as {event.tag[:40]!r} are not read: take it out")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place, event.value, event.style is None or event.style == "")
        if isinstance(event, yaml.SequenceStartEvent):
            nodes = []
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                nodes.append(self._node(event, depth + 1))
            return Items(place, nodes)
        pairs: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise PolicyError("policy.malformed", f"{key.place}: a key is a word here, not a list or mapping")
            if key.text in pairs:
                raise PolicyError("policy.duplicate-key", f"{key.place}: the key {key.text[:80]!r} stands already at line {pairs[key.text][0].place.line}")
            pairs[key.text] = (key, self._node(next(self._events), depth + 1))
        return Mapping(place, pairs)
