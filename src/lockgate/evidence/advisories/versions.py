"""The order of versions, ecosystem by ecosystem: univers' where it is the ecosystem's own, and stricter where univers would guess.

A version is turned into a key once; keys of one scheme compare. What a scheme cannot parse has no key, and then nothing is known: no version
is ever bent until it fits. Build metadata after a plus, and the platform of a gem, are left out of a comparison, but where the ecosystem orders it; PEP
440's local part is left out where a range has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lockgate.core.advisories import Range

MAX_VERSION = 256
"""Characters of the longest version that is compared."""

_SEMVER = re.compile(r"[vV]?([0-9]{1,18})(?:\.([0-9]{1,18}))?(?:\.([0-9]{1,18}))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]*))?\Z").match
_COMPOSER = re.compile(
    r"[vV]?([0-9]{1,18}(?:\.[0-9]{1,18}){0,4})(?:[-._]?(dev|alpha|a|beta|b|rc|patch|pl|p|stable)(?:[-.]?([0-9]{1,18}))?)?(?:\+[0-9A-Za-z.-]*)?\Z", re.IGNORECASE
).match
_APK = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18}){0,15})([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,18}){0,8})(?:-r([0-9]{1,18}))?\Z").match
_APK_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)").findall
_APK_ORDER = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")
_RELEASED = re.compile(r"(?<=[0-9])[.-]?release\Z", re.IGNORECASE).sub
_PLATFORM = re.compile(r"-(?:java|jruby|ruby|mswin\w*|(?:x86|x64|i[3-6]86|amd64|arm|aarch64|universal|ppc|powerpc|s390|riscv|sparc)\w*-[a-z][\w.-]*)\Z").sub
_NUMBERS = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+){0,8}?)((?:\.0+)*)((?![0-9.])[^+]*)(?:\+.*)?\Z").match
_EXACT = {"deb", "apk", "rpm", ""}
"""Schemes in which a version has no other spelling."""
_STABILITY = {"dev": -4, "alpha": -3, "a": -3, "beta": -2, "b": -2, "rc": -1, "": 0, "stable": 0, "patch": 1, "pl": 1, "p": 1}
_SCHEMES = {
    "PyPI": "pypi",
    "npm": "semver",
    "Go": "semver",
    "Maven": "maven",
    "RubyGems": "gem",
    "crates.io": "semver",
    "NuGet": "nuget",
    "Packagist": "composer",
    "Hex": "semver",
    "Pub": "pub",
    "SwiftURL": "semver",
    "ConanCenter": "conan",
    "Bitnami": "semver",
    "Julia": "semver",
    "Debian": "deb",
    "Ubuntu": "deb",
    "Alpine": "apk",
    "Wolfi": "apk",
    "Chainguard": "apk",
    "Rocky Linux": "rpm",
    "AlmaLinux": "rpm",
    "Red Hat": "rpm",
}

Key = Any
"""What compares with other keys of its scheme, by ``<``."""


class Incomparable(ValueError):  # noqa: N818  never leaves this package
    """A version that its scheme does not have."""


def scheme_of(ecosystem: str, type_: str = "ECOSYSTEM") -> str:
    """The scheme that orders versions of this ecosystem (without a release) in a range of this type; empty for none that is known."""
    return "semver" if type_ == "SEMVER" else "" if type_ == "GIT" else _SCHEMES.get(ecosystem, "")


@lru_cache(maxsize=1 << 17)
def key(scheme: str, version: str) -> Key:
    """What a version compares by. Raises Incomparable where this scheme has no such version."""
    found = parsed(scheme, version)
    if found is None:
        raise Incomparable(version[:80])
    return found


@lru_cache(maxsize=1 << 17)
def parsed(scheme: str, version: str) -> Key | None:
    """As `key`, and None for what has none."""
    maker = _MAKERS.get(scheme)
    if maker is None or not version or len(version) > MAX_VERSION or not version.isascii() or not version.isprintable() or " " in version:
        return None
    try:
        found = maker(version)
        if found is None or found < found:  # noqa: PLR0124  what breaks only when it is compared breaks here
            return None
    except Exception:  # noqa: BLE001  univers raises anything over odd texts, of its own and of Python's
        return None
    return found


def _semver(version: str) -> Key | None:
    """Semantic Versioning 2.0.0 section 11, where minor and patch may be left out."""
    found = _SEMVER(version)
    if found is None:
        return None
    numbers = tuple(int(each or 0) for each in found.group(1, 2, 3))
    if not found[4]:
        return (*numbers, 1, ())
    parts = found[4].split(".")
    return (*numbers, 0, _identifiers(parts)) if all(parts) else None


def _identifiers(parts: list[str]) -> tuple[tuple[int, int, str], ...]:
    """Numbers by their value, before words."""
    return tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in parts)


def _pub(version: str) -> Key | None:
    """Dart: as semantic versioning, and what is built later is later (pub_semver, "Semantics")."""
    found, key = _SEMVER(version), _semver(version)
    return (*key, _identifiers(found[5].split(".")) if found[5] else ()) if found is not None and key is not None else None


def _composer(version: str) -> Key | None:
    """Composer: up to five numbers, then a stability: dev, alpha, beta, RC, none, patch."""
    found = _COMPOSER(version)
    if found is None:
        return None
    numbers = [int(one) for one in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return (tuple(numbers), _STABILITY[(found[2] or "").lower()], int(found[3] or 0))


def _apk(version: str) -> Key | None:
    """apk: numbers, a letter, suffixes before and after a release, a revision. Numbers after the first that begin with a zero are fractions.

    Where one version ends and the other goes on, one more number is the most, and a suffix of before a release less than nothing.
    """
    found = _APK(version)
    if found is None:
        return None
    numbers, letter, suffixes, revision = found.groups()
    first, *others = numbers.split(".")
    key: list[tuple[Any, ...]] = [(5, int(first))]
    for number in others:
        rest = number.lstrip("0")
        key.append((5, len(rest) - len(number), int(rest or 0)) if rest != number else (5, int(number), 0))
    key += [(4, letter)] if letter else []
    for name, number in _APK_SUFFIX(suffixes):
        order = _APK_ORDER.index(name)
        key.append((3 if order > _APK_ORDER.index("") else 0, order, int(number) if number else -1))
    key += [(2, int(revision))] if revision is not None else []
    return (*key, (1,))


def _of_univers(name: str, *, clean: Callable[[str], str] = str) -> Callable[[str], Key | None]:
    def make(version: str) -> Key | None:
        from univers import versions  # noqa: PLC0415  it takes a fifth of a second

        return getattr(versions, name)(clean(version)).value

    return make


def _gem(version: str) -> Key | None:
    """RubyGems, by univers' canonical segments: a word is before any number, and what is not there is a zero; whichever platform it is built for."""
    from univers import versions  # noqa: PLC0415  as above

    segments = versions.RubygemsVersion(_PLATFORM("", version)).value.canonical_segments
    return (*((1, each, "") if isinstance(each, int) else (0, 0, each) for each in segments), (1, 0, ""))


