"""``lockgate``: the list of commands, each imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from lockgate import __version__
from lockgate.cli.exits import failed
from lockgate.errors import LockgateError

COMMANDS = {
    "Daily": {
        "gate": "Decide whether a release may enter an environment.",
        "deploy": "Gate a release and, if allowed, run a command on exactly those bytes.",
        "request": "Ask for a release to enter an environment.",
        "approve": "Say yes to a request, with your own key.",
        "reject": "Say no to a request; that wins.",
        "withdraw": "Take back what you said about a request.",
        "status": "What runs where, and what is open.",
        "why": "Explain a decision, or what the gate would say now; records nothing.",
    },
    "Set-up": {
        "init": "Begin a gate: its log, its keys, its root.",
        "people": "Who is enrolled, with which keys and duties.",
        "key": "Make a key, or show one.",
        "policy": "Check a policy file, propose it, or show the one in force.",
    },
    "Evidence": {
        "sign": "Sign an artifact and attach the signature.",
        "attest": "Sign a statement about an artifact and attach it.",
        "verify": "Check an artifact, or a proof or event in a file.",
    },
    "Audit": {
        "log": "Read, check, prove and replay the record.",
    },
}
"""Section -> command -> help line. Here so that ``--help`` imports no command."""


class Commands(click.Group):
    """A group whose commands stand in modules of their own, ``lockgate.cli.<name>_command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Every command, in the order of the help."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Import one command."""
        if not any(cmd_name in section for section in COMMANDS.values()):
            return None
        module = importlib.import_module(f"lockgate.cli.{cmd_name}_command")
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
            ctx.fail(f"there is no command {name!r}" + (f": did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="lockgate %(version)s")
def cli() -> None:
    """The deployment gate: what was reviewed is exactly what runs.

    Exit codes: 0 allowed or done; 1 refused, or does not verify; 2 usage; 3 could not decide or read; 4 could not record.
    """


def main(argv: list[str] | None = None) -> Any:  # noqa: ANN401  click never returns here
    """Run the command line; every error that is ours becomes a message, a remedy and an exit code."""
    try:
        return cli.main(args=argv, prog_name="lockgate")
    except LockgateError as err:
        sys.exit(failed(err))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(4)


if __name__ == "__main__":
    main()
