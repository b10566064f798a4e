"""Which package of which ecosystem a purl means, by the name that advisories know it by (purl specification; OSV 1.7, "affected[].package").

Two spellings that an ecosystem takes for one are one here. Distributions' packages are known by their source package where the distribution's
advisories name those, and by their release. A purl of a type that stands in no table here is not covered, which is told and is no absence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lockgate.core.advisories import Package
from lockgate.evidence.advisories import versions

if TYPE_CHECKING:
    from packageurl import PackageURL

MAX_PURL = 2048

_BY_TYPE = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "maven": "Maven",
    "gem": "RubyGems",
    "cargo": "crates.io",
    "nuget": "NuGet",
    "composer": "Packagist",
    "hex": "Hex",
    "pub": "Pub",
    "swift": "SwiftURL",
    "conan": "ConanCenter",
    "bitnami": "Bitnami",
    "cran": "CRAN",
    "hackage": "Hackage",
    "julia": "Julia",
    "githubactions": "GitHub Actions",
}
_BY_NAMESPACE = {
    ("deb", "debian"): "Debian",
    ("deb", "ubuntu"): "Ubuntu",
    ("apk", "alpine"): "Alpine",
    ("apk", "wolfi"): "Wolfi",
    ("apk", "chainguard"): "Chainguard",
    ("rpm", "rocky"): "Rocky Linux",
    ("rpm", "rockylinux"): "Rocky Linux",
    ("rpm", "almalinux"): "AlmaLinux",
    ("rpm", "redhat"): "Red Hat",
}
_BY_SOURCE = {"Debian", "Ubuntu", "Alpine", "Wolfi", "Chainguard"}
"""Whose advisories name source packages."""
_ROLLING = {"Wolfi", "Chainguard"}
_IGNORES_CASE = {"npm", "Go", "NuGet", "Packagist", "Hex", "Pub", "SwiftURL", "GitHub Actions", "ConanCenter"}
_PLAIN = re.compile(r"pkg:(pypi|npm|golang|maven|gem|cargo|nuget)/((?:[A-Za-z0-9._-]+/)*)([A-Za-z0-9._-]+)@([A-Za-z0-9._+-]+)\Z").match
"""A purl in which nothing is escaped and nothing qualified: what it means can be read off it, in a fifth of the time."""
_PYPI_NAME = re.compile(r"[A-Za-z0-9._-]+\Z").match
"""What a name may be there (PEP 508, "Names"); it has no namespace. Of any other name nothing can be known, and that is no "nothing is known against it"."""
_GROUPED = {"maven", "composer"}
"""Whose names have two parts always; one part alone names nothing that an advisory could."""
_RUN = re.compile(r"[-_.]+")
_RELEASE = re.compile(r"v?([0-9]+)(?:\.([0-9]+))?").search
_TO_MINOR = {"Ubuntu", "Alpine"}
"""Whose releases are told apart by two numbers; the others' by one."""


class Named(NamedTuple):
    """What a component is to advisories.

    Attributes:
        package: its ecosystem and name. release: of the distribution, such as ``12`` or ``3.18``; empty of no distribution, or where it is not said.
        version: as its ecosystem writes it; empty where there is none.
    """

    package: Package
    release: str
    version: str


@lru_cache(maxsize=1 << 16)
def named(purl: str, version: str = "") -> Named | None:
    """The package of a purl; None of a type or distribution that no advisories here cover, and of what is no purl.

    Args:
        purl: in any spelling. version: for a purl that says none.
    """
    from packageurl import PackageURL  # noqa: PLC0415  only what looks something up waits for it

    if not purl or len(purl) > MAX_PURL or not purl.isprintable():
        return None
    if plain := _PLAIN(purl):
        type_, space, name, found = plain.groups()
        if (type_ == "pypi" and space) or (type_ == "maven" and not space):
            return None
        return _of(type_, _BY_TYPE[type_], space[:-1], name, found)
    try:
        read = PackageURL.from_string(purl)
    except (ValueError, UnicodeError):
        return None
    namespace = (read.namespace or "").lower()
    ecosystem = _BY_TYPE.get(read.type) or _BY_NAMESPACE.get((read.type, namespace))
    if ecosystem is None or not read.name or (ecosystem == "PyPI" and (namespace or not _PYPI_NAME(read.name))) or (read.type in _GROUPED and not namespace):
        return None
    found = read.version or version
    if read.type in {"deb", "apk", "rpm"}:
        return _of_distribution(ecosystem, read, found)
    return _of(read.type, ecosystem, read.namespace or "", read.name, found)


@lru_cache(maxsize=1 << 16)
def readings(purl: str, version: str = "") -> tuple[Named, ...]:
    """Every package and version that a purl, and the version beside it, may mean.

    Of Go modules, some tools write what follows the third part of a module's path as the subpath (``github.com/a/b/v2`` as
    ``pkg:golang/github.com/a/b#v2``), where purls have packages inside a module. And a version beside the purl may be another one, but of
    distributions, whose versions are written in several ways. Nobody can tell, and all are asked about.
    """
    one = named(purl, version)
    if one is None:
        return ()
    found = [one]
    inner = purl.partition("#")[2].strip("/") if one.package.ecosystem == "Go" else ""
    if inner:
        found.append(one._replace(package=Package("Go", name_of("Go", f"{one.package.name}/{inner}"))))
    if version not in {"", one.version} and one.package.ecosystem not in _BY_NAMESPACE.values():
        scheme = versions.scheme_of(one.package.ecosystem)
        if versions.parsed(scheme, version) is not None and not versions.same(scheme, version, one.version):
            found += [each._replace(version=version) for each in found]
    return tuple(found)


def _of(type_: str, ecosystem: str, namespace: str, name: str, version: str) -> Named:
    whole = f"{namespace}{':' if type_ == 'maven' else '/'}{name}" if namespace else name
    return Named(Package(ecosystem, name_of(ecosystem, whole)), "", version)


def _of_distribution(ecosystem: str, read: PackageURL, version: str) -> Named:
    qualifiers = dict(read.qualifiers)
    name = read.name
    if ecosystem in _BY_SOURCE and (source := qualifiers.get("upstream", "")):
        name, _, other = source.partition("@")
        version = other or version
    epoch = qualifiers.get("epoch", "")
    if epoch and ":" not in version and version:
        version = f"{epoch}:{version}"
    return Named(Package(ecosystem, name_of(ecosystem, name)), release_of(ecosystem, qualifiers.get("distro", "").rpartition("-")[2]), version)


def name_of(ecosystem: str, name: str) -> str:
    """A package's name in the one spelling that is compared. `ecosystem` is without a release."""
    if ecosystem == "PyPI":
        return _RUN.sub("-", name).lower()
    return name.lower() if ecosystem in _IGNORES_CASE else name


def base_of(ecosystem: str) -> str:
    """An ecosystem without its release: ``Debian`` of ``Debian:12``."""
    return ecosystem.partition(":")[0]


def release_of(ecosystem: str, text: str) -> str:
    """The release in what an advisory or a purl calls one: ``12``, ``22.04`` of ``Pro:22.04:LTS``, ``3.18`` of ``v3.18`` or ``3.18.4``.

    Empty where there is none, or the distribution has none. `ecosystem` is without a release.
    """
    found = None if ecosystem in _ROLLING else _RELEASE(text)
    if found is None:
        return ""
    return f"{found[1]}.{found[2]}" if ecosystem in _TO_MINOR and found[2] else found[1]
