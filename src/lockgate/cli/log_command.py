"""``lockgate log``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lockgate.cli.exits import REFUSED, UNDECIDED
from lockgate.cli.session import Session, with_session


@click.group("log")
def command() -> None:
    """Read, check, prove and replay the record."""


@command.command("show")
@click.argument("index", type=int, required=False)
@click.option("--last", "count", default=20, metavar="N", help="How many of the newest leaves.")
@click.option("--about", default="", metavar="DIGEST|R", help="Only leaves about this digest or request.")
@with_session()
def show(session: Session, index: int | None, count: int, about: str) -> None:
    """The newest leaves, or leaf INDEX in full."""
    from lockgate.app import report
    from lockgate.render.leaves import leaf_line, leaf_text

    ports = session.ports()
    if index is not None:
        one = report.show(ports, index)
        session.say(one, leaf_text(one.index, one.at, one.stream, one.kind, one.keyid, one.subjects, one.event, one.problem))
        return
    leaves = report.listed(ports, count, about)
    session.say(leaves, "\n".join(leaf_line(one.index, one.at, one.stream, one.kind, one.keyid, one.subjects, one.event, one.problem) for one in leaves))


@command.command("check")
@with_session()
def check(session: Session) -> None:
    """Hold everything against everything: every leaf and tile, the signed root, the chains, the index, each event's authority."""
    from lockgate.app.report import check

    ports = session.ports()
    checked = check(ports, session.progress("checking"))
    lines = [f"log {ports.log.origin}: {checked.size} leaves, root {checked.root}", *(f"  {count:>6} {kind}" for kind, count in checked.kinds.items())]
    lines += [f"  leaf {index} means nothing: {code}" for index, code in sorted(checked.ignored.items(), key=lambda item: int(item[0]))]
    session.say(checked, "\n".join([*lines, "everything adds up"]))


@command.command("prove")
@click.argument("index", type=int)
@click.option("--out", default="-", metavar="FILE", help="Where the proof goes; - for stdout.")
@with_session()
def prove(session: Session, index: int, out: str) -> None:
    """A proof of leaf INDEX in one file, which `verify` checks offline with nothing but the file and --trust."""
    from lockgate.app.prove import prove
    from lockgate.errors import UsageError

    data = prove(session.ports(), index)
    if out == "-":
        click.echo(data, nl=False)
        return
    try:
        Path(out).write_bytes(data)
    except OSError as err:
        raise UsageError("prove.unwritable", f"{out} cannot be written: {err.strerror}") from None
    session.note(f"proof     of leaf {index} in {out}, {len(data)} bytes")
    session.next(f"lockgate verify {out} --trust lockgate.trust")
    session.say({"proof": out, "leaf": index}, "")


@command.command("replay")
@click.argument("index", type=int)
@with_session()
def replay(session: Session, index: int) -> None:
    """Decide again what decision INDEX decided, from stored evidence and history alone: same, differs or evidence-erased."""
    from lockgate.app.replay import replay
    from lockgate.render.text import outcome_lines

    replayed = replay(session.ports(), index)
    lines = [f"decision {index}: {replayed.result}"]
    if replayed.result == "differs":
        lines += ["recorded", *outcome_lines(replayed.recorded, colour=False), "replayed", *outcome_lines(replayed.replayed, colour=False)]
    if replayed.lost:
        lines.append(f"  {replayed.lost}")
    session.say(replayed, "\n".join(lines))
    if replayed.result != "same":
        sys.exit(REFUSED if replayed.result == "differs" else UNDECIDED)


@command.command("rebuild")
@with_session()
def rebuild(session: Session) -> None:
    """Forget index.db and fill it anew from the ledger."""
    from lockgate.app.filing import rebuild
    from lockgate.wire import open_gate

    size = rebuild(open_gate(session.config), session.progress("filing"))
    session.say({"size": size}, f"rebuilt   the index of {size} leaves")


@command.command("record")
@click.argument("file")
@with_session()
def record(session: Session, file: str) -> None:
    """Append an already signed event, where it is a fact: `deployed` by a pipeline's own key, an approval made elsewhere."""
    from lockgate.app.say import record_event
    from lockgate.core import events
    from lockgate.errors import UsageError
    from lockgate.evidence.record import read_envelope

    try:
        with Path(file).open("rb") as opened:
            data = opened.read(4 * events.MAX_LEAF)
    except OSError as err:
        raise UsageError("record.unreadable", f"{file} cannot be read: {err.strerror}") from None
    ports = session.ports()
    recorded = record_event(ports, read_envelope(data))
    session.note(f"recorded  as leaf {recorded.index}" + ("" if recorded.new else ": it was there already") + f" · log {ports.log.origin}")
    session.say(recorded, "")
