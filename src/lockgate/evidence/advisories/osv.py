"""An OSV entry (schema 1.x), as JSON or YAML -> `Advisory`.

What cannot be read as an entry at all raises. An entry that can, and has parts that are not as the schema has them, is taken in with those parts
named in `Advisory.unread`, so that whatever it names is uncertain and never untouched. Prose and references are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from lockgate import canon
from lockgate.core.advisories import Advisory, Affected, Event, Range
from lockgate.errors import EvidenceError, PolicyError
from lockgate.evidence import foreign, yaml_tree
from lockgate.evidence.advisories.packages import base_of, name_of
from lockgate.evidence.yaml_tree import Items, Node, Scalar

MAX_ENTRY = 8 << 20
"""Bytes of the largest entry; the largest there are list every version of a package of many."""
MAX_ID = 128
MAX_IDS = 10_000
MAX_VERSION = 1000
_VECTORS = {"CVSS_V2", "CVSS_V3", "CVSS_V4"}
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_TYPES = ("SEMVER", "ECOSYSTEM", "GIT")
_ID = re.compile(r"[!-~]+\Z").match


def read(data: bytes, *, yaml: bool = False) -> Advisory:
    """The entry in these bytes.

    Raises:
        EvidenceError: ``advisories.export-cut`` where they are no whole JSON or YAML document, so that what they are of was not written to its end;
            ``advisories.entry-malformed`` where it is no OSV entry.
    """
    try:
        value = _yaml(data) if yaml else canon.parse_foreign(data, max_bytes=MAX_ENTRY, what="advisory")
    except EvidenceError as err:
        code = "advisories.export-cut" if err.code == "json.malformed" else "advisories.entry-malformed"
        raise EvidenceError(code, err.message) from None
    except PolicyError as err:
        raise EvidenceError("advisories.export-cut", err.message) from None
    return of(value)


def of(value: object) -> Advisory:
    """The entry in a value out of JSON. Raises EvidenceError ``advisories.entry-malformed``."""
    try:
        entry = foreign.mapping(value, "the entry")
        id_, modified = foreign.text(entry, "id", longest=MAX_ID), _instant(entry, "modified")
        if modified is None or not _ID(id_):
            raise ValueError("id or modified is not as OSV has it")
        return _advisory(entry, id_, modified)
    except ValueError as err:
        raise EvidenceError("advisories.entry-malformed", f"this is no OSV entry: {err}") from None


def _advisory(entry: Mapping[str, Any], id_: str, modified: datetime) -> Advisory:
    unread: dict[str, None] = {}
    if str(entry.get("schema_version", "1.0.0")).partition(".")[0] != "1":
        unread["schema_version"] = None
    times: dict[str, datetime | None] = {}
    for name in ("published", "withdrawn"):
        try:
            times[name] = _instant(entry, name)
        except ValueError:
            times[name], unread[name] = None, None
    vectors, words = _severity(entry, unread)
    return Advisory(
        id=id_,
        modified=modified,
        published=times["published"],
        withdrawn=times["withdrawn"],
        aliases=_ids(entry, "aliases", unread),
        upstream=_ids(entry, "upstream", unread),
        vectors=vectors,
        words=words,
        affected=tuple(_affected(entry, unread)),
        unread=tuple(unread),
    )


def _instant(entry: Mapping[str, Any], name: str) -> datetime | None:
    """As `foreign.instant`, quicker for the form that OSV asks for."""
    value = entry.get(name)
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return msgspec.convert(value, datetime).astimezone(UTC).replace(microsecond=0)
        except (msgspec.ValidationError, OverflowError):
            raise ValueError(f"{name} is no RFC 3339 time") from None
    return foreign.instant(entry, name)


def _ids(entry: Mapping[str, Any], name: str, unread: dict[str, None]) -> tuple[str, ...]:
    value = entry.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_IDS:
        unread[name] = None
        return ()
    good = {one for one in value if isinstance(one, str) and len(one) <= MAX_ID and _ID(one)}
    if len(good) < len(set(map(str, value))):
        unread[name] = None
    return tuple(sorted(good))


def _severity(entry: Mapping[str, Any], unread: dict[str, None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Vectors and words: of `severity`, and of the word that databases put beside it."""
    vectors: list[str] = []
    words: list[str] = []
    found = entry.get("severity")
    for one in found if isinstance(found, list) else []:
        score = one.get("score") if isinstance(one, dict) else None
        if isinstance(score, str) and len(score) <= MAX_VERSION and score.isprintable():
            (vectors if one.get("type") in _VECTORS else words).append(score)
        else:
            unread["severity"] = None
    if found is not None and not isinstance(found, list):
        unread["severity"] = None
    for beside in ("database_specific", "ecosystem_specific"):
        more = entry.get(beside)
        word = more.get("severity") if isinstance(more, dict) else None
        if isinstance(word, str) and len(word) <= 40 and word.isprintable():
            words.append(word)
    return tuple(dict.fromkeys(vectors)), tuple(dict.fromkeys(word.lower() for word in words))


