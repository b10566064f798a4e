"""`no-component`: nothing listed is forbidden, and all that is listed could be looked at."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from build import KEYS, NOW, subject
from core.case import Case
from core.cases_of_sboms import NO_COMPONENT, NONE_OF, sbom
from lockgate.core import globs, package_patterns, pattern
from lockgate.core.components import Component, LookedInside, Sbom
from lockgate.core.facts import Complete, Facts, Need, Rejected
from lockgate.core.licences import Judged, all_of, judge
from lockgate.core.outcome import Fail, Pass, Unknown
from lockgate.core.requirements.no_component import NoComponent


@pytest.mark.parametrize("case", NO_COMPONENT, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert NONE_OF.needs() == (Need(Sbom), Need(Rejected), Need(LookedInside))
    assert (NONE_OF.key_names(), NONE_OF.identity_names()) == (("builder",), ())
    assert NoComponent(identities=("ci",), purls=("pkg:npm/x",)).identity_names() == ("ci",)
    assert (NONE_OF.lasts, NONE_OF.waivable, NONE_OF.yields) == ("now", True, True)


@pytest.mark.parametrize("more", [{}, {"purls": ("event-stream",)}, {"purls": ("pkg:npm",)}, {"purls": ("pkg:npm/",)}])
def test_what_forbids_nothing_cannot_be(more: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match=r"forbids neither|no pattern"):
        NoComponent(keys=("builder",), **more)  # type: ignore[arg-type]  # texts, as policy has them


MEANT = {
    "pkg:npm/event-stream": ["pkg:npm/event-stream", "pkg:npm/event-stream@3.3.6", "pkg:npm/event-stream@3.3.6?arch=x", "pkg:npm/event-stream#sub"],
    "pkg:npm/event-stream@3.3.*": ["pkg:npm/event-stream@3.3.6", "pkg:npm/event-stream@3.3."],
    "pkg:npm/@acme/*": ["pkg:npm/%40acme/x@1", "pkg:npm/%40acme/y"],
    "pkg:PyPI/Foo_Bar@1.0+local": ["pkg:pypi/foo-bar@1.0%2Blocal", "pkg:pypi/foo.bar@1.0%2Blocal"],
    "pkg:golang/**/evil*": ["pkg:golang/github.com/a/evil@v1", "pkg:golang/a/evils"],
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.1?.*": ["pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar"],
    "pkg:deb/debian/xz-utils@5.6.*": ["pkg:deb/debian/xz-utils@5.6.0-0.2?arch=amd64&distro=debian-12"],
}


def test_what_a_pattern_means() -> None:
    for text, purls in MEANT.items():
        meant = package_patterns.matcher((text,))
        assert [purl for purl in purls if not meant(purl)] == [], text
        others = [purl for other, theirs in MEANT.items() if other.split("@1")[0].split("@3")[0] != text.split("@1")[0].split("@3")[0] for purl in theirs]
        assert [purl for purl in others if meant(purl)] == [], text
    for text in ("pkg:golang/github.com/evil/lib/v2", "pkg:golang/github.com/evil/lib/v2@v2.*", "pkg:golang/github.com/evil/lib"):
        assert package_patterns.matcher((text,))("pkg:golang/github.com/evil/lib@v2.0.0#v2")
    assert not package_patterns.matcher(("pkg:golang/github.com/evil/lib/v3",))("pkg:golang/github.com/evil/lib@v2.0.0#v2")
    assert not package_patterns.matcher(("pkg:npm/event-stream",))("pkg:npm/event-streams@1")


@given(st.text("ab/@*?", max_size=10), st.text("ab/@", max_size=12))
@settings(max_examples=500)
@example("a*b**a?", "aab/aab/ab")
@example("**@a", "a@b@a")
def test_a_glob_over_very_many_texts_is_the_same_glob(text: str, other: str) -> None:
    assert globs.glob(text).holds(other) == pattern.glob(text).holds(other)


JUDGED: dict[str, Judged] = {
    "MIT": "fine",
    "GPL-3.0-only": "forbidden",
    "gpl-3.0-only": "forbidden",
    "GPL-2.0+": "forbidden",
    "MIT OR GPL-3.0-only": "fine",
    "MIT AND GPL-3.0-only": "forbidden",
    "MIT or (Apache-2.0 and GPL-3.0-only)": "fine",
    "(MIT AND GPL-3.0-only) OR GPL-2.0-only": "forbidden",
    "MIT AND (Apache-2.0 OR GPL-3.0-only)": "fine",
    "GPL-3.0-only OR MIT AND Apache-2.0": "fine",
    "GPL-3.0-only AND MIT OR Apache-2.0": "fine",
    "GPL-2.0-only WITH Classpath-exception-2.0": "forbidden",
    "Apache-2.0 WITH LLVM-exception": "fine",
    "Apache-2.0 WITH no-such-exception": "unknown",
    "LicenseRef-ours": "unknown",
    "MIT AND LicenseRef-ours": "unknown",
    "MIT OR LicenseRef-ours": "fine",
    "LicenseRef-ours OR GPL-3.0-only": "unknown",
    "LicenseRef-ours AND GPL-3.0-only": "forbidden",
    "NOASSERTION": "unknown",
    "GPLv3": "unknown",
    "GPL-like, see LICENSE": "forbidden",
    "The MIT License": "unknown",
    "": "unknown",
    "MIT OR": "unknown",
    "OR MIT": "unknown",
    "(MIT": "unknown",
    "MIT)": "unknown",
    "MIT MIT": "unknown",
    "()": "unknown",
    "(" * 500 + "MIT" + ")" * 500: "fine",
}


@pytest.mark.parametrize("text", JUDGED)
def test_licence_expressions(text: str) -> None:
    assert judge(text, globs.glob("gpl-*").holds) == JUDGED[text]


def test_several_licences_all_apply() -> None:
    assert all_of(("MIT", "GPL-3.0-only"), globs.glob("gpl-*").holds) == "forbidden"
    assert all_of((), globs.glob("gpl-*").holds) == "unknown"


EXPRESSIONS = st.recursive(
    st.sampled_from(["MIT", "GPL-3.0-only", "LicenseRef-x"]),
    lambda inner: st.builds(lambda left, word, right: f"({left}) {word} ({right})", inner, st.sampled_from(["AND", "OR"]), inner),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_an_expression_is_the_best_that_whoever_takes_it_may_choose(text: str) -> None:
    """Against brute force: names are numbers, `OR` the least and `AND` the greatest of both sides."""
    numbers = {"MIT": "V(0)", "GPL-3.0-only": "V(2)", "LicenseRef-x": "V(1)", "AND": "&", "OR": "|"}
    sum_ = text
    for name, written in numbers.items():
        sum_ = sum_.replace(name, written)

    class V(int):
        def __and__(self, other: int) -> int:
            return V(max(int(self), int(other)))

        def __or__(self, other: int) -> int:
            return V(min(int(self), int(other)))

    assert judge(text, globs.glob("gpl-*").holds) == ("fine", "unknown", "forbidden")[int(eval(sum_, {"V": V}))]


PARTS = st.lists(
    st.builds(
        Component,
        purl=st.sampled_from(["", "pkg:npm/a@1", "pkg:npm/event-stream@1"]),
        name=st.sampled_from(["a", "b"]),
        licences=st.sampled_from([(), ("MIT",), ("GPL-3.0-only",)]),
        kind=st.sampled_from(["", "", "file"]),
    ),
    max_size=3,
)


@given(st.lists(PARTS, max_size=3), PARTS)
def test_one_more_bill_of_materials_never_makes_it_pass(several: list[list[Component]], another: list[Component]) -> None:
    """But the first: with none there is nothing to go by."""

    def answer(lists: list[list[Component]]) -> Pass | Fail | Unknown:
        found = Complete(items=tuple(sbom(components=tuple(each)) for each in lists), as_of=NOW)
        return NONE_OF.check(subject(), Facts({Need(Sbom): found, Need(Rejected): Complete(items=(), as_of=NOW)}), NOW, KEYS)

    if several and not isinstance(answer(several), Pass):
        assert not isinstance(answer([*several, another]), Pass)
