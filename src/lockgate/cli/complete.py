"""Which words may come next on a command line. Reads what is there, writes nothing, and says nothing where something is wrong.

What is offered is put on a command line by a shell, as it stands. So nothing is offered that has a character in it that could mean
something to one: names of files and keys are other people's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from lockgate.errors import LockgateError

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.config import Config

Word = tuple[str, str]
"""What may stand there, and a word of help; empty for none."""

MOST_UNFILED = 2_000
"""Leaves that the index lacks, beyond which a gate is not asked: nobody waits for a completion."""

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z").match


def complete(words: Sequence[str]) -> list[Word]:
    """What the last of these words, which follow ``lockgate``, may become; as whole words, and nothing where files belong.

    Args:
        words: one or more; the last may be empty.
    """
    from lockgate.cli.main import cli

    *before, current = words
    line = _Line(cli)
    for word in before:
        if word == "--" or not line.pass_over(word):
            return []
    name, equals, value = current.partition("=")
    if line.waiting is not None:
        found = _values(line.waiting, line)
    elif equals and (option := line.option(name)) is not None:
        return [(f"{name}={word}", said) for word, said in _fitting(_values(option, line), value)]
    elif current.startswith("-"):
        found = line.options()
    elif isinstance(line.command, click.Group):
        found = line.commands()
    else:
        argument = line.argument()
        found = _values(argument, line) if argument is not None else []
    return _fitting(found, current)


def _fitting(found: Iterable[Word], current: str) -> list[Word]:
    return [(word, " ".join(said.split())) for word, said in found if word.startswith(current) and _PLAIN(word)]


class _Line:
    """A command line as far as it was read.

    Attributes:
        command: the one that was named so far. waiting: an option whose value comes next.
        given: what options were given, by their longest name.
    """

    def __init__(self, command: click.Command) -> None:
        self.command = command
        self.waiting: click.Option | None = None
        self.given: dict[str, str] = {}
        self._context = click.Context(command, info_name="lockgate")
        self._plain = 0

    def pass_over(self, word: str) -> bool:
        """Read one word further; False where it makes no sense."""
        if self.waiting is not None:
            self.given[_long(self.waiting)] = word
            self.waiting = None
        elif word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            option = self.option(name)
            if option is None:
                return name in {"-h", "--help"}
            self.given[_long(option)] = value
            self.waiting = None if equals or option.is_flag else option
        elif isinstance(self.command, click.Group):
            below = self.command.get_command(self._context, word)
            if below is None:
                return False
            self.command, self._context = below, click.Context(below, info_name=word, parent=self._context)
        else:
            self._plain += 1
        return True

    def option(self, name: str) -> click.Option | None:
        """The command's option of this name."""
        return next((one for one in self.command.params if isinstance(one, click.Option) and name in one.opts), None)

    def options(self) -> list[Word]:
        """Options that may still be given."""
        own = [one for one in self.command.params if isinstance(one, click.Option) and (one.multiple or _long(one) not in self.given)]
        return [*((_long(one), one.help or "") for one in own), ("--help", "Show help and exit.")]

    def commands(self) -> list[Word]:
        """The commands of a group."""
        from lockgate.cli.main import COMMANDS

        if self._context.parent is None:
            return [one for section in COMMANDS.values() for one in section.items()]
        below = self.command.commands if isinstance(self.command, click.Group) else {}
        return [(name, one.get_short_help_str(80)) for name, one in below.items()]

    def argument(self) -> click.Argument | None:
        """The argument that stands here."""
        arguments = [one for one in self.command.params if isinstance(one, click.Argument)]
        at = self._plain if self._plain < len(arguments) else len(arguments) - 1
        return arguments[at] if arguments and (self._plain <= at or arguments[at].nargs < 0) else None


def _long(option: click.Option) -> str:
    return max(option.opts, key=len)


def _values(parameter: click.Parameter, line: _Line) -> list[Word]:
    """What may stand for an option's or argument's value; nothing where files may, or what only the user knows."""
    if isinstance(parameter.type, click.Choice):
        return [(str(each), "") for each in parameter.type.choices]
    found: list[Word] = []
    with suppress(LockgateError, OSError):  # whatever is wrong is told by the command itself
        match parameter.metavar:
            case "ENV":
                found = [(name, "") for name in _environments(line)]
            case "R":
                found = _open_ids(line)
            case "KEY":
                found = _keys(line)
            case "ID" | "G":
                found = _exceptions(line, "G" if parameter.metavar == "G" else "ID")
            case "REQUIREMENT":
                found = _waivable(line)
            case _:
                pass
    return [word for word in found if not word[0].startswith("-")]


def _environments(line: _Line) -> list[str]:
    from lockgate.app.project import project

    ports = _gate(line)
    return sorted(project(ports, "").policy_in_force().environments) if ports is not None else []


def _open_ids(line: _Line) -> list[Word]:
    from lockgate.app.report import status

    ports = _gate(line)
    if ports is None:
        return []
    report = status(ports)
    requests = [(request.id, f"request to {one.name}") for one in report.environments for request in one.requests]
    return [*requests, *((proposal.id, f"{proposal.kind} version {proposal.version}") for proposal in report.proposals)]


_OPEN = {"ID": {"standing", "unused", "used"}, "G": {"half-signed", "review-open"}}
"""What can be lifted; what can be joined, or reviewed: by what became of it."""


def _exceptions(line: _Line, which: str) -> list[Word]:
    from lockgate.app.exceptions import standing
    from lockgate.app.report import status

    ports = _gate(line)
    if ports is None:
        return []
    found = [each for one in status(ports).environments for each in standing(ports, one.name, one.exceptional)]
    return [(one.id, f"{one.kind} in {one.environment}") for one in found if one.fate in _OPEN[which] and (one.kind == "break-glass") == (which == "G")]


def _waivable(line: _Line) -> list[Word]:
    from lockgate.app.project import project

    ports = _gate(line)
    if ports is None:
        return []
    environments = project(ports, "").policy_in_force().environments
    return sorted({(name, "") for one in environments.values() for name in one.waivable})


def _keys(line: _Line) -> list[Word]:
    from lockgate.wire import keys_at_hand

    return [(named, "" if named == print_ else print_) for print_, named in keys_at_hand(_config(line)).items()]


def _config(line: _Line) -> Config:
    from lockgate import config

    return config.load(gate=line.given.get("--gate", ""), trust=line.given.get("--trust", ""))


def _gate(line: _Line) -> Ports | None:
    """The gate, to be looked at; None where that would take long."""
    from lockgate.wire import open_gate

    ports = open_gate(_config(line), looking=True)
    return ports if ports.log.head().size - ports.index.cursor() <= MOST_UNFILED else None
