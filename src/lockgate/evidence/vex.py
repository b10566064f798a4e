"""What statements about exploitability (VEX) share, whatever their format: what a product is to the artifact that a Statement is about.

A format names products by package URLs, hashes and names of its makers' own. Held against the one artifact, a product is

    the artifact     one of its SHA-256 hashes, or a digest in one of its names, is the artifact's
    something else   it names a digest, and not the artifact's: what is said of it silences nothing here
    a component      it names no digest, and has a package URL: so it is told by what the artifact is made of
    nothing          it names neither: nobody can say whether it is in here

What is said of a component *inside* a product counts only where that product is the artifact, or nobody names one: the same component may
well be affected elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from lockgate.core.digest import Digest, hex_of
from lockgate.core.findings import Exploitability
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign
from lockgate.evidence.sbom_purl import canonical

MAX_STATEMENTS = 16_384
"""The most facts of one document, and the most components in all of them together."""

MAX_IDS = 64

Status = Literal["not_affected", "affected", "fixed", "under_investigation"]

_DIGEST = re.compile(r"(?:\A|[@:/=])sha256:([0-9a-f]{64})\Z").search
_QUOTED = re.compile(rb"%([0-9a-fA-F]{2})").sub
_SHA256 = re.compile(r"[0-9a-f]{64}\Z").match


class About(NamedTuple):
    """What the facts of one document share, as a reader was given it."""

    subject: Digest
    keys: tuple[Fingerprint, ...]
    source: Digest
    now: datetime
    format: Literal["openvex", "cyclonedx", "csaf"]


class Product(NamedTuple):
    """What a document identifies something by: canonical package URLs, SHA-256 digests in hex, and whether it gave any other hash."""

    purls: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    hashed: bool = False


def purl(text: str) -> str:
    """A package URL in the canonical form that components have. Raises ValueError where it is none, or lies about its parts."""
    try:
        return canonical(text)
    except ValueError as err:
        raise ValueError(f"{text[:80]!r} is no package URL: {err}") from None


def unquoted(text: str) -> str:
    """Text with its percent-encoded bytes decoded (RFC 3986, 2.1). Raises ValueError where they are no UTF-8."""
    return _QUOTED(lambda found: bytes.fromhex(found[1].decode()), text.encode()).decode()


def product(names: Iterable[str], hashes: Iterable[tuple[str, str]]) -> Product:
    """What these names, package URLs among them, and these hashes by algorithm identify. Raises ValueError for a malformed package URL or SHA-256."""
    purls: list[str] = []
    digests: list[str] = []
    hashed = False
    for name in names:
        if name.lower().startswith("pkg:"):
            purls.append(purl(name))
        found = _DIGEST((purls[-1] if name.lower().startswith("pkg:") else name).partition("?")[0].lower())
        digests += [found[1]] if found else []
    for algorithm, value in hashes:
        if algorithm.lower().replace("-", "") != "sha256":
            hashed = True
        elif _SHA256(value.lower()):
            digests.append(value.lower())
        else:
            raise ValueError("a SHA-256 hash is not 64 hex digits")
    return Product(tuple(dict.fromkeys(purls)), tuple(dict.fromkeys(digests)), hashed)


def place(one: Product, subject: Digest) -> Literal["artifact", "other", "component", "nothing"]:
    """What a product is to the artifact."""
    if hex_of(subject) in one.digests:
        return "artifact"
    if one.digests or one.hashed:
        return "other"
    return "component" if one.purls else "nothing"


class Gatherer:
    """The facts of one document, gathered in its order, each said once. Raises EvidenceError ``vex.too-many`` where they are more than are read."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._facts: dict[Exploitability, None] = {}
        self._components = 0

    def say(self, ids: tuple[str, ...], status: Status, components: Iterable[str] | None, justification: str, at: datetime) -> None:
        """Take in what is said of the artifact, for None, or of components of it; of no component, nothing."""
        listed = () if components is None else tuple(sorted(set(components)))
        if components is not None and not listed:
            return
        one = Exploitability(
            subject=self._about.subject,
            source=self._about.source,
            keys=self._about.keys,
            ids=ids,
            status=status,
            components=listed,
            justification=justification,
            at=at,
            format=self._about.format,
        )
        self._facts[one] = None
        self._components += len(listed)
        if max(len(self._facts), self._components) > MAX_STATEMENTS:
            raise EvidenceError("vex.too-many", f"this says more than {MAX_STATEMENTS} things about exploitability; nothing of it was read")

    def facts(self) -> list[Exploitability]:
        """Everything that was said. Raises EvidenceError ``vex.other-product`` where nothing was: it is about something else."""
        if not self._facts:
            raise EvidenceError("vex.other-product", "nothing here is said of this artifact, or of a component that has a package URL")
        return list(self._facts)


def ids_of(named: Iterable[str]) -> tuple[str, ...]:
    """The ids of a weakness, sorted, each once. Raises ValueError where there is none, or too many."""
    found = tuple(sorted(set(named)))
    if not 1 <= len(found) <= MAX_IDS:
        raise ValueError(f"a weakness has {len(found)} ids; 1 to {MAX_IDS} are read")
    return found


def justified(status: Status, justification: str, prose: str) -> str:
    """The justification of what is said.

    Raises:
        EvidenceError: ``vex.no-justification``, for ``not_affected`` without a word why (minimum requirements for VEX, CISA 2023).
    """
    if status != "not_affected":
        return ""
    if not justification and not prose:
        raise EvidenceError("vex.no-justification", "it says not_affected and not why")
    return justification


def texts(outer: Mapping[str, Any], name: str) -> list[str]:
    """A field that is an array of texts; empty where it is missing or null. Raises ValueError."""
    return [foreign.text({name: one}, name) for one in foreign.items(outer, name)]


def prose(outer: Mapping[str, Any], name: str) -> str:
    """A field for people, of any length and form, of which it only counts that something stands there; else empty. Raises ValueError where it is no text."""
    value = outer.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return (value or "").strip()[:1]
