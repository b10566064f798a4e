"""Whether all is in order around a gate: what was looked at, and what came of it."""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun


class Place(Noun, frozen=True, kw_only=True):
    """A file or directory, looked at and not opened.

    Attributes:
        path: where.
        state: absent is told apart from what cannot be looked at, which may be anything.
        why: what the system said of an unreadable one.
        directory: whether it is one. mode: its permissions. owner: its owner's number; 0 is root.
        ours: whether it belongs to this account or to root. readable, writable: for this account.
    """

    path: str
    state: Literal["there", "absent", "unreadable"]
    why: str = ""
    directory: bool = False
    mode: int = 0
    owner: int = 0
    ours: bool = False
    readable: bool = False
    writable: bool = False


class Finding(Noun, frozen=True, kw_only=True):
    """One thing that was looked at.

    Attributes:
        check: what, in a word or two.
        result: ``warn`` is no mistake by itself, and ``fail`` stops somebody, or lets somebody do what they should not.
        said: what was found.
        code: whose page says more; empty for none.
        remedy: what to do; empty where the code's own remedy says it, or where nothing is to be done.
    """

    check: str
    result: Literal["ok", "warn", "fail"]
    said: str
    code: str = ""
    remedy: str = ""


def ok(check: str, said: str) -> Finding:
    """All is in order."""
    return Finding(check=check, result="ok", said=said)


def warn(check: str, said: str, *, code: str = "", remedy: str = "") -> Finding:
    """Somebody should know."""
    return Finding(check=check, result="warn", said=said, code=code, remedy=remedy)


def fail(check: str, said: str, *, code: str = "", remedy: str = "") -> Finding:
    """Something has to be done."""
    return Finding(check=check, result="fail", said=said, code=code, remedy=remedy)
