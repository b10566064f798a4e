"""Every result as JSON: the noun itself, sorted and without white space, one document and a newline.

What a terminal might obey (control characters, bidirectional marks) is escaped as JSON escapes it, so that the value is
the same and nobody's screen is steered.
"""

from __future__ import annotations

import json

from lockgate.canon import encode
from lockgate.errors import EvidenceError, LockgateError
from lockgate.render.words import harmless


def as_json(value: object) -> bytes:
    """One line of JSON, UTF-8 whatever the locale, and a newline."""
    text = encode(value).decode()
    if not text.isprintable():
        text = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
    return text.encode() + b"\n"


def error_json(err: LockgateError, remedy: str) -> bytes:
    """An error as JSON: code, message, remedy; and of a verifier's, the steps it took."""
    steps = {"steps": list(err.steps)} if isinstance(err, EvidenceError) and err.steps else {}
    return as_json({"error": {"code": err.code, "message": harmless(err.message), "remedy": harmless(remedy), **steps}})


def note_json(code: str, message: str) -> bytes:
    """What is said beside a result, as JSON: code and message."""
    return as_json({"note": {"code": code, "message": harmless(message)}})
