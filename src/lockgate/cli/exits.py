"""Exit codes, and how an error is told.

0    allowed, done, verified
1    refused; does not verify
2    usage: what was asked makes no sense as it stands
3    could not decide: something could not be read, and nothing failed
4    could not record, could not tell, or what is recorded must not be believed
130  stopped by Ctrl-C

`deploy` ends with its command's own code where that failed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import click

from lockgate.cli import terminal
from lockgate.errors import LedgerError, LockgateError, PolicyError, UsageError

OK, REFUSED, USAGE, UNDECIDED, UNRECORDED, STOPPED = 0, 1, 2, 3, 4, 130

OUTCOMES = {"allowed": OK, "refused": REFUSED, "undecided": UNDECIDED}

_USAGE: dict[type[click.ClickException], str] = {
    click.NoSuchOption: "usage.no-such-option",
    click.MissingParameter: "usage.missing",
    click.BadParameter: "usage.bad-value",
    click.BadOptionUsage: "usage.option",
    click.UsageError: "usage.arguments",
}
"""click's errors and our codes; the first that fits, so a class stands before those it is made from."""


def failed(err: LockgateError, words: Sequence[str]) -> int:
    """Tell an error with its remedy; the exit code.

    Args:
        err: what went wrong.
        words: the command line: the error may come before its options are understood.
    """
    from lockgate.cli.hint import hint
    from lockgate.render.remedies import remedy_for
    from lockgate.render.words import plain

    said = hint(err.remedy or remedy_for(err.code), words, f"docs/codes/{err.code.partition('.')[0]}.md")
    if wants_json(words):
        from lockgate.render.machine import error_json

        terminal.out(error_json(err, said[7:]))
        return err.exit_code
    # Only a policy's problems come in lines. Anywhere else a line end is somebody else's text, and no line of ours begins in it.
    problems = err.message.split("\n") if isinstance(err, PolicyError) else [plain(err.message)]
    first = f"{problems[0]} [{err.code}]" if len(problems) == 1 else "\n".join([f"several things are wrong [{err.code}]", *problems])
    lines = f"error  {first}\n" + (f"{said}\n" if said else "")
    terminal.err(terminal.harmless(lines, colour=False))
    return err.exit_code


def from_click(err: click.ClickException) -> UsageError:
    """Click's complaint as ours, with the command whose help says how it is written."""
    code = next((code for kind, code in _USAGE.items() if isinstance(err, kind)), "usage.arguments")
    path = err.ctx.command_path if isinstance(err, click.UsageError) and err.ctx is not None else "lockgate"
    said = " ".join(err.format_message().split())  # a list of choices comes in lines of its own
    return UsageError(code, said.rstrip("."), f"{path} --help")


def bug(err: Exception) -> LockgateError:
    """What should never come up: told in a line, with its place in lockgate, and without the values in it."""
    place, trace = "somewhere", err.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.startswith("lockgate."):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return LedgerError("internal.bug", f"this is a mistake in lockgate, and nothing it may have said is to be relied on: {type(err).__name__} at {place}")


def stopped(words: Sequence[str]) -> int:
    """Tell that Ctrl-C ended it."""
    error = UsageError("command.stopped", "stopped: what was not answered may or may not have been recorded", "lockgate log show --last 5")
    failed(error, words)
    return STOPPED


def wants_json(words: Sequence[str]) -> bool:
    """Whether ``--format json`` was asked for."""
    own = words[: words.index("--")] if "--" in words else words
    return "--format=json" in own or any(pair == ("--format", "json") for pair in itertools.pairwise(own))
