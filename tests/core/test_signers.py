"""Whom a rule means, and how many signers a heap of signatures is."""

from __future__ import annotations

import re
import string
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build import KEYS, NOW, certified, facts, signature, subject
from lockgate.core import pattern
from lockgate.core.outcome import Fail, Pass
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.signers import IdentityRule, mismatch

GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"


def rule(**fields: Any) -> IdentityRule:
    issuer: dict[str, Any] = {} if any(name.startswith("issuer") for name in fields) else {"issuer": GITHUB}
    who: dict[str, Any] = {} if any(name.startswith("identity") for name in fields) else {"identity": WORKFLOW}
    return IdentityRule(root="ours", **issuer, **who, **fields)


@pytest.mark.parametrize(
    ("given_rule", "found"),
    [
        (rule(), ""),
        (rule(issuer="https://token.actions.githubusercontent.com/"), "issuer"),
        (rule(identity=WORKFLOW + "/"), "subject"),
        (rule(claims={"build-trigger": "push"}), ""),
        (rule(claims={"build-trigger": "pull_request"}), "claim"),
        (rule(claims={"build-trigger": "push", "runner-environment": "github-hosted"}), "claim"),
        (rule(issuer="x", identity="y", claims={"build-trigger": "z"}), "issuer"),
        (rule(identity="y", claims={"build-trigger": "z"}), "subject"),
        (rule(identity_glob="https://github.com/acme/*/.github/workflows/release.yml@refs/heads/main"), ""),
        (rule(identity_glob="https://github.com/acme/*@refs/heads/main"), "subject"),
        (rule(identity_glob="https://github.com/acme/**@refs/heads/main"), ""),
        (rule(identity_regex=r"https://github\.com/acme/(shop|worker)/\.github/workflows/release\.yml@refs/(heads/main|tags/v[0-9.]+)"), ""),
        (rule(identity_regex=r"https://github\.com/acme/shop"), "subject"),
        (rule(issuer_glob="https://*.actions.githubusercontent.com"), ""),
        (rule(issuer_regex=r"https://token\..*"), ""),
    ],
)
def test_the_first_thing_that_is_other_is_told(given_rule: IdentityRule, found: str) -> None:
    assert mismatch(given_rule, WORKFLOW, GITHUB, {"build-trigger": "push"}) == found


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"issuer": "a"},
        {"identity": "a"},
        {"issuer": "a", "issuer_glob": "a", "identity": "a"},
        {"issuer": "a", "identity_glob": "a", "identity_regex": "a"},
        {"issuer": "a", "identity_regex": "("},
        {"issuer_regex": "a{,2}", "identity": "a"},
    ],
)
def test_a_rule_that_says_something_twice_or_not_at_all_cannot_be(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"one of|bracket|repetition"):
        IdentityRule(root="ours", **fields)


GLOBS = [
    ("a*c", "abc", True), ("a*c", "ac", True), ("a*c", "a/c", False), ("a*c", "a@c", False), ("a*c", "a:c", False), ("a*c", "a?c", False),
    ("a*c", "a#c", False), ("a**c", "a/@:?#c", True), ("a?c", "abc", True), ("a?c", "a/c", False), ("a?c", "ac", False), ("*@acme.com", "ann@acme.com", True),
    ("*@acme.com", "ann@evil.com@acme.com", False), ("https://*.acme.com", "https://evil.com/x.acme.com", False), ("v1.2", "v1x2", False),
    ("[a]", "a", False), ("[a]", "[a]", True), ("", "", True), ("", "a", False), ("***", "a/b", True),
]  # fmt: skip


@pytest.mark.parametrize(("glob", "text", "held"), GLOBS)
def test_what_a_glob_means(glob: str, text: str, held: bool) -> None:
    assert pattern.glob(glob).holds(text) == held


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\w", r"\.", r"[\d-]", "[b.]"])
REGEXES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=0, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: f"({'|'.join(some)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,1}", "{1,}", "{0}", "{0,2}"])).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=8,
)


@given(REGEXES, st.text("abc.1-\n", max_size=6))
@settings(max_examples=400)
def test_a_regular_expression_means_what_it_means_in_python(written: str, text: str) -> None:
    try:
        ours = pattern.regex(written)
    except ValueError:
        return  # larger than is kept
    assert ours.holds(text) == bool(re.fullmatch(written, text, re.ASCII | re.DOTALL))


@given(st.text(string.printable, max_size=12))
def test_any_text_is_a_pattern_or_is_refused(written: str) -> None:
    try:
        ours = pattern.regex(written)
    except ValueError:
        return
    assert ours.holds("ab") == bool(re.fullmatch(written, "ab", re.ASCII | re.DOTALL))


@pytest.mark.parametrize(
    "written",
    ["(", ")", "a)", "[", "[]", "[b-a]", "a**", "a{101}", "a{2,1}", "a{,2}", "*", "^a", "a$", r"\b", r"(a)\1", "(?=a)", "(?i)a", "\\", "x" * 1001,
     "(" * 20 + ")" * 20, "(a{100}){100}"],
)  # fmt: skip
def test_what_is_not_in_the_language_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        pattern.regex(written)


@pytest.mark.parametrize("written", ["(a+)+b", "(a|a)*b", "(a*)*b", "(a|aa)+b", "(.*a){50}b", "(a?){100}a{100}"])
def test_no_pattern_is_slow(written: str) -> None:
    """A matcher that tries and takes back would take years."""
    started = time.process_time()
    assert not pattern.regex(written).holds("a" * 1000)
    assert time.process_time() - started < 5
    assert not pattern.regex("a*").holds("a" * 1001)


@pytest.mark.parametrize("nothing", ["a{0}", "", "(?:)", "(a{0}b{0})"])
def test_nothing_however_often_is_nothing_at_once(nothing: str) -> None:
    """Whoever may propose a policy would keep everybody busy who reads the log."""
    started = time.process_time()
    written = "(" * 14 + f"({nothing})" + "{100}" + "){100}" * 14 + "b"
    assert pattern.regex(written).holds("b")
    assert not pattern.regex(written).holds("ab")
    assert time.process_time() - started < 5


NAMES = st.lists(st.sampled_from(["ci", "nightly", "other"]), min_size=1, max_size=3, unique=True)
HELD = st.builds(lambda names, who: certified(*names, who=who), NAMES, st.sampled_from(["a", "b", "c"]))
KEYED = st.sampled_from(["release", "second"]).map(signature)


@given(st.lists(st.one_of(HELD, KEYED), max_size=6), st.integers(1, 5))
def test_no_more_signers_are_counted_than_there_are(signatures: list[Any], threshold: int) -> None:
    """Not more than names, nor than subjects and keys; and each more signature takes nothing away."""
    asked = SignedBy(keys=("release", "second"), identities=("ci", "nightly", "other"), threshold=threshold)
    found = asked.check(subject(), facts(signatures=signatures), NOW, dict(KEYS))
    distinct = {one.by.subject if one.by else one.key for one in signatures}
    if isinstance(found, Pass):
        assert threshold <= len(distinct)
        assert isinstance(asked.check(subject(), facts(signatures=[*signatures, certified("ci", who="more")]), NOW, dict(KEYS)), Pass)
    else:
        assert isinstance(found, Fail)
        assert int(str(found.params["have"])) <= min(len(distinct), threshold - 1)
