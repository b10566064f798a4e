"""What is written where: results on stdout, all else on stderr; nothing of others steers a terminal; what goes on, while it goes on."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TextIO

from lockgate.errors import LedgerError

WIDEST = 120
"""Columns beyond which lines are not filled, however wide the terminal."""

PAINT = ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m")
"""The only control sequences that are ever written: the colours of `render.words`."""

Told = Callable[[int, int], None]
Busy = AbstractContextManager[None]


def hold_streams() -> None:
    """Take descriptors 0 to 2, so that no file of the gate becomes somebody's stdout; and let no character stop a line."""
    with suppress(OSError):
        while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(fd, True)
        os.close(fd)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class ReaderGone(Exception):  # noqa: N818  nothing went wrong here
    """Whoever read stdout has gone: there is nobody to tell, and nothing to say."""


def out(answer: str | bytes) -> None:
    """Write a result to stdout, all of it; bytes as they are, whatever the locale.

    Raises:
        LedgerError: ``output.unwritable``: nobody heard the answer.
        ReaderGone: nor wants to.
    """
    stream = sys.stdout
    if stream is None:
        raise LedgerError("output.unwritable", "the answer could not be written: stdout is closed")
    try:
        if isinstance(answer, str):
            stream.write(answer)
        else:
            stream.buffer.write(answer)
        stream.flush()
    except BrokenPipeError:
        abandon()
        raise ReaderGone from None
    except (OSError, ValueError) as err:
        raise unwritable(err) from None


def unwritable(err: OSError | ValueError) -> LedgerError:
    """Nobody takes the answer. What is left in its buffer is given up."""
    abandon()
    why = (err.strerror if isinstance(err, OSError) else "") or "it cannot be written to"
    return LedgerError("output.unwritable", f"the answer could not be written to stdout: {why}")


def err(text: str) -> None:
    """Write something for people to stderr; that nobody can read it changes nothing."""
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()


def abandon() -> None:
    """Give stdout up: what is left in its buffer would be tried again, and complained of, when Python ends."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def is_terminal(stream: object) -> bool:
    """Whether people look at this stream."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def columns(stream: TextIO | None) -> int:
    """How wide this stream's terminal is; 0 where it is none, or does not say."""
    try:
        found = os.get_terminal_size(stream.fileno()).columns if stream is not None else 0
    except (OSError, ValueError, AttributeError):
        return 0
    return min(found, WIDEST) if found >= 20 else 0


def harmless(text: str, *, colour: bool) -> str:
    """The text with everything escaped that a terminal might obey, but for our own colours where there are any."""
    from lockgate.render.words import harmless as escaped

    if not colour or "\x1b" not in text:
        return escaped(text)
    return "".join(part if part in PAINT else escaped(part) for part in re.split(r"(\x1b\[[0-9]m|\x1b\[3[0-9]m)", text))


class _Line:
    """One line on stderr that is written over, and taken away at the end; without control sequences, so that any terminal will do."""

    def __init__(self) -> None:
        self._shown = 0

    def show(self, text: str) -> None:
        """Put this in its place; empty takes it away."""
        if text or self._shown:
            err(f"\r{text:<{self._shown}}" + ("" if text else "\r"))
        self._shown = len(text)


def counted(what: str) -> Told | None:
    """A line that says how far something long is, on a terminal only."""
    if not is_terminal(sys.stderr):
        return None
    line = _Line()

    def told(done: int, whole: int) -> None:
        line.show(f"{what} {done:,} of {whole:,} ({done * 100 // whole}%)" if done < whole else "")

    return told


@contextmanager
def busy(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A line that says that something goes on, once it takes longer than a second; on a terminal only, and not where `quiet`."""
    if quiet or not is_terminal(sys.stderr):
        yield
        return
    import threading

    over = threading.Event()
    line, shown = _Line(), harmless(what, colour=False)

    def tick() -> None:
        seconds = 0
        while not over.wait(1):
            seconds += 1
            line.show(f"{shown}, {seconds} s")
        line.show("")

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
