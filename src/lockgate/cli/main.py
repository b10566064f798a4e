"""``lockgate``: the list of commands, each imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from lockgate import __version__
from lockgate.cli import terminal
from lockgate.cli.exits import OK, STOPPED, UNRECORDED, USAGE, bug, failed, from_click, stopped
from lockgate.errors import LockgateError, UsageError

COMMANDS = {
    "Every release": {
        "gate": "Decide whether a release may enter an environment.",
        "deploy": "Gate a release, then run a command on exactly those bytes.",
        "request": "Ask for a release to enter an environment.",
        "approve": "Say yes to a request or proposal, with your own key.",
        "reject": "Say no to one; that wins over every yes.",
        "withdraw": "Take back what you said about a request, or a revocation.",
        "recheck": "Decide what runs again, on the facts of today.",
        "recall": "Where something runs, and revoke it everywhere.",
        "status": "What runs where, and which requests are open.",
        "why": "Explain a decision, or what the gate would say now.",
    },
    "Out of the ordinary": {
        "hold": "Let nothing enter an environment.",
        "lift": "End a hold or a waiver.",
        "waive": "Let one requirement fail for one request.",
        "break-glass": "In an emergency, past all but integrity. Takes two people.",
        "review": "Close what break-glass left open.",
    },
    "Set-up": {
        "init": "Begin a gate: its log, its keys, its root. Begin here.",
        "people": "Who is enrolled, with which keys and duties.",
        "key": "Make a key, show one, or renew the root.",
        "policy": "Check a policy file, propose it, or show the one in force.",
        "advisories": "What is known against components: import it, show it.",
        "doctor": "Look whether all is in order here, and say what to do.",
        "completion": "Make your shell complete lockgate's words.",
    },
    "Evidence, without a gate too": {
        "sign": "Sign an artifact and attach the signature.",
        "attest": "Sign a statement about an artifact and attach it.",
        "verify": "Check an artifact, or a proof or event in a file.",
        "trusted-root": "Show, compare or fetch whom Sigstore bundles are believed from.",
    },
    "Audit": {
        "log": "Read, check, prove and replay the record.",
    },
}
"""Section -> command -> help line. Here so that ``--help`` imports no command."""


HELP = {"--help", "-h", "--version"}
"""What click prints itself."""


class Commands(click.Group):
    """A group whose commands stand in modules of their own, ``lockgate.cli.<name>_command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Every command, in the order of the help."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Import one command."""
        if not any(cmd_name in section for section in COMMANDS.values()):
            return None
        module = importlib.import_module(f"lockgate.cli.{cmd_name.replace('-', '_')}_command")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        """Sections of one-line helps, without importing anything."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a mistyped command is answered with the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            hint, help_ = (f": did you mean {near[0]!r}?", f"lockgate {near[0]} --help") if near else ("", "lockgate --help")
            raise UsageError("usage.no-such-command", f"there is no command {name!r}{hint}", help_)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="lockgate %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """The deployment gate: what was reviewed is exactly what runs.

    \b
    In what follows
      REF  is an artifact: HOST/REPOSITORY:TAG or @DIGEST, oci:DIRECTORY:TAG,
           file:PATH, or just the path;
      ENV  is an environment of the policy;
      R    is a request or a proposal, by its id, r-…;
      G    is a broken glass, by its id, g-….

    \b
    Exit codes: all but 0 is a no.
      0    allowed, done, verified
      1    refused, or does not verify
      2    usage: what was asked makes no sense as it stands
      3    could not decide: something could not be read
      4    could not record, or the record must not be believed
      130  stopped by Ctrl-C
    """  # noqa: D301  click's own mark for lines that stay as they are
    if ctx.invoked_subcommand is None:
        terminal.err(ctx.get_help() + "\n")  # not on stdout, and no success: `lockgate $UNSET && …` must not go on
        ctx.exit(USAGE)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; every error becomes a message, a next command and an exit code, and none a traceback."""
    terminal.hold_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    with _asked_to_end() as asked:
        try:
            code = _run(words)
        except terminal.ReaderGone:
            code = UNRECORDED
        except KeyboardInterrupt:  # while something else was told
            code = STOPPED
        except LockgateError as err:  # the error could not be told on stdout either
            terminal.err(f"error  {err.message} [{err.code}]\n")
            code = err.exit_code
    for number in asked:
        os.kill(os.getpid(), number)
    if argv is None:
        gc.freeze()  # the process ends: that the collector looks at all that lives once more would be an eighth of a short command's time
    sys.exit(code)


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """End as by Ctrl-C where SIGTERM or SIGHUP would end this process: what is half made is put away first. A second one ends it at once.

    What came is put in the list, for the process to end by it all the same.
    """
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        asked.append(number)
        raise KeyboardInterrupt

    held = []
    with suppress(ValueError):  # only the main thread hears signals
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, stop)
                held.append(number)
    try:
        yield asked
    finally:
        for number in held:
            signal.signal(number, signal.SIG_DFL)


def _run(words: list[str]) -> int:
    stdout = sys.stdout
    try:
        _require_text(words)
        # No variable makes a command end well without doing what it is for: click would print a completion script, and end with 0.
        code = cli.main(args=words, prog_name="lockgate", complete_var="", standalone_mode=False)
        return code if isinstance(code, int) else OK
    except SystemExit as err:
        if sys.stdout is not stdout:  # click put another in its place: nobody reads the help it printed
            return UNRECORDED
        return err.code if isinstance(err.code, int) else OK
    except click.ClickException as err:
        return failed(from_click(err), words)
    except (click.Abort, KeyboardInterrupt):
        return stopped(words)
    except LockgateError as err:
        return failed(err, words)
    except terminal.ReaderGone:
        raise
    except Exception as err:
        if isinstance(err, OSError) and HELP & set(words):
            return failed(terminal.unwritable(err), words)
        if sys.flags.dev_mode:
            raise
        return failed(bug(err), words)


def _require_text(words: list[str]) -> None:
    """Every word is printable text: what is not could neither be shown nor recorded. Only `deploy`'s command, after ``--``, may hold anything.

    Raises:
        UsageError: ``usage.not-text``.
    """
    own = words[: words.index("--")] if words[:1] == ["deploy"] and "--" in words else words
    for number, word in enumerate(own, 1):
        if not word.isprintable():
            raise UsageError("usage.not-text", f"argument {number} is no printable text: {word[:80]!a}")


if __name__ == "__main__":
    main()
