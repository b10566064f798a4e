"""``lockgate log``."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import REFUSED, UNDECIDED
from lockgate.cli.group import Group
from lockgate.cli.session import Session, with_session
from lockgate.cli.stats_command import stats
from lockgate.cli.vsa_command import vsa

if TYPE_CHECKING:
    from lockgate.app.world import Ports


SHOWN = 20
"""Leaves of one kind of finding that `log check` lists for people."""


@click.group("log", cls=Group)
def command() -> None:
    """Read, check, prove and replay the record."""


command.add_command(stats)
command.add_command(vsa)


@command.command("show")
@click.argument("index", type=int, required=False)
@click.option("--last", "count", default=20, metavar="N", help="How many of the newest leaves (default: 20).")
@click.option("--about", default="", metavar="DIGEST|R", help="Only leaves about this digest or request.")
@with_session()
def show(session: Session, index: int | None, count: int, about: str) -> None:
    """The newest leaves, or leaf INDEX in full."""
    from lockgate.app import report
    from lockgate.errors import UsageError
    from lockgate.render.leaves import leaf_line, leaf_text

    ports = session.ports()
    if index is not None:
        one = report.show(ports, index)
        sheet = session.sheet(ports, result=True)
        session.say(one, leaf_text(one.index, one.at, one.stream, one.kind, one.keyid, one.subjects, one.event, one.problem, sheet))
        return
    leaves = report.listed(ports, count, about)
    if about and not leaves:
        raise UsageError("log.nothing-about", _nothing(about, ports.log.origin))
    who, width = {} if session.json else _signers(session, ports), session.sheet(result=True).width
    session.say(
        leaves,
        "\n".join(
            leaf_line(one.index, one.at, one.stream, one.kind, who.get(one.keyid, one.keyid), one.subjects, one.event, one.problem, width) for one in leaves
        ),
    )


@command.command("exceptions", short_help="Every hold, waiver and broken glass, and what became of it.")
@with_session()
def exceptions(session: Session) -> None:
    """Every hold, waiver and broken glass there ever was, and what became of it; unused and expired ones too."""
    from lockgate.app.exceptions import exceptions as all_of
    from lockgate.render.exceptional import report_lines

    ports = session.ports()
    found = all_of(ports)
    session.say(found, "\n".join(report_lines(found, session.sheet(ports, result=True))))


def _nothing(about: str, origin: str) -> str:
    """Why no leaf is about this."""
    from lockgate.core.digest import parse_digest
    from lockgate.errors import UsageError
    from lockgate.render.words import plain

    try:
        named = about if about.startswith("r-") else parse_digest(about)
    except UsageError:
        return f"{about[:100]!r} is neither a digest, sha256: and all its 64 hex digits, nor a request, r-…: nothing is recorded about it"
    return f"nothing is recorded about {named[:100]} in log {plain(origin)}"


def _signers(session: Session, ports: Ports) -> dict[str, str]:
    """Fingerprint -> name, of everybody enrolled now."""
    from lockgate.app.project import project
    from lockgate.core.identity import fingerprint
    from lockgate.render.words import called

    names = session.sheet(ports).names
    return {fingerprint(key): called(person.id, names) for person in project(ports, "").roster.people for key in person.keys}


@command.command("check", short_help="Hold every leaf, chain, signature and index against each other.")
@with_session()
def check(session: Session) -> None:
    """Hold everything against everything: every leaf and tile, the signed root, the chains, the index, each event's authority."""
    from lockgate.app.report import check
    from lockgate.render.words import count, plain

    ports = session.ports()
    checked = check(ports, session.progress("checking"))
    lines = [f"log {plain(ports.log.origin)}: {count(checked.size, 'leaf', 'leaves')}", f"  root {checked.root}"]
    lines += [f"  {number:>6} {kind}" for kind, number in checked.kinds.items()]
    lines += _first([f"  leaf {index} means nothing: {code}" for index, code in sorted(checked.ignored.items(), key=lambda item: int(item[0]))])
    lines.append(f"  evidence unchanged of {count(checked.evidenced, 'decision', 'decisions')}")
    lines += _first([f"  evidence gone of decision {index}: erased, or lost" for index in checked.unevidenced])
    session.say(checked, "\n".join([*lines, *([] if checked.ignored else ["everything adds up"])]))
    if checked.ignored:
        session.note("NOT ALL   of it counts: such a leaf is written only past the gate, by whoever can use the log key")
        sys.exit(REFUSED)


def _first(lines: list[str]) -> list[str]:
    """As many as somebody reads; JSON has them all."""
    return [*lines[:SHOWN], *([f"  and {len(lines) - SHOWN:,} more, all of them with --format json"] if len(lines) > SHOWN else [])]


