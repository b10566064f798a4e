"""A group of commands, such as ``lockgate people``: alone it prints its help, on stderr, and is no success."""

from __future__ import annotations

import click

from lockgate.cli import terminal
from lockgate.cli.exits import USAGE


class Group(click.Group):
    """As `lockgate` itself: without a command, its help and exit 2, so that ``lockgate people $UNSET && …`` does not go on."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; help for no words at all."""
        if not args:
            terminal.err(ctx.get_help() + "\n")
            ctx.exit(USAGE)
        return super().parse_args(ctx, args)
