"""Every exception lockgate raises on purpose, in one tree.

    LockgateError
    ├── UsageError         what was asked makes no sense; nothing was done            exit 2
    │   └── PolicyError    a policy file is wrong, at file:line:column                exit 2
    ├── EvidenceError      bytes that do not prove what they should                   exit 1
    ├── TrustError         signed by nobody we trust, or trust is not pinned          exit 1
    ├── UnreadableError    the source could not be read; nothing is known of it       exit 3
    └── LedgerError        the record could not be made, or must not be believed      exit 4
        └── ConflictError  something was recorded since the caller looked             exit 4

An error has a ``code`` (``<subject>.<reason>``, kebab-case, stable, one docs page each), a message that says what was
not done and why, and a ``remedy``: the next thing to type. Where no remedy is given, `render.remedies` has one for
the code. Messages never hold secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class LockgateError(Exception):
    """The root of the tree: something lockgate refuses to do, with the reason.

    Args:
        code: ``<subject>.<reason>``, stable across releases.
        message: one sentence: what was not done, and why.
        remedy: the next command or action; empty where the code's own remedy serves.
    """

    exit_code = 2

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class UsageError(LockgateError):
    """What was asked makes no sense as it stands; nothing was done."""


class PolicyError(UsageError):
    """A policy is wrong; the message begins with ``file:line:column`` where that is known."""


class EvidenceError(LockgateError):
    """Bytes that do not prove what they should: malformed, altered, or signed wrongly.

    Attributes:
        steps: what a verifier asked before it refused, and came of it (`core.examined.Step`), in order; empty where that is not told.
    """

    exit_code = 1
    steps: Sequence[Any] = ()


class TrustError(LockgateError):
    """Signed by nobody we trust, or there is no pinned root to judge by."""

    exit_code = 1


class UnreadableError(LockgateError):
    """A source could not be read, so that nothing is known of what it holds."""

    exit_code = 3


class LedgerError(LockgateError):
    """The record could not be made, or what is there must not be believed."""

    exit_code = 4


class ConflictError(LedgerError):
    """Something that matters here was recorded since the caller looked; look again."""
