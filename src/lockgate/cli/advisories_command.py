"""``lockgate advisories``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from lockgate.cli.group import Group
from lockgate.cli.session import Session, with_session


@click.group("advisories", cls=Group)
def command() -> None:
    """What is known against components: a copy of advisories, for the requirement vulnerable. Nothing here is fetched."""


@command.command("import", short_help="Take in an OSV export, CISA's catalogue, or both.")
@click.argument("files", nargs=-1, metavar="[FILE|DIR]...")
@click.option("--kev", default="", metavar="FILE", help="CISA's known_exploited_vulnerabilities.json.")
@click.option("--replace", "anyway", is_flag=True, help="Also where it is older, or smaller, than what is there.")
@with_session()
def import_(session: Session, files: tuple[str, ...], kev: str, *, anyway: bool) -> None:
    """Take in an OSV export in the place of the one before: directories of JSON or YAML, zip archives of JSON, or single entries, all of them together.
    All of it is taken in or nothing is; a new catalogue of what is exploited likewise.
    """  # noqa: D205
    from lockgate.app.advisories import take_in
    from lockgate.errors import LockgateError, UsageError
    from lockgate.render.advisories import database_line, refused_lines
    from lockgate.wire import advisory_exports

    if not files and not kev:
        raise UsageError("advisories.what", "name an export of advisories, CISA's catalogue with --kev, or both")
    ports = session.ports()
    with session.busy("importing"):
        exports = advisory_exports.exported([Path(file) for file in files]) if files else None
        try:
            taken = take_in(ports, exports, advisory_exports.catalogue(Path(kev)) if kev else None, anyway=anyway)
        except LockgateError as err:
            if err.code in {"advisories.older", "advisories.fewer", "advisories.unreadable"}:
                err.remedy = " ".join(["lockgate advisories import --replace", *(["--kev", shlex.quote(kev)] if kev else []), *map(shlex.quote, files)])
            raise
    sheet = session.sheet(ports, result=True)
    session.note("\n".join(refused_lines(taken)))
    session.say(taken, "\n".join(database_line(one, sheet) for one in taken.databases))


@command.command("show")
@with_session()
def show(session: Session) -> None:
    """Which advisories are here: as of when, how many, and of which ecosystems."""
    from lockgate.render.advisories import database_lines

    ports = session.ports(looking=True)
    found = ports.advisories.databases()
    if not found:
        session.note("advisories  none were imported")
        session.next("lockgate advisories import FILE --kev FILE")
    session.say(found, "\n".join(database_lines(found, session.sheet(ports, result=True))))
