"""What commands take: words and files; and fresh ids of our own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from lockgate.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

LONGEST_NAME = 200

platform_option = click.option("--platform", default="", metavar="OS/ARCH", help="Which image of an index.")
"""``--platform``, on every command that takes a reference: what one names, all name."""

plain_http_option = click.option("--plain-http", multiple=True, metavar="HOST", help="A registry to speak to without TLS: HOST[:PORT]; may be repeated.")
"""``--plain-http``, on every command that takes a reference; `session.with_session` hands it on."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z").match


def duty(text: str) -> str:
    """The name of a duty to approve under; empty for none. Raises UsageError ``approve.bad-duty``."""
    if text and not _NAME(text):
        raise UsageError("approve.bad-duty", f"{text[:80]!r} is no duty's name: write it as in the policy, such as security, without approve:")
    return text


def advisories(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids of advisories, sorted and each once. Raises UsageError ``request.bad-fix``."""
    from lockgate.core.model import MAX_FIXES, is_advisory

    found = tuple(sorted(set(ids)))
    for one in found:
        if not is_advisory(one):
            raise UsageError("request.bad-fix", f"{one[:80]!r} is no advisory's id: write it as its database does, such as CVE-2026-1234")
    if len(found) > MAX_FIXES:
        raise UsageError("request.bad-fix", f"{len(found)} advisories are named; a request names {MAX_FIXES} at most")
    return found


def person_name(text: str) -> str:
    """A person's name for the directory; none that looks like a person id. Raises UsageError ``directory.bad-name``."""
    if not (0 < len(text) <= LONGEST_NAME and text.isprintable() and text.strip()) or text.startswith("p-"):
        raise UsageError("directory.bad-name", f"a name has 1 to {LONGEST_NAME} printable characters, and does not begin as a person id does, with p-")
    return text


def read(path: str, code: str, max_bytes: int) -> bytes:
    """The first `max_bytes` of a file the user names. Raises UsageError `code`."""
    from lockgate.wire.files import read_head

    try:
        return read_head(path, max_bytes)
    except OSError as err:
        raise UsageError(code, f"{path} cannot be read: {err.strerror}") from None


def write(path: str, code: str, data: bytes) -> None:
    """Write a file the user names, whole or not at all. Raises UsageError `code`."""
    from lockgate.wire.files import write_file

    try:
        write_file(path, data)
    except OSError as err:
        raise UsageError(code, f"{path} cannot be written: {err.strerror}") from None


def public_keys(paths: Iterable[str]) -> list[str]:
    """The public keys in these files. Raises UsageError ``key.unreadable``; EvidenceError ``key.malformed`` and its like."""
    from lockgate.evidence.keys import MAX_KEY, parse_public_key

    return [parse_public_key(read(path, "key.unreadable", MAX_KEY + 1)) for path in paths]


def evidence_key(spec: str) -> tuple[str, str]:
    """The path, and the key that checks evidence: ``FILE``, or ``ALGORITHM:FILE`` for an RSA key, which does not say how it signs.

    Raises:
        UsageError: ``key.unreadable``. EvidenceError: ``key.no-algorithm``, ``key.other-algorithm``, ``key.malformed`` and their like.
    """
    from lockgate.evidence.algorithms import ALGORITHMS
    from lockgate.evidence.keys import with_algorithm

    algorithm, colon, path = spec.partition(":")
    if not colon or algorithm not in ALGORITHMS:
        algorithm, path = "", spec
    return path, with_algorithm(public_keys([path])[0], algorithm)


def project_name(text: str) -> str:
    """What of a directory's name may be a project's in a policy."""
    word = "".join(one if one.isascii() and one.isalnum() else "-" for one in text.lower()).strip("-")[:40]
    return word or "project"


def until(text: str, now: datetime) -> datetime:
    """A point in time: a duration from now (``12h``, ``7d``), a date or a time, UTC unless it says otherwise.

    Raises:
        UsageError: ``exception.bad-time``.
    """
    from datetime import UTC, datetime

    from lockgate.core.duration import span

    try:
        return now + span(text)
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError("exception.bad-time", f"{text[:40]!r} is no time: write 12h, 7d, 2026-12-01 or 2026-12-01T10:00:00Z") from None


def prose(path: str) -> str:
    """The text in a file. Raises UsageError ``exception.bad-reason``."""
    data = read(path, "exception.bad-reason", 1 << 16)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError("exception.bad-reason", f"{path} is no text in UTF-8") from None


def fresh_id(kind: str) -> str:
    """A random id of a hold (``h``), a waiver (``w``) or a broken glass (``g``): 80 bits."""
    return f"{kind}-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


def fresh_request() -> str:
    """A random request id: ``r-`` and 16 characters of base32 (80 bits)."""
    return "r-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


def fresh_person() -> str:
    """A random person id: ``p-`` and 16 characters of base32 (80 bits)."""
    return "p-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


def fresh_nonce() -> str:
    """16 random bytes in hex."""
    return secrets.token_hex(16)


def text(word: str) -> str:
    """A word as it is, where it is printable: what is not could neither be shown nor recorded. Raises UsageError ``usage.not-text``."""
    if not word.isprintable():
        raise UsageError("usage.not-text", f"an argument is no printable text: {word[:80]!a}")
    return word
