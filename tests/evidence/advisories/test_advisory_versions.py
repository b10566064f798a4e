"""The order of versions, scheme by scheme, and ranges of them against brute force."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.advisories import Event, Range
from lockgate.evidence.advisories import versions

ORDERED = {
    "pypi": ["1.dev1", "1.0a1", "1.0b2", "1.0b11", "1.0rc1", "1.0", "1.0.post1", "1.0.1.dev2", "1.0.1", "1.2", "1.10", "2", "2024.1", "1!0.1"],
    "semver": ["0.0.0-20230101000000-abcdef", "0.0.1", "1.0.0-1", "1.0.0-2", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2",
               "1.0.0-beta.11",
               "1.0.0-rc.1", "1.0.0", "v1.0.1", "1.2", "1.10.0", "2"],
    "composer": ["1.0.0-dev", "1.0.0-alpha1", "1.0.0-beta2", "1.0.0-beta10", "1.0.0-RC1", "1.0.0", "1.0.0-patch1", "1.0.0.1", "1.0.1", "v1.10"],
    "maven": ["1.0-alpha-1", "1.0-beta-1", "1.0-milestone-1", "1.0-rc1", "1.0-SNAPSHOT", "1.0", "1.0-sp-1", "1.0.1", "1.2", "1.10"],
    "gem": ["1.0.a", "1.0.a2", "1.0.b1", "1.0", "1.0.1.pre", "1.0.1", "1.0.1.1", "1.2", "1.10", "2.0.rc1", "2"],
    "nuget": ["1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.0.1", "1.0.1", "1.10.0"],
    "deb": ["1.0~~", "1.0~rc1-1", "1.0-1", "1.0-1ubuntu1", "1.0-1+deb12u1", "1.0-2", "1.0-10", "1.0a-1", "1.0.1-1", "1.10-1", "1:0.1-1"],
    "apk": ["1.0_alpha1", "1.0_beta1", "1.0_rc1", "1.0-r0", "1.0-r1", "1.0-r10", "1.0_p1-r0", "1.0.1-r0", "1.10-r0"],
    "rpm": ["1.0~rc1-1", "1.0-1.el9", "1.0-2.el9", "1.0-10.el9", "1.0^git1-1", "1.0.1-1", "1.10-1", "1:0.1-1"],
}  # fmt: skip


@pytest.mark.parametrize("scheme", ORDERED)
def test_versions_stand_in_their_order(scheme: str) -> None:
    keys = [versions.key(scheme, one) for one in ORDERED[scheme]]
    wrong = [(ORDERED[scheme][low], ORDERED[scheme][high]) for low in range(len(keys)) for high in range(low + 1, len(keys)) if not keys[low] < keys[high]]
    wrong += [(ORDERED[scheme][high], ORDERED[scheme][low]) for low in range(len(keys)) for high in range(low, len(keys)) if keys[high] < keys[low]]
    assert wrong == []


@pytest.mark.parametrize(("scheme", "one", "other"), [
    ("pypi", "1.0", "1.0.0"), ("pypi", "1.0RC1", "1.0rc1"), ("pypi", "1.0", "1.0+local"), ("semver", "1.0", "v1.0.0"), ("semver", "1.0.0+a", "1.0.0+b"),
    ("composer", "1.0", "v1.0.0.0"), ("gem", "1.0", "1"), ("gem", "1.0.a", "1.a"), ("nuget", "1.0.0", "1.0"), ("deb", "0:1.0-1", "1.0-1"),
])  # fmt: skip
def test_two_spellings_of_one(scheme: str, one: str, other: str) -> None:
    assert versions.same(scheme, one, other)
    assert not versions.key(scheme, one) < versions.key(scheme, other)
    assert not versions.key(scheme, other) < versions.key(scheme, one)


@pytest.mark.parametrize(("scheme", "text"), [
    ("pypi", "final"), ("pypi", "1.0-final-2"), ("pypi", ""), ("pypi", "1 0"), ("pypi", "1.0\u0661"), ("pypi", "9" * 300), ("semver", "1.2.3.4"),
    ("semver", "1.x"),
    ("semver", "latest"), ("semver", "1.0.0-"), ("semver", "1.0.0-a..b"), ("composer", "dev-main"), ("composer", "1.0-foo"), ("gem", "1..0"), ("gem", "x"),
    ("nuget", "abc"), ("deb", "abc"), ("deb", "1:"), ("apk", "abc"), ("", "1.0"), ("none", "1.0"),
])  # fmt: skip
def test_what_a_scheme_does_not_have_has_no_place(scheme: str, text: str) -> None:
    assert versions.parsed(scheme, text) is None
    with pytest.raises(versions.Incomparable):
        versions.key(scheme, text)
    assert versions.same(scheme, text, text)
    assert not versions.same(scheme, text, "1.0.0")


def test_which_scheme_orders_what() -> None:
    assert versions.scheme_of("PyPI") == "pypi"
    assert versions.scheme_of("PyPI", "SEMVER") == "semver"
    assert versions.scheme_of("PyPI", "GIT") == versions.scheme_of("CRAN") == ""


EVENTS = st.lists(st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), st.integers(0, 9)), max_size=5)


def brute(place: int, events: list[tuple[str, int]]) -> bool:
    """What the events have said by this place, one place after the other."""
    inside = False
    for at in range(-1, place + 1):
        here = {kind for kind, where in events if where == at}
        inside = (inside and "fixed" not in here) or "introduced" in here
        if at < place and "last_affected" in here:
            inside = False
    return inside


@given(st.sampled_from(sorted(ORDERED)), EVENTS, st.integers(0, 6), st.booleans(), st.randoms())
def test_a_version_is_inside_where_brute_force_says_so(scheme: str, events: list[tuple[str, int]], place: int, zero: bool, order: object) -> None:
    known = ORDERED[scheme]
    placed = [(kind, min(at, 6)) for kind, at in events] + ([("introduced", -1)] if zero else [])
    given_ = [Event(kind, "0" if at < 0 else known[at]) for kind, at in placed]  # type: ignore[arg-type]
    order.shuffle(given_)  # type: ignore[attr-defined]
    found = Range(type="ECOSYSTEM", events=tuple(given_))
    if not any(event.kind == "introduced" for event in given_):
        with pytest.raises(versions.Incomparable):
            versions.within(scheme, known[place], found)
        return
    inside, fixed = versions.within(scheme, known[place], found)
    assert inside == brute(place, placed)
    later = sorted(at for kind, at in placed if kind == "fixed" and at > place)
    assert fixed == (known[later[0]] if inside and later else "")


@given(st.sampled_from(sorted(ORDERED)), st.text(max_size=40) | st.from_regex(r"[0-9a-zA-Z.+~:_^-]{1,30}", fullmatch=True))
def test_any_text_has_a_place_or_none(scheme: str, text: str) -> None:
    if versions.parsed(scheme, text) is None:
        return
    for other in ORDERED[scheme]:
        assert (versions.key(scheme, text) < versions.key(scheme, other)) in {True, False}
        assert not (versions.key(scheme, text) < versions.key(scheme, other) and versions.key(scheme, other) < versions.key(scheme, text))
