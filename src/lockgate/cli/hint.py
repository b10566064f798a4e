"""What to type after an error: a code's remedy with the values of this very command line in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

FLAGS = {"--passphrase", "--no-passphrase", "--starter", "--help", "-h", "--version"}
"""Options without a value."""

_ABOUT = {"gate": "REF", "deploy": "REF", "request": "REF", "sign": "REF", "attest": "REF", "verify": "REF", "approve": "R", "reject": "R", "withdraw": "R"}
_OPEN = re.compile(r"\b[A-Z][A-Z-]*\b")


def hint(remedy: str, words: Sequence[str]) -> str:
    """``next:  COMMAND``, where it can be typed as it stands; ``try:   …`` for what needs a value only the user knows; empty for no remedy.

    Args:
        remedy: of the error, or of its code.
        words: the command line that led to it.
    """
    if not remedy:
        return ""
    known = values(words)
    if remedy.startswith("lockgate "):
        remedy = _OPEN.sub(lambda found: known.get(found[0], found[0]), remedy)
        for option in ("--gate", "--trust"):
            if option in known and option not in remedy:
                remedy += f" {option} {known[option]}"
    ready = re.match(r"(lockgate|chmod|ssh-add) ", remedy) and not any(len(word) > 1 or word == "R" for word in _placeholders(remedy, known))
    return f"next:  {remedy}" if ready else f"try:   {remedy}"


def values(words: Sequence[str]) -> dict[str, str]:
    """What a command line says: placeholder or option -> value, quoted."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name.startswith("--") and name not in FLAGS:
            found[name] = shlex.quote(value if equals else next(rest, ""))
        elif not word.startswith("-"):
            found.setdefault("REF" if "command" in found else "command", shlex.quote(word))
    about = found.pop("REF", "")
    if about and (placeholder := _ABOUT.get(found.get("command", ""))):
        found[placeholder] = about
    if "--to" in found:
        found["ENV"] = found["--to"]
    if "--request" in found:
        found.setdefault("R", found["--request"])
    return found


def _placeholders(remedy: str, known: dict[str, str]) -> list[str]:
    """Words in capitals that stand for something still; what was filled in does not count."""
    bare = remedy
    for value in known.values():
        bare = bare.replace(value, "")
    return _OPEN.findall(bare)
