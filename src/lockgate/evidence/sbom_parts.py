"""What both formats of bills of materials are read into, and what a component needs to be one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from lockgate.core.components import Component, Element
from lockgate.core.digest import Digest
from lockgate.errors import EvidenceError
from lockgate.evidence import sbom_purl

MAX_COMPONENTS = 200_000
MAX_TEXT = 1000
"""The longest name, version or licence taken in, characters."""
MAX_LICENCES = 64
"""Of one component; one with more has a licence that cannot be read."""

MAX_EFFORT = 4_000_000
"""What all purls of a document may cost that are not canonical at once: their characters and `BASE_EFFORT` for each; some five seconds."""
BASE_EFFORT = 40

NOT_SAID = "NOASSERTION"

PER_PACKAGE: tuple[Element, ...] = ("hash", "identifier", "licence", "name", "supplier", "version")
"""The elements that every package has to have."""

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})\Z").match


class Document(NamedTuple):
    """A bill of materials as it was read, not yet about anything.

    Attributes:
        format, spec, components, complete, lacks, created_at, tools, skipped: as `core.components.Sbom` has them.
        about: the digests of the image it says it is of; none where it does not say.
    """

    format: Literal["cyclonedx", "spdx"]
    spec: str
    components: tuple[Component, ...]
    complete: Literal["complete", "incomplete", "unsaid"]
    lacks: tuple[str, ...]
    created_at: datetime | None
    tools: tuple[str, ...]
    skipped: int
    about: tuple[Digest, ...]


Row = tuple[str, str, str, str, tuple[str, ...]]
"""Of a component: purl, name, version, kind, licences."""


class Tally:
    """Components as they are taken in, with what they lack; of one document, and of one thread."""

    def __init__(self) -> None:
        self.rows: set[Row] = set()
        self.skipped = 0
        self.lacks: set[str] = set()
        self._slow: dict[str, str] = {}
        self._effort = 0

    def take(self, row: Row, has: Mapping[str, object]) -> None:
        """Take a component in; one whose purl is none is counted as skipped, and stays under its name. Raises EvidenceError ``sbom.too-many``.

        Args:
            row: of it.
            has: what it has of the elements in `PER_PACKAGE`, but for name and version.
        """
        purl, name, version, kind, licences = row
        if purl:
            try:
                purl, kind = sbom_purl.at_once(purl) or self._by_rule(purl), ""
            except ValueError:
                purl = ""
                self.skipped += 1
                self.lacks |= set() if kind else {"identifier"}
        if not _printable(name) or not _printable(version):
            self.skipped += 1
            return
        self.rows.add((purl, name, version, kind, licences))
        if not kind:
            self.lacks.update(element for element, there in has.items() if not there)
            if not name:
                self.lacks.add("name")
            if not version:
                self.lacks.add("version")

    def _by_rule(self, purl: str) -> str:
        """Its canonical form. Raises ValueError where it has none; EvidenceError ``sbom.too-many`` where all of them take too long."""
        if purl not in self._slow:
            self._effort += len(purl) + BASE_EFFORT
            if self._effort > MAX_EFFORT:
                raise EvidenceError("sbom.too-many", "there are more package URLs in an uncommon form than are read")
            self._slow[purl] = sbom_purl.by_rule(purl)
        return self._slow[purl]

    def components(self) -> tuple[Component, ...]:
        """All, each once, in a stable order."""
        return tuple(
            Component(purl=purl, name=name, version=version, kind=kind, licences=licences) for purl, name, version, kind, licences in sorted(self.rows)
        )


def text(outer: Mapping[str, Any], name: str) -> str:
    """A field that is text; empty where it is missing or null. Raises ValueError: it is something else."""
    value = outer.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def licence(value: object) -> str:
    """A licence as it is taken in: what cannot be shown is not said."""
    return value if isinstance(value, str) and value and _printable(value) else NOT_SAID


def licences(found: Iterable[str]) -> tuple[str, ...]:
    """Those of a component, sorted, each once."""
    each = tuple(sorted(set(found)))
    return each if len(each) <= MAX_LICENCES else (NOT_SAID,)


def sha256(value: object) -> Digest | None:
    """A SHA-256 digest, with its algorithm before it or not; None for anything else."""
    found = _SHA256(value.lower()) if isinstance(value, str) and len(value) < 80 else None
    return f"sha256:{found[1]}" if found else None


def of_image(purl: str) -> Digest | None:
    """The digest in a purl of an OCI image; None for any other."""
    try:
        kind, version = sbom_purl.packaged(sbom_purl.canonical(purl))
    except ValueError:
        return None
    return sha256(version.replace("%3A", ":")) if kind == "oci" else None


def shown(texts: Iterable[str]) -> tuple[str, ...]:
    """A few texts for people, such as tools: those that can be shown, sorted, each once, at most 64."""
    return tuple(sorted({one for one in texts if one and _printable(one)}))[:64]


def _printable(value: str) -> bool:
    return len(value) <= MAX_TEXT and value.isprintable()