_MAKERS: dict[str, Callable[[str], Key | None]] = {
    "semver": _semver,
    "pub": _pub,
    "composer": _composer,
    "pypi": _of_univers("PypiVersion", clean=lambda text: text.partition("+")[0]),
    "pypi+": _of_univers("PypiVersion"),
    "maven": _of_univers("MavenVersion", clean=lambda text: _RELEASED("", text)),  # Maven takes it for the release itself, as it does "final" and "ga"
    "gem": _gem,
    "nuget": _of_univers("NugetVersion", clean=lambda text: text.partition("+")[0]),
    "conan": _of_univers("ConanVersion"),
    "deb": _of_univers("DebianVersion"),
    "apk": _apk,
    "rpm": _of_univers("RpmVersion"),
}

_RANK = {"fixed": 0, "introduced": 1, "last_affected": 2}


@lru_cache(maxsize=1 << 16)
def within(scheme: str, version: str, range_: Range) -> tuple[bool, str]:
    """Whether a version is inside a range, and the version that next fixes it, empty where none does (OSV 1.7, "Evaluation").

    At one and the same version a fix comes before a new introduction, so that what is said to be affected is.

    Raises:
        Incomparable: the version, or one of the range's, has no place in this scheme; or the range has no beginning.
    """
    if scheme == "pypi" and any("+" in event.version for event in range_.events):
        scheme = "pypi+"  # PEP 440, "Version specifiers": a local part counts where the specifier has one
    mine = key(scheme, version)
    limits = [event.version for event in range_.events if event.kind == "limit"]
    if limits and "*" not in limits and not any(mine < key(scheme, one) for one in limits):
        return False, ""
    ordered = _ordered(scheme, range_.events)
    inside = False
    for at, kind, _ in ordered:
        if kind == "introduced" and (at is None or not mine < at):
            inside = True
        elif (kind == "fixed" and not mine < at) or (kind == "last_affected" and at < mine):
            inside = False
    if not inside:
        return False, ""
    return True, next((text for at, kind, text in ordered if kind == "fixed" and mine < at), "")


class _Turn:
    """An event in order: by version, then by what it is. Nothing is before ``introduced: 0``."""

    __slots__ = ("at", "rank")

    def __init__(self, at: Key | None, rank: int) -> None:
        self.at, self.rank = at, rank

    def __lt__(self, other: _Turn) -> bool:
        if self.at is None or other.at is None:
            return self.at is None and (other.at is not None or self.rank < other.rank)
        if self.at < other.at:
            return True
        return not other.at < self.at and self.rank < other.rank


@lru_cache(maxsize=1 << 16)
def _ordered(scheme: str, events: tuple[Any, ...]) -> list[tuple[Key | None, str, str]]:
    found = []
    for event in events:
        if event.kind == "limit":
            continue
        at = None if event.kind == "introduced" and event.version == "0" else key(scheme, event.version)
        found.append((at, event.kind, event.version))
    if not any(kind == "introduced" for _, kind, _ in found):
        raise Incomparable("no introduced")
    if len(found) > 1:
        found.sort(key=lambda one: _Turn(one[0], _RANK[one[1]]))
    return found


def same(scheme: str, one: str, other: str) -> bool:
    """Whether two texts are the same version; texts that have no place in the scheme only where they are the same text."""
    if one == other:
        return True
    left, right = parsed(scheme, one), parsed(scheme, other)
    return left is not None and right is not None and not left < right and not right < left


@lru_cache(maxsize=1 << 16)
def spellings(scheme: str, version: str) -> frozenset[str]:
    """Other texts that are likely to be this version, to be held against it by `same`: with and without ``v``, zeros at the end, and a build or local part."""
    found = _NUMBERS(version) if scheme not in _EXACT and len(version) <= MAX_VERSION else None
    if found is None:
        return frozenset()
    return frozenset(f"{mark}{found[1]}{'.0' * zeros}{found[3]}" for mark in ("", "v") for zeros in range(4))
