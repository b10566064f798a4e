"""Which types a policy means, where it looks in a predicate, and what matches there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import ABSENT, attested
from lockgate.core.attested import LONGEST, MISSING, means, stands_at, steps
from lockgate.core.predicate_match import Match, mismatch

TYPE = "https://example.com/review"


@pytest.mark.parametrize(
    ("written", "found", "meant"),
    [
        (TYPE, TYPE, True),
        (TYPE, f"{TYPE}/v1", True),
        (TYPE, f"{TYPE}/v0.2", True),
        (TYPE, f"{TYPE}/1.2.3", True),
        (TYPE, f"{TYPE}/v1.0-rc2", True),
        (TYPE, f"{TYPE}/draft", False),
        (TYPE, f"{TYPE}/v1/draft", False),
        (TYPE, f"{TYPE}/", False),
        (TYPE, f"{TYPE}s/v1", False),
        (TYPE, "https://example.com", False),
        (f"{TYPE}/v1", f"{TYPE}/v1", True),
        (f"{TYPE}/v1", TYPE, False),
        (f"{TYPE}/v1", f"{TYPE}/v2", False),
        (f"{TYPE}/v1", f"{TYPE}/v1/v2", False),
        ("https://cyclonedx.org/bom", "https://cyclonedx.org/bom/v1.6", True),
        (TYPE.upper(), TYPE, False),
    ],
)
def test_a_type_without_its_version_is_every_version(written: str, found: str, meant: bool) -> None:
    assert means(written, found) == meant


PREDICATE: dict[str, Any] = {"a": {"b": [{"c": 1}, [2, 3]], "0": "zero"}, "x.y": {"": "empty", "/~": "both"}, "n": None, "f": False}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b[0].c", 1),
        ("a.b[1][1]", 3),
        ("/a/b/1/1", 3),
        ("/a/0", "zero"),
        ("/x.y/", "empty"),
        ("/x.y/~1~0", "both"),
        ("n", None),
        ("f", False),
        ("a", PREDICATE["a"]),
        ("a.b[2]", MISSING),
        ("a.b[1][2]", MISSING),
        ("a.c", MISSING),
        ("z", MISSING),
        ("a[0]", MISSING),
        ("f.g", MISSING),
        ("n.x", MISSING),
        ("a.b.c", MISSING),
        ("/a/b/-", MISSING),
        ("/a/b/00", MISSING),
        ("/a/b/01", MISSING),
        ("/a/b/+1", MISSING),
        ("/a/b/-1", MISSING),
        ("/", MISSING),
        ("/a/b/\u0660", MISSING),
    ],
)
def test_what_stands_at_a_path(path: str, found: Any) -> None:
    assert stands_at(PREDICATE, path) is found or stands_at(PREDICATE, path) == found != MISSING


@pytest.mark.parametrize(
    "path",
    ["", "a.", ".a", "a..b", "a[", "a[-1]", "a[01]", "a[x]", "a b", "a[0]b", "[0]", "/~2", "/a~", "a.b.", "a[1234567]", "é", ".".join("a" * 33), "/a" * 33],
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|Pointer"):
        steps(path)


KEYS = st.text(st.characters(codec="utf-8"), max_size=4)
TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def pointers(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every place in a document, and its RFC 6901 pointer."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [each for key, one in below for each in pointers(one, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")]
    return [(path, value), *inner]


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=3))
def test_every_place_has_a_pointer(document: dict[str, Any]) -> None:
    for path, value in pointers(document):
        if path:
            assert stands_at(document, path) is value


def wrong(asked: dict[str, Any], value: Any) -> str | None:
    return mismatch(Match(path="result", **asked), attested(result=value))


@pytest.mark.parametrize(
    ("asked", "value", "answer"),
    [
        ({"equals": "x"}, "x", None),
        ({"equals": "x"}, "y", "other-value"),
        ({"equals": "x"}, "X", "other-value"),
        ({"equals": ""}, "", None),
        ({"equals": "x"}, ABSENT, "missing-field"),
        ({"equals": "null"}, None, "other-type"),
        ({"equals": "x"}, [], "other-type"),
        ({"equals": "x"}, {}, "other-type"),
        ({"equals": 7}, 7, None),
        ({"equals": 7}, 8, "other-value"),
        ({"equals": 7}, "7", "other-type"),
        ({"equals": "7"}, 7, "other-type"),
        ({"equals": 1}, True, "other-type"),
        ({"equals": 0}, False, "other-type"),
        ({"equals": True}, 1, "other-type"),
        ({"equals": "true"}, True, "other-type"),
        ({"equals": True}, True, None),
        ({"equals": True}, False, "other-value"),
        ({"equals": False}, False, None),
        ({"equals": 0}, 0, None),
        ({"one_of": ("a", 2, True)}, "a", None),
        ({"one_of": ("a", 2, True)}, 2, None),
        ({"one_of": ("a", 2, True)}, True, None),
        ({"one_of": ("a", 2)}, "2", "other-value"),
        ({"one_of": ("a", 2)}, 3, "other-value"),
        ({"one_of": ("a", 2)}, True, "other-type"),
        ({"one_of": (1,)}, True, "other-type"),
        ({"at_least": "3"}, 3, None),
        ({"at_least": "3"}, 2, "other-value"),
        ({"at_least": "3"}, "3", "other-type"),
        ({"at_least": "0"}, True, "other-type"),
        ({"at_most": "-1"}, -1, None),
        ({"at_most": "-1"}, 0, "other-value"),
        ({"at_least": "1", "at_most": "1"}, 1, None),
        ({"at_least": "1", "at_most": "2"}, 3, "other-value"),
        ({"at_most": "0"}, None, "other-type"),
        ({"at_most": "0"}, ABSENT, "missing-field"),
        ({"glob": "a/*"}, "a/b", None),
        ({"glob": "a/*"}, "a/b/c", "other-value"),
        ({"glob": "**"}, 7, "other-type"),
        ({"glob": "*"}, ABSENT, "missing-field"),
        ({"regex": "a+"}, "aaa", None),
        ({"regex": "a+"}, "aab", "other-value"),
        ({"regex": "true"}, True, "other-type"),
        ({"equals": "x" * 1000}, "x" * (LONGEST + 1), "other-value"),
        ({"regex": "x+"}, "x" * (LONGEST + 1), "other-value"),
    ],
)
def test_what_matches_by_its_kind(asked: dict[str, Any], value: Any, answer: str | None) -> None:
    assert wrong(asked, value) == answer


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "one of equals"),
        ({"equals": "x", "glob": "x"}, "one of equals"),
        ({"at_least": "1", "regex": "x"}, "one of equals"),
        ({"one_of": ("x",), "equals": 1}, "one of equals"),
        ({"at_least": "2", "at_most": "1.5"}, "no number"),
        ({"glob": "x" * 401}, "too large"),
        ({"regex": "("}, "bracket|end|closed|pattern"),
        ({"regex": r"(a)\1"}, r"language|not written|pattern|means"),
    ],
)
def test_a_match_says_one_thing(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Match(path="a", **said)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"equals": True}, ("true",)),
        ({"equals": 0}, ("0",)),
        ({"one_of": ("a", 1, False)}, ("a", "1", "false")),
        ({"at_least": "1", "at_most": "2.5"}, ("at least 1", "at most 2.5")),
        ({"glob": "a*"}, ("glob a*",)),
        ({"regex": "a*"}, ("regex a*",)),
        ({"one_of": tuple("abcdefghij")}, tuple("abcdefgh")),
    ],
)
def test_what_is_asked_is_told(asked: dict[str, Any], told: tuple[str, ...]) -> None:
    assert Match(path="a", **asked).wanted() == told
