"""What is released, and where to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

from lockgate.canon import Noun, digest_hex
from lockgate.core.digest import Digest
from lockgate.core.identity import Actor, Name

NONE = "none"
"""Said outright where there is no configuration, baseline or predecessor: absence is never an empty field."""

DigestOrNone = Annotated[str, msgspec.Meta(pattern=r"^(none|sha256:[0-9a-f]{64})\Z")]

RequestId = Annotated[str, msgspec.Meta(pattern=r"^r-[0-9a-z]{10,26}\Z")]
"""A random request id: ``r-`` and 10 to 26 lower-case letters and digits."""


_ADVISORY = r"^[A-Za-z][A-Za-z0-9]{1,15}([-:.][A-Za-z0-9]{1,15}){1,5}\Z"
AdvisoryId = Annotated[str, msgspec.Meta(pattern=_ADVISORY)]
"""An advisory's id as its database writes it, such as ``CVE-2026-1234`` or ``GHSA-xxxx-xxxx-xxxx``; compared letter by letter."""

MAX_FIXES = 8
"""Advisories that one request may name."""

Fixes = Annotated[tuple[AdvisoryId, ...], msgspec.Meta(max_length=MAX_FIXES)]


def is_advisory(text: str) -> bool:
    """Whether a text has the form of an advisory's id."""
    return re.match(_ADVISORY, text) is not None


class Release(Noun, frozen=True, kw_only=True):
    """1..n artifacts and the configuration they run with.

    Attributes:
        artifacts: 1 to 64 digests, sorted, each once.
        config: the configuration digest, or ``none`` said outright.

    Raises:
        ValueError: at construction, for none or too many artifacts, unsorted ones or one twice.
    """

    artifacts: Annotated[tuple[Digest, ...], msgspec.Meta(min_length=1, max_length=64)]
    config: DigestOrNone = NONE

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.artifacts) <= 64:
            raise ValueError("a release has 1 to 64 artifacts")
        if list(self.artifacts) != sorted(set(self.artifacts)):
            raise ValueError("a release's artifacts are sorted and distinct")


class Subject(Noun, frozen=True, kw_only=True):
    """What a decision is about.

    Attributes:
        release: what would run.
        environment: where.
        actor: who asks, proved; None where nobody proved anything.
        request: the approved request it goes by, where there is one.
    """

    release: Release
    environment: Name
    actor: Actor | None = None
    request: RequestId | None = None


def config_digest(files: Mapping[str, Digest]) -> DigestOrNone:
    """The digest a configuration goes by: SHA-256 of the canonical JSON of path -> digest of the file's bytes; ``none`` for no files."""
    return "sha256:" + digest_hex(files) if files else NONE
