"""``lockgate completion``."""

from __future__ import annotations

import click

from lockgate.cli import terminal
from lockgate.cli.completion_scripts import SCRIPTS
from lockgate.cli.session import Session, with_session


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- WORD…]")
@with_session()
def command(session: Session, shell: str, words: tuple[str, ...]) -> None:
    """Print the script that makes SHELL (bash, zsh or fish) complete lockgate's words; source it in your shell's start-up file.

    With words after two dashes it prints what the last of them may become, one a line, which is what the script asks for. It reads the gate and
    writes nothing, and no command but this one completes.
    """
    if not words:
        session.say({"shell": shell, "script": SCRIPTS[shell]}, SCRIPTS[shell].rstrip("\n"))
        return
    from lockgate.cli.complete import complete

    found = complete(words)
    if session.json:
        session.say({"words": [{"word": word, "help": said} for word, said in found]}, "")
    else:
        terminal.out("".join(f"{word}\t{said}\n" if said else f"{word}\n" for word, said in found))
