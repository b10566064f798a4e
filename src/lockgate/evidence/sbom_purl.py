"""Package URLs (purl-spec) in canonical form, as packageurl-python has it; and what lies about its parts is no purl here.

A purl goes through these steps:

  1. it is printable ASCII without spaces, at most `MAX_TEXT` characters, and begins with ``pkg:`` (purl-spec, "Rules for each purl component");
  2. the forms that nearly all have are canonical as they stand, but for a few characters (`_plain`);
  3. else its path hides no separator behind an encoding, and nothing is encoded twice: ``%2F``, ``%5C``, ``%25``;
  4. its parts, decoded, are printable ASCII, and no part of its path is empty, ``.`` or ``..``;
  5. its canonical form is its own canonical form;
  6. qualifiers that say where a file came from, and not which package it is, are left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packageurl import PackageURL

MAX_TEXT = 1000

LEFT_OUT = frozenset({"checksum", "checksums", "download_url", "file_name", "package-id", "vcs_url"})
"""Qualifiers that do not tell packages apart."""

_PART = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_plain = re.compile(
    rf"(pkg:(?:cargo|deb|gem|golang|maven|npm|nuget|pypi|rpm|apk)/(?:%40)?{_PART}(?:/{_PART}){{0,7}})"
    r"(@[A-Za-z0-9](?:[A-Za-z0-9.~_:+-]|%2B)*)?(\?arch=[a-z0-9_]+&distro=[a-z0-9.-]+|\?type=jar)?\Z"
).match
_hidden = re.compile(r"%(?:2f|5c)", re.IGNORECASE).search


def canonical(text: str) -> str:
    """The canonical form.

    Raises:
        ValueError: it is no purl, or lies about its parts.
    """
    return at_once(text) or by_rule(text)


def at_once(text: str) -> str:
    """The canonical form, where it can be read off (step 2); else empty, and then it takes a hundred times as long (`by_rule`)."""
    if len(text) <= MAX_TEXT and (found := _plain(text)):
        if "+" not in text:
            return text
        name, version, qualifiers = found.groups()
        return f"{name}{version.replace('+', '%2B')}{qualifiers or ''}"
    return ""


@lru_cache(maxsize=4096)
def by_rule(text: str) -> str:
    """As `canonical`, by the steps that all forms can go. Raises ValueError."""
    from packageurl import PackageURL  # noqa: PLC0415  50 ms that only bills of materials with uncommon purls wait for

    if not 0 < len(text) <= MAX_TEXT or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("not printable ASCII of a purl's length")
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    before, at, _ = path.rpartition("@")
    if _hidden(before if at else path) or "%25" in text:
        raise ValueError("it hides a separator, or is encoded twice")
    try:
        found = PackageURL.from_string(text)
    except ValueError as err:
        raise ValueError(f"not a purl: {str(err)[:100]}") from None
    _require_honest(found, path)
    kept = {name: said for name, said in found.qualifiers.items() if name not in LEFT_OUT}
    written = PackageURL(found.type, found.namespace, found.name, found.version, kept, found.subpath).to_string()
    if "%25" in written or PackageURL.from_string(written).to_string() != written or len(written) > MAX_TEXT:
        raise ValueError("its canonical form has another canonical form")
    return written


def _require_honest(found: PackageURL, path: str) -> None:
    """Step 4."""
    parts = [found.type, *(found.namespace or "").split("/"), found.name] if found.namespace else [found.type, found.name]
    texts = [*parts, found.version or "", found.subpath or "", *found.qualifiers.values()]
    if any(not one.isascii() or not one.isprintable() for one in texts) or any("\\" in one for one in parts):
        raise ValueError("a part of it is not printable ASCII")
    if "//" in path.removeprefix("pkg:").lstrip("/") or any(not one.strip() or one in {".", ".."} for one in parts):
        raise ValueError("a part of its path is empty, or leads elsewhere")


def packaged(text: str) -> tuple[str, str]:
    """Type and version of a canonical purl; an empty version where it has none."""
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    kind, _, rest = path.removeprefix("pkg:").partition("/")
    return kind, rest.rpartition("@")[2] if "@" in rest else ""
