r"""Globs and regular expressions over whole texts, matched in time that is linear in the text: nobody's input makes them slow.

A pattern becomes a list of states (Thompson's construction), and a text is read once with the set of states it may be in. Nothing is
tried and taken back, so that no pattern is exponential: at most `MAX_STATES` times `MAX_TEXT` steps, some tens of milliseconds.
What would need more than that (back references, look-around) is not in the language.

Globs: ``*`` is any run of characters but those that separate the parts of a name, ``/ @ : ? #``; ``**`` is any run of characters at all;
``?`` is one character that separates nothing. Everything else is itself.

Regular expressions: literals, ``.``, ``[a-z]``, ``[^a-z]``, ``\d \w``, ``\`` before anything that is no letter or digit, ``( )``, ``(?: )``, ``|``,
``* + ? {m} {m,n} {m,}``. They mean what they mean in Python, over the whole text, in ASCII; ``^`` and ``$`` are not written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

MAX_PATTERN = 1000
MAX_TEXT = 1000
MAX_STATES = 400
MAX_NESTING = 16

SEPARATORS = "/@:?#"

Test = Callable[[str], bool]
State = tuple[Test | None, tuple[int, ...]]
"""A character it goes on with, or None for without any; and where it goes."""


class Pattern:
    """States; the last of them is the end."""

    def __init__(self, states: list[State]) -> None:
        self._states, self._end = states, len(states)

    def holds(self, text: str) -> bool:
        """Whether the whole text is one of those meant; a longer one than `MAX_TEXT` never is."""
        if len(text) > MAX_TEXT:
            return False
        here = self._closure([0])
        for character in text:
            moved: list[int] = []
            for at in here:
                if at != self._end:
                    test, after = self._states[at]
                    if test is not None and test(character):
                        moved += after
            here = self._closure(moved)
            if not here:
                return False
        return self._end in here

    def _closure(self, start: list[int]) -> set[int]:
        found: set[int] = set()
        waiting = start
        while waiting:
            at = waiting.pop()
            if at in found:
                continue
            found.add(at)
            if at != self._end and self._states[at][0] is None:
                waiting.extend(self._states[at][1])
        return found


@lru_cache(maxsize=256)
def glob(text: str) -> Pattern:
    """The pattern of a glob. Raises ValueError: too long."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN} characters")
    nodes: list[Node] = []
    for index, part in enumerate(text.split("**")):
        if index:
            nodes.append(Repeat(Char(lambda _: True), 0, None))
        for character in part:
            match character:
                case "*":
                    nodes.append(Repeat(Char(_separates_not), 0, None))
                case "?":
                    nodes.append(Char(_separates_not))
                case _:
                    nodes.append(Char(character.__eq__))
    return _compiled(Sequence(nodes))


@lru_cache(maxsize=256)
def regex(text: str) -> Pattern:
    """The pattern of a regular expression. Raises ValueError: it is none, uses what is not in the language, or is too large."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN} characters")
    return _compiled(_Reader(text).whole())


def _separates_not(character: str) -> bool:
    return character not in SEPARATORS


class Char:
    """One character."""

    def __init__(self, test: Test) -> None:
        self.test = test


class Sequence:
    """One after another."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes


