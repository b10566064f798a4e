"""What to type after an error: a code's remedy with the values of this very command line in it.

A word in capitals stands for a value of one kind. It is filled only with what was typed as a value of that kind: a policy file
is no trust file, and a number of a leaf is no artifact. What cannot be filled stays in capitals, and the line begins ``try:``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from lockgate.canon import Noun
from lockgate.cli.spoken import LEFT_OUT, spoken
from lockgate.core.digest import may_hold_password

Path = tuple[str, ...]

FLAGS = {
    *("--abandon", "--passphrase", "--no-passphrase", "--starter", "--beside", "--advise", "--help", "-h", "--version", "--rollback", "--revoke", "--run"),
    *("--in-force", "--fail-on-flip", "--offline", "--dry-run", "--replace", "--pem", "--steps", "--bundle"),
}
"""Options without a value."""

TAKES_KEY: frozenset[Path] = frozenset(
    {
        *((name,) for name in ("approve", "attest", "deploy", "doctor", "gate", "init", "recall", "reject", "request", "sign", "why", "withdraw")),
        *((name,) for name in ("break-glass", "hold", "lift", "review", "waive")),
        *(("key", "renew"), ("people", "add"), ("people", "apply"), ("people", "remove"), ("policy", "apply"), ("policy", "show")),
    }
)
"""Commands with ``--key``."""

_GROUPS = {"advisories", "key", "log", "people", "policy", "trusted-root"}
_ABOUT_RELEASE: dict[Path, tuple[str, ...]] = {
    ("gate",): ("--release", "--config", "--request", "--platform", "--plain-http", "--idempotency-key"),
    ("why",): ("--release", "--config", "--request", "--platform", "--plain-http"),
    ("deploy",): ("--release", "--config", "--request", "--platform", "--plain-http"),
    ("request",): ("--release", "--config", "--platform", "--plain-http"),
    ("break-glass",): ("--release", "--config", "--platform", "--plain-http"),
    **{(name,): ("--platform", "--plain-http") for name in ("sign", "attest", "verify", "recall")},
}
"""Commands that are about a release -> options that say which, and that belong to the question."""

_ONE_REF = {("sign",), ("attest",), ("verify",)}
_TAKES_ONE = _ONE_REF | {("recall",)}
_REQUESTS = {("approve",), ("reject",), ("withdraw",)}
_LEAVES = {("log", "prove"), ("log", "replay"), ("log", "show")}
_FILES: dict[Path, str] = {
    ("policy", "check"): "policy",
    ("policy", "apply"): "policy",
    ("policy", "backtest"): "policy",
    ("people", "apply"): "people",
    ("log", "record"): "event",
    ("verify",): "thing",
}
"""Command -> what kind of file its argument is."""

_OPEN = re.compile(r"\b[A-Z][A-Z-]*\b")
_TOKEN = re.compile(r"(?:'[^']*'|[^\s'])+")


class Typed(Noun, frozen=True, kw_only=True):
    """A command line.

    Attributes:
        path: of the command, such as ``("log", "prove")``.
        plain: its arguments. options: (name, value), in order; ``--format`` left out.
        command: what follows ``--``, with it, as it may be told again.
    """

    path: Path
    plain: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()

    def last(self, name: str) -> str:
        """An option's value; empty for none."""
        return next((value for each, value in reversed(self.options) if each == name), "")


def hint(remedy: str, words: Sequence[str], page: str) -> str:
    """``next:  COMMAND``, where it can be typed as it stands; ``try:   …`` where something only the user knows is missing; empty for no remedy.

    Args:
        remedy: of the error, or of its code.
        words: the command line that led to it.
        page: what to read where the remedy is the very command that ended so, and has nothing to change.
    """
    if not remedy:
        return ""
    said, command = re.fullmatch(r"(|.*: )(lockgate .*)", remedy), typed(words)
    if said is None or not _words(said[2]):
        ready = re.match(r"(chmod|ssh-add) ", remedy) and _words(remedy) and not _OPEN.search(remedy)
        return f"next:  {remedy}" if ready else f"try:   {remedy}"
    filled, whole = _filled(said[2], command)
    if sorted(_words(filled)) == sorted(["lockgate", *command.path, *command.plain, *_as_words(command.options), *command.command]):
        if said[1]:  # something is done first, and then the same again
            return f"try:   {said[1]}{filled}"
        # What was typed is what failed: another value is needed, or, where there is none to change, another look.
        bare = Typed(path=command.path, options=tuple(one for one in command.options if one[0] in {"--key", "--gate", "--trust"}))
        return f"try:   {_filled(said[2], bare)[0]}" if _OPEN.search(remedy) else f"try:   read {page}, and then the same again"
    whole = whole and not any(LEFT_OUT in word for word in command.command)
    return f"next:  {filled}" if whole and not said[1] and _words(filled) else f"try:   {said[1]}{filled}"