@command.command("prove", short_help="A proof of one leaf in a file, for `verify`, offline.")
@click.argument("index", type=int)
@click.option("--out", default="-", metavar="FILE", help="Where the proof goes; - for stdout.")
@with_session()
def prove(session: Session, index: int, out: str) -> None:
    """A proof of leaf INDEX in one file, which `verify` checks offline with nothing but the file and --trust."""
    from lockgate.app.prove import prove
    from lockgate.cli import terminal
    from lockgate.core.digest import is_registry

    data = prove(session.ports(), index)
    if out == "-":
        if session.json:
            session.say({"leaf": index, "proof": data.decode()}, "")
        else:
            terminal.out(data)
        return
    arguments.write(out, "prove.unwritable", data)
    session.note(f"proof     of leaf {index} in {out}, {len(data):,} bytes")
    path = f"./{out}" if is_registry(out) else out
    session.next(f"lockgate verify {shlex.quote(path)}{session.place}")
    session.say({"proof": out, "leaf": index}, "")


@command.command("status", short_help="A signed list of what is revoked, for `verify --status`, offline.")
@click.option("--out", default="-", metavar="FILE", help="Where the list goes; - for stdout.")
@click.option("--max-age", default="1h", metavar="TIME", help="How long it may be believed (default: 1h); a permit may say less.")
@with_session()
def status(session: Session, out: str, max_age: str) -> None:
    """What is revoked and what runs, signed by the permit key, in one file: whoever checks permits offline asks for a fresh one. Records nothing."""
    from lockgate.app.status_list import issue
    from lockgate.cli import terminal
    from lockgate.core.duration import span
    from lockgate.errors import UsageError
    from lockgate.render.words import count

    try:
        span(max_age)
    except ValueError as err:
        raise UsageError("status.bad-duration", str(err)) from None
    listed, data = issue(session.ports(), max_age)
    if out == "-":
        terminal.out(data)
        return
    arguments.write(out, "status.unwritable", data)
    session.note(f"status    {count(len(listed.revoked), 'revocation')}, in {out}, for {max_age}")
    session.say({"status": out, "revoked": len(listed.revoked), "issuedAt": listed.issued_at, "maxAge": max_age}, "")


@command.command("replay", short_help="Decide a recorded decision again, from the record alone.")
@click.argument("index", type=int)
@with_session()
def replay(session: Session, index: int) -> None:
    """Decide again what decision INDEX decided, from stored evidence and history alone: same, differs or evidence-erased."""
    from lockgate.app.replay import replay
    from lockgate.render.text import outcome_lines
    from lockgate.render.words import plain

    ports = session.ports()
    with session.busy("reading every leaf"):
        replayed = replay(ports, index)
    sheet = session.sheet(ports, result=True)
    lines = [f"{'recheck' if replayed.recheck else 'decision'} {index}: {replayed.result}"]
    if replayed.result == "differs":
        lines += ["recorded", *outcome_lines(replayed.recorded, sheet, codes=True), "replayed", *outcome_lines(replayed.replayed, sheet, codes=True)]
    if replayed.lost:
        lines.append(f"  {plain(replayed.lost)}")
    session.say(replayed, "\n".join(lines))
    if replayed.result != "same":
        sys.exit(REFUSED if replayed.result == "differs" else UNDECIDED)


@command.command("rebuild")
@with_session()
def rebuild(session: Session) -> None:
    """Forget index.db and fill it anew from the ledger."""
    from lockgate.app.filing import rebuild
    from lockgate.render.words import count
    from lockgate.wire import open_gate

    size = rebuild(open_gate(session.config), session.progress("filing"))
    session.say({"size": size}, f"rebuilt   the index of {count(size, 'leaf', 'leaves')}")


@command.command("record", short_help="Append an event that was signed elsewhere.")
@click.argument("file")
@with_session()
def record(session: Session, file: str) -> None:
    """Append an already signed event, where it is a fact: `deployed` by a pipeline's own key, an approval made elsewhere."""
    from lockgate.app.say import record_event
    from lockgate.evidence.dsse import MAX_ENVELOPE
    from lockgate.evidence.record import read_envelope

    envelope = read_envelope(arguments.read(file, "record.unreadable", MAX_ENVELOPE + 1))
    ports = session.ports()
    recorded = record_event(ports, envelope)
    session.note(f"recorded  as leaf {recorded.index} of log {ports.log.origin}" + ("" if recorded.new else ": it was there already"))
    session.say(recorded, "")
