"""Digests and references: the only parser of ``sha256:…``.

A `Ref` is what a user names; `pinned` gives the same place with the digest in it. Tags never travel past resolution.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import Annotated, NoReturn

import msgspec

from lockgate.canon import Noun
from lockgate.errors import UsageError

_FORM = r"^sha256:[0-9a-f]{64}\Z"
_MATCH = re.compile(_FORM).match

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})+(?::[0-9]{{1,5}})?|{_LABEL}:[0-9]{{1,5}}|localhost|\[[0-9A-Fa-f:.]{{2,45}}\](?::[0-9]{{1,5}})?)\Z").match
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_WORD}(?:/{_WORD})*\Z").match
_REGISTRY_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z").match

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
        scheme: ``oci`` (an OCI image layout directory), ``file``, ``registry``, or empty where the adapter has to look.
        path: the directory or file; in a registry ``HOST[:PORT]/REPOSITORY``, the host in lower case.
        tag: a name in the layout's index or the repository; empty where none was given.
        digest: the digest, where the user gave one.
        written: of a registry, the text without its digest where nothing but its form says so: it may be a path as well. Empty for all else.
    """

    scheme: str
    path: str
    tag: str = ""
    digest: Digest | None = None
    written: str = ""


def pinned(ref: Ref, digest: Digest) -> str:
    """The reference with exactly this digest, as ``gate`` prints it: ``oci:PATH@sha256:…``; ``HOST/REPOSITORY@sha256:…`` as other tools take it."""
    return f"{ref.path}@{digest}" if ref.scheme == "registry" else f"{ref.scheme}:{ref.path}@{digest}"


def is_registry(text: str) -> bool:
    """Whether a text is read as an image in a registry: by how it is written alone, never by what is on this machine."""
    return text.startswith("registry:") or (not text.startswith(("oci:", "file:")) and _begins_with_host(text))


def parse_ref(text: str) -> Ref:
    """Read ``oci:PATH[:TAG][@DIGEST]``, ``file:PATH[@DIGEST]``, ``[registry:]HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`` or a bare ``PATH[@DIGEST]``.

    A host is what has a dot or a port, or is ``localhost``, and a slash behind it, as other tools for images read it. What is written
    so is never read as a path: whoever can put a directory here cannot stand in for a registry. Where there is such a path, neither is taken
    (`adapters.sources.local`).

    Raises:
        UsageError: ``ref.malformed`` or ``digest.malformed``; a text that may hold a password is not repeated.
    """
    scheme, sep, rest = text.partition(":")
    if not sep or scheme not in {"oci", "file", "registry"}:
        scheme, rest = "", text
    _require_no_url(rest)
    if scheme == "registry" or (not scheme and _begins_with_host(rest)):
        return _registry_ref(rest, implied=not scheme)
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


def _begins_with_host(text: str) -> bool:
    host, slash, _ = text.partition("/")
    return bool(slash) and _HOST(host) is not None


def may_hold_password(text: str) -> bool:
    """Whether a text is a URL, or has something before a host, so that it is refused as a reference and not repeated.

    ``USER:PASSWORD@`` counts before anything: a path that begins so is written ``./PATH``.
    """
    scheme, _, rest = text.partition(":")
    folders = (rest if scheme in {"oci", "file", "registry"} else text).split("/")[:-1]
    return "://" in text or any("@" in each and _HOST(each.rpartition("@")[2]) for each in folders) or bool(folders and re.match(r"[^:@]*:[^@]*@", folders[0]))


def _require_no_url(text: str) -> None:
    """No user, no password and no ``https://`` stand before a host."""
    if may_hold_password(text):
        raise UsageError(
            "ref.malformed",
            "a reference is no URL, and holds no user and no password",
            "write HOST/REPOSITORY:TAG, and keep passwords where docker login puts them",
        )


def _registry_ref(text: str, *, implied: bool) -> Ref:
    """``HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`` (distribution-spec v1.1, "Pulling manifests"); every character is one of those it allows."""
    place, at, digest_hex = text.partition("@")
    digest = None
    if at:
        digest = parse_digest(digest_hex) if digest_hex.startswith("sha256:") else _refuse_registry()
    host, _, path = place.partition("/")
    repository, colon, tag = path.partition(":")
    port = host.rpartition(":")[2] if not host.endswith("]") else ""
    if not _HOST(host) or not _is_address(host) or (port.isdigit() and not 0 < int(port) < 65536) or len(host) + len(repository) > 255:
        _refuse_registry()
    if not _REPOSITORY(repository) or (colon and not _REGISTRY_TAG(tag)):
        _refuse_registry()
    return Ref(scheme="registry", path=f"{host.lower()}/{repository}", tag=tag, digest=digest, written=place if implied else "")


def _is_address(host: str) -> bool:
    """Whether what stands in brackets is an IPv6 address; anything else is a name."""
    try:
        return not host.startswith("[") or ipaddress.IPv6Address(host[1 : host.index("]")]) is not None
    except ValueError:
        return False


def _refuse_registry() -> NoReturn:
    raise UsageError(
        "ref.malformed",
        "what begins with a host is HOST[:PORT]/REPOSITORY[:TAG][@sha256:…], the repository in lower case",
        "write a path that begins so as ./PATH or file:PATH",
    )
