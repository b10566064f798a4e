"""Digests and references: the only parser of ``sha256:…``.

A `Ref` is what a user names; `pinned` gives the same place with the digest in it. Tags never travel past resolution.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

import msgspec

from lockgate.canon import Noun
from lockgate.errors import UsageError

_FORM = r"^sha256:[0-9a-f]{64}\Z"
_MATCH = re.compile(_FORM).match

Digest = Annotated[str, msgspec.Meta(pattern=_FORM)]
"""A SHA-256 digest as text: ``sha256:`` and 64 lower-case hex digits."""


def digest_of(data: bytes) -> Digest:
    """The digest of these bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def parse_digest(text: str) -> Digest:
    """Read ``sha256:<64 hex>``.

    Raises:
        UsageError: ``digest.malformed``.
    """
    if not _MATCH(text):
        raise UsageError("digest.malformed", f"{text[:100]!r} is not a digest: write sha256: and 64 lower-case hex digits")
    return text


def hex_of(digest: Digest) -> str:
    """The 64 hex digits alone, as in-toto subjects and blob paths have them."""
    return digest[7:]


def short(digest: Digest) -> str:
    """The first 12 hex digits, for people: ``sha256:9f2c…``."""
    return digest[:19]


class Ref(Noun, frozen=True, kw_only=True):
    """Where an artifact is, as a user names it.

    Attributes:
        scheme: ``oci`` (an OCI image layout directory), ``file``, or empty where the adapter has to look.
        path: the directory or file.
        tag: a name in the layout's index; empty where none was given.
        digest: the digest, where the user gave one.
    """

    scheme: str
    path: str
    tag: str = ""
    digest: Digest | None = None


def pinned(ref: Ref, digest: Digest) -> str:
    """The reference with exactly this digest, as ``gate`` prints it: ``oci:PATH@sha256:…``."""
    return f"{ref.scheme}:{ref.path}@{digest}"


def parse_ref(text: str) -> Ref:
    """Read ``oci:PATH[:TAG][@DIGEST]``, ``file:PATH[@DIGEST]`` or a bare ``PATH[@DIGEST]``.

    Raises:
        UsageError: ``ref.malformed`` or ``digest.malformed``.
    """
    scheme, sep, rest = text.partition(":")
    if not sep or scheme not in {"oci", "file"}:
        scheme, rest = "", text
    place, at, digest_hex = rest.rpartition("@sha256:")
    digest = parse_digest("sha256:" + digest_hex) if at else None
    path = place if at else rest
    tag = ""
    if scheme == "oci":
        head, colon, tail = path.rpartition(":")
        if colon and "/" not in tail:
            path, tag = head, tail
    if not path or not path.isprintable() or not tag.isprintable():
        raise UsageError("ref.malformed", f"{text[:100]!r} names no artifact: write oci:DIRECTORY[:TAG] or file:PATH, without control characters")
    return Ref(scheme=scheme, path=path, tag=tag, digest=digest)
