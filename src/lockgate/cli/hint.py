"""What to type after an error: a code's remedy with the values of this very command line in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

FLAGS = {"--passphrase", "--no-passphrase", "--starter", "--beside", "--help", "-h", "--version"}
"""Options without a value."""

_ABOUT = {
    **dict.fromkeys(("gate", "deploy", "request", "sign", "attest", "verify", "why"), "REF"),
    **dict.fromkeys(("approve", "reject", "withdraw"), "R"),
    **dict.fromkeys(("policy check", "policy apply", "people apply"), "FILE"),
    **dict.fromkeys(("log prove", "log replay"), "INDEX"),
}
"""Command -> what its first argument is."""

_GROUPS = {"key", "log", "people", "policy"}
_OPEN = re.compile(r"\b[A-Z][A-Z-]*\b")


def hint(remedy: str, words: Sequence[str]) -> str:
    """``next:  COMMAND``, where it can be typed as it stands; ``try:   …`` where something only the user knows is missing; empty for no remedy.

    Args:
        remedy: of the error, or of its code.
        words: the command line that led to it.
    """
    if not remedy:
        return ""
    known = values(words)
    if remedy.startswith("lockgate "):
        filled = _OPEN.sub(lambda found: known.get(found[0], found[0]), remedy)
        if _words(filled) != ["lockgate", *words]:  # the same again would end the same way
            remedy = filled
        if "--help" not in remedy:
            same = _words(remedy)[1:2] == list(words[:1])
            remedy += "".join(f" {name} {known[name]}" for name in ("--key", "--gate", "--trust")[not same :] if name in known and name not in remedy)
    ready = re.match(r"(lockgate|chmod|ssh-add) ", remedy) and _words(remedy) and not any(len(word) > 1 or word == "R" for word in _placeholders(remedy, known))
    return f"next:  {remedy}" if ready else f"try:   {remedy}"


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def values(words: Sequence[str]) -> dict[str, str]:
    """What a command line says: placeholder or option -> value, quoted."""
    found: dict[str, str] = {}
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name.startswith("--") and name not in FLAGS:
            found[name] = shlex.quote(value if equals else next(rest, ""))
        elif not word.startswith("-"):
            plain.append(word)
    depth = 2 if plain[:1] and plain[0] in _GROUPS else 1
    placeholder = _ABOUT.get(" ".join(plain[:depth]))
    if placeholder and len(plain) > depth:
        found[placeholder] = shlex.quote(plain[depth])
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
