"""What differs between what two releases are made of: a pure difference of two bags of component versions, linear in their number.

A package is a package URL without its version (purl specification, "Rules for each purl component"); a component without a package URL is
told by its name. One without a version, or without any name, cannot be told from another: `Bag.untold` counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from lockgate.core.components import Component


class Version(NamedTuple):
    """One version of one package."""

    package: str
    version: str

    def text(self) -> str:
        """``pkg:pypi/urllib3@2.2.1``: the package URL, where there is one; its qualifiers come last. Two versions never have one text."""
        if not self.package.startswith("pkg:"):
            return f"{self.package.replace('%', '%25').replace('@', '%40')}@{self.version}"
        cut = min((at for at in map(self.package.find, "?#") if at >= 0), default=len(self.package))
        return f"{self.package[:cut]}@{self.version}{self.package[cut:]}"


class Change(NamedTuple):
    """One package that differs.

    Attributes:
        before, after: the versions that only one side has, sorted, each as often as it is there more; nothing before, and it was
            added; nothing after, and it was removed.
    """

    package: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Bag(NamedTuple):
    """What a release is made of.

    Attributes:
        held: component versions -> in how many artifacts. untold: how many components cannot be told from others.
    """

    held: Counter[Version]
    untold: int = 0


def version_of(component: Component) -> Version | None:
    """Which version of which package this is; None where it does not say."""
    if component.purl:
        return split(component.purl)
    return Version(component.name, component.version) if component.name and component.version else None


def split(purl: str) -> Version | None:
    """A package URL in its canonical form, taken apart; None where it has no version."""
    cut = min((at for at in map(purl.find, "?#") if at >= 0), default=len(purl))
    package, at, version = purl[:cut].rpartition("@")
    if not at or not version or "/" in version:  # a version's own slashes are written %2F
        return None
    return Version(package + purl[cut:], version)


def bag(artifacts: Iterable[Iterable[Component]]) -> Bag:
    """The components of a release.

    Args:
        artifacts: of each artifact, all its components; one that several bills list counts once, and a file or the like that is no package is none.
    """
    held, untold = Counter[Version](), 0
    for components in artifacts:
        told = [version_of(component) for component in set(components) if component.purl or not component.kind]
        held.update({one for one in told if one is not None})
        untold += told.count(None)
    return Bag(held, untold)


def difference(before: Bag, after: Bag) -> tuple[Change, ...]:
    """Every package that differs, sorted by name; what cannot be told is not looked at."""
    gone, come = before.held - after.held, after.held - before.held
    sides: dict[str, tuple[list[str], list[str]]] = {}
    for place, side in enumerate((gone, come)):
        for one in side.elements():
            sides.setdefault(one.package, ([], []))[place].append(one.version)
    return tuple(Change(package, tuple(sorted(left)), tuple(sorted(right))) for package, (left, right) in sorted(sides.items()))


def fresh(before: Bag, after: Bag) -> frozenset[Version]:
    """The component versions that were not there before, in any artifact."""
    return frozenset(after.held.keys() - before.held.keys())
