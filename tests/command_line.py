"""The command line, called in this process as its users call it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from lockgate.cli.main import cli, main


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def call(*words: str) -> Said:
    """``call("gate", "image", "--to", "staging")``."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        patch.setattr(sys, "stdin", None)
        with pytest.raises(SystemExit) as ended:
            main(words)
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Said(int(str(ended.value.code or 0)), *texts)


def leaves() -> list[tuple[str, ...]]:
    """Every command that is no group, as its words."""
    found: list[tuple[str, ...]] = []
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        below = list(command.commands) if isinstance(command, click.Group) else []
        found += [(name, each) for each in below]
        found += [] if below else [(name,)]
    return found


def move_to(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """An empty directory to work in, and a home of its own."""
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    patch.setenv("HOME", str(folder / "home"))
    patch.chdir(folder / "work")