def typed(words: Sequence[str]) -> Typed:
    """A command line, read as far as a hint needs it, whether it makes sense or not."""
    own = list(words[: words.index("--")] if "--" in words else words)
    options: list[tuple[str, str]] = []
    plain: list[str] = []
    rest = iter(own)
    for word in rest:
        name, equals, value = word.partition("=")
        if name.startswith("--") and name not in FLAGS:
            options.append((name, value if equals else next(rest, "")))
        elif word in FLAGS:
            options.append((word, ""))
        elif not word.startswith("-") or word == "-":
            plain.append("REF" if may_hold_password(word) else word)
    depth = 2 if plain[:1] and plain[0] in _GROUPS else 1
    return Typed(
        path=tuple(plain[:depth]),
        plain=tuple(plain[depth:]),
        options=tuple(one for one in options if one[0] != "--format"),
        command=(*words[len(own) :][:1], *spoken(words[len(own) + 1 :])),
    )


def _filled(remedy: str, line: Typed) -> tuple[str, bool]:
    """The remedy with everything in it that the line says, and whether nothing is open."""
    tokens = _TOKEN.findall(remedy)
    own = tokens[: tokens.index("--")] if "--" in tokens else tokens
    template = typed([word for word in own[1:] if word != "COMMAND"])
    path = line.path if "COMMAND" in own else template.path
    if line.last("--release") and "--release" in _ABOUT_RELEASE.get(path, ()) and "REF" in own:  # the file names them
        tokens.remove("REF")
        own.remove("REF")
    words, whole = [], True
    for before, token in zip(["", *tokens], tokens, strict=False):
        word, equals, rest = token.partition("=")
        value = _value(word, before if before.startswith("--") else "", path, line, tokens)
        words.append((value or word) + equals + rest)
        whole = whole and bool(value or not _OPEN.search(word)) and not _OPEN.search(rest)
    more = [] if {"--help", "COMMAND"} & set(own) else _carried(path, [name for name, _ in template.options], line)
    at = words.index("--") if "--" in words else len(words)
    tail = ["--", *map(shlex.quote, line.command[1:])] if "COMMAND" in own and line.command else words[at:]
    return " ".join(words[:at] + more + tail), whole


def _value(word: str, option: str, path: Path, line: Typed, tokens: Sequence[str]) -> str:
    """What stands for one word of a remedy, quoted; empty where nothing that was typed is of its kind."""
    found: tuple[str, ...] = ()
    match word:
        case "ENV":
            found = (line.last("--to"),)
        case "R" if line.path in _REQUESTS or line.last("--request") or line.last("--for"):
            found = line.plain[:1] if line.path in _REQUESTS else (line.last("--request") or line.last("--for"),)
        case "INDEX" if line.path in _LEAVES:
            found = line.plain[:1]
        case "REF" if not option:
            found = _refs(path, line)
        case "FILE" if not option and _is_file(path, line.path):
            found = line.plain[:1]
        case "COMMAND":
            named = {name for name in tokens if name.startswith("--")}
            found = (*line.path, *line.plain, *_as_words([one for one in line.options if one[0] not in named]))
        case _:
            pass
    return " ".join(map(shlex.quote, filter(None, found)))


def _refs(path: Path, line: Typed) -> tuple[str, ...]:
    """The artifacts that were named; none where the other command takes fewer, or where it is not sure that they are artifacts."""
    if line.path == ("why",) and not line.last("--to"):
        return () if line.plain[:1] and line.plain[0].isdigit() else line.plain
    if line.path in {("gate",), ("request",), ("why",), ("break-glass",), ("deploy",)}:
        return line.plain if path not in _TAKES_ONE or len(line.plain) == 1 else ()
    return line.plain[:1] if line.path in _ONE_REF and (line.path != ("verify",) or path == ("verify",)) else ()


def _is_file(path: Path, came_from: Path) -> bool:
    """Whether one command's file is what the other one takes."""
    kind, other = _FILES.get(path), _FILES.get(came_from)
    return kind is not None and other is not None and (kind == other or (kind == "thing" and other == "event"))


def _carried(path: Path, named: Sequence[str], line: Typed) -> list[str]:
    """Options of the line that belong to the next command too: which gate, whose key, and what else says which release."""
    release = _ABOUT_RELEASE.get(path, ()) if line.path in _ABOUT_RELEASE else ()
    take = [name for name in release if name != "--idempotency-key" or path == line.path]
    take += ["--key"] if path in TAKES_KEY and path == line.path else []
    wanted = {*take, "--gate", "--trust"} - set(named)
    found = [one for name in (*take, "--gate", "--trust") if name in wanted for one in line.options if one[0] == name and one[1]]
    return [shlex.quote(word) for word in _as_words(found)]


def _as_words(options: Iterable[tuple[str, str]]) -> list[str]:
    return [word for name, value in options for word in ((name,) if name in FLAGS else (name, value))]


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []
