"""Every result as JSON: the noun itself, canonical, one document and a newline."""

from __future__ import annotations

from lockgate.canon import encode
from lockgate.errors import LockgateError


def as_json(value: object) -> str:
    """Canonical JSON and a newline."""
    return encode(value).decode() + "\n"


def error_json(err: LockgateError, remedy: str) -> str:
    """An error as JSON: code, message, remedy."""
    return as_json({"error": {"code": err.code, "message": err.message, "remedy": remedy}})