def _affected(entry: Mapping[str, Any], unread: dict[str, None]) -> Iterator[Affected]:
    found = entry.get("affected")
    if found is not None and not isinstance(found, list):
        unread["affected"] = None
        return
    for one in found or ():
        package = one.get("package") if isinstance(one, dict) else None
        if package is None and isinstance(one, dict):
            continue  # commits of a repository, of no package
        ecosystem, name = (package.get("ecosystem"), package.get("name")) if isinstance(package, dict) else (None, None)
        if not isinstance(ecosystem, str) or not isinstance(name, str) or not ecosystem or not name or not (ecosystem + name).isprintable():
            unread["affected"] = None
            continue
        vectors, words = _severity(one, unread)
        yield Affected(
            ecosystem=ecosystem,
            name=name_of(base_of(ecosystem), name),
            ranges=tuple(_ranges(one, unread)),
            versions=_versions(one, unread),
            vectors=vectors,
            words=words,
        )


def _versions(affected: Mapping[str, Any], unread: dict[str, None]) -> tuple[str, ...]:
    found = affected.get("versions")
    if found is None:
        return ()
    if not isinstance(found, list):
        unread["versions"] = None
        return ()
    good = [one for one in found if isinstance(one, str) and 0 < len(one) <= MAX_VERSION]
    if len(good) < len(found):
        unread["versions"] = None
    return tuple(dict.fromkeys(good))


def _ranges(affected: Mapping[str, Any], unread: dict[str, None]) -> Iterator[Range]:
    found = affected.get("ranges")
    if found is not None and not isinstance(found, list):
        unread["ranges"] = None
        return
    for one in found or ():
        if not isinstance(one, dict) or one.get("type") not in _TYPES:
            unread["ranges"] = None
            continue
        given = one.get("events")
        events = [event for each in given if (event := _event(each)) is not None] if isinstance(given, list) else []
        if not isinstance(given, list) or len(events) < len(given):
            unread["events"] = None
        yield Range(type=one["type"], events=tuple(events))


def _event(each: object) -> Event | None:
    """One event: exactly one thing that happens at one version."""
    if not isinstance(each, dict) or len(each) != 1:
        return None
    kind, version = next(iter(each.items()))
    if kind not in _EVENTS or not isinstance(version, str) or not 0 < len(version) <= MAX_VERSION:
        return None
    return Event(kind, version)


def _yaml(data: bytes) -> object:
    """Plain values: every scalar is text, as all that is read of an entry is."""

    def plain(node: Node) -> object:
        if isinstance(node, Scalar):
            return node.text
        if isinstance(node, Items):
            return [plain(one) for one in node.nodes]
        return {key: plain(value) for key, (_, value) in node.pairs.items()}

    return plain(yaml_tree.parse(data, "advisory"))