class Choice:
    """One of several."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes


class Repeat:
    """One, `least` to `most` times; None for any number."""

    def __init__(self, node: Node, least: int, most: int | None) -> None:
        self.node, self.least, self.most = node, least, most


Node = Char | Sequence | Choice | Repeat


def _compiled(node: Node) -> Pattern:
    states: list[State] = []
    _emit(node, states)
    return Pattern(states)


def _add(states: list[State], test: Test | None, *after: int) -> int:
    if len(states) >= MAX_STATES:
        raise ValueError(f"this pattern is too large: it has more than {MAX_STATES} parts, with everything that is repeated written out")
    states.append((test, after))
    return len(states) - 1


def _emit(node: Node, states: list[State]) -> None:
    """Append the states of a node; what follows it is appended after them."""
    match node:
        case Char():
            _add(states, node.test, len(states) + 1)
        case Sequence():
            for one in node.nodes:
                _emit(one, states)
        case Choice():
            ends = []
            for one in node.nodes[:-1]:
                split = _add(states, None)
                _emit(one, states)
                ends.append(_add(states, None))
                states[split] = (None, (split + 1, len(states)))
            _emit(node.nodes[-1], states)
            for end in ends:
                states[end] = (None, (len(states),))
        case Repeat():
            for _ in range(node.least):
                if not _emits(node.node, states):
                    return  # nothing, however often: to go on would take a hundredfold time for each bracket around it
            if node.most is None:
                split = _add(states, None)
                _emit(node.node, states)
                _add(states, None, split)
                states[split] = (None, (split + 1, len(states)))
            else:
                splits = []
                for _ in range(node.most - node.least):
                    splits.append(_add(states, None))
                    _emit(node.node, states)
                for split in splits:
                    states[split] = (None, (split + 1, len(states)))


def _emits(node: Node, states: list[State]) -> bool:
    """As `_emit`; whether there was anything."""
    before = len(states)
    _emit(node, states)
    return len(states) > before


def _is_digit(character: str) -> bool:
    return character in "0123456789"


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


_CLASSES: dict[str, Test] = {"d": _is_digit, "w": _is_word}


class _Reader:
    """Reads a regular expression, left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def whole(self) -> Node:
        found = self._choice(0)
        if self.at != len(self.text):
            raise ValueError(f"there is a ')' too many at character {self.at + 1}")
        return found

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise ValueError("it ends too early: a bracket is not closed, or nothing follows a \\")
        self.at += 1
        return character

    def _choice(self, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise ValueError(f"it nests deeper than {MAX_NESTING} brackets")
        branches = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence(depth))
        return Choice(branches) if len(branches) > 1 else branches[0]

    def _sequence(self, depth: int) -> Node:
        nodes: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            nodes.append(self._repeated(self._atom(depth)))
        return Sequence(nodes)

    def _repeated(self, node: Node) -> Node:
        match self._peek():
            case "*":
                bounds: tuple[int, int | None] = 0, None
            case "+":
                bounds = 1, None
            case "?":
                bounds = 0, 1
            case "{":
                bounds = self._bounds()
            case _:
                return node
        self.at += 1
        if self._peek() in {"*", "+", "?", "{"}:
            raise ValueError(f"two repetitions follow each other at character {self.at + 1}")
        return Repeat(node, *bounds)

    def _bounds(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : max(end, self.at)].partition(",")
        if end < 0 or not _number(least) or not (_number(most) or not most):
            raise ValueError(f"a {{ at character {self.at + 1} is no repetition: write {{m}}, {{m,n}} or {{m,}}, each at most 100, or \\{{")
        self.at = end
        found = int(least), (int(most) if most else None) if comma else int(least)
        if found[1] is not None and found[1] < found[0]:
            raise ValueError("a repetition asks for more than it allows")
        return found

    def _atom(self, depth: int) -> Node:
        character = self._take()
        match character:
            case "(":
                if self._peek() == "?":
                    if self.text[self.at : self.at + 2] != "?:":
                        raise ValueError("of what begins with (? only (?: is in the language")
                    self.at += 2
                found = self._choice(depth + 1)
                if self._take() != ")":
                    raise ValueError("a bracket is not closed")
                return found
            case ".":
                return Char(lambda _: True)
            case "[":
                return Char(self._class())
            case "\\":
                return Char(self._escaped())
            case "^" | "$":
                raise ValueError(f"{character} is not written: the whole text is matched anyway")
            case "*" | "+" | "?" | "{" | "}" | "]":
                raise ValueError(f"a {character} at character {self.at} repeats or closes nothing: write \\{character}")
            case _:
                return Char(character.__eq__)

    def _escaped(self) -> Test:
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.isalnum():
            raise ValueError(f"\\{character} is not in the language")
        return character.__eq__

    def _class(self) -> Test:
        negated = self._peek() == "^"
        self.at += negated
        singles, ranges, tests = set[str](), list[tuple[str, str]](), list[Test]()
        while True:
            character = self._take()
            if character == "]":
                break
            if character == "\\" and self._peek() in _CLASSES:
                tests.append(_CLASSES[self._take()])
                continue
            low = self._member(character)
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"", "]"}:
                self.at += 1
                high = self._member(self._take())
                if high < low:
                    raise ValueError(f"the range {low}-{high} is the wrong way round")
                ranges.append((low, high))
            else:
                singles.add(low)
        if not (singles or ranges or tests):
            raise ValueError("a class is empty")
        return lambda c: (c in singles or any(low <= c <= high for low, high in ranges) or any(test(c) for test in tests)) != negated

    def _member(self, character: str) -> str:
        if character == "[":
            raise ValueError("a [ within a class is written \\[")
        if character != "\\":
            return character
        escaped = self._take()
        if escaped.isalnum():
            raise ValueError(f"\\{escaped} is not in the language here")
        return escaped


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100
