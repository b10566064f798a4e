"""``lockgate people``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.cli.session import Session, fresh_nonce, fresh_person, fresh_request, with_session

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.core.identity import Roster


@click.group("people")
def command() -> None:
    """Who is enrolled, with which keys and duties. Names stand only in an erasable directory, never in the log."""


@command.command("list")
@with_session()
def list_(session: Session) -> None:
    """Everybody enrolled in the roster in force."""
    from lockgate.app.project import project
    from lockgate.render.standing import people_lines

    ports = session.ports()
    roster = project(ports, "").roster
    session.say(roster, "\n".join(people_lines(roster, ports.directory.names())))


@command.command("add")
@click.argument("name")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key of theirs; may be repeated.")
@click.option("--duty", "duties", multiple=True, metavar="ENV=DUTY", help="Such as production=approve:security, staging=deploy; may be repeated.")
@with_session(key=True)
def add(session: Session, name: str, publics: tuple[str, ...], duties: tuple[str, ...]) -> None:
    """Enrol NAME, or give NAME more keys and duties: proposes the next roster."""
    from lockgate.app.govern import enrolled, roster_with
    from lockgate.app.project import project
    from lockgate.errors import UsageError
    from lockgate.evidence.keys import parse_public_key

    ports = session.ports()
    roster = project(ports, "").roster
    try:
        keys = tuple(parse_public_key(Path(public).read_bytes()) for public in publics)
    except OSError as err:
        raise UsageError("key.unreadable", f"{err.filename} cannot be read: {err.strerror}") from None
    known = _id_of(ports.directory.names(), name)
    person = enrolled(roster, known if roster.get(known) else fresh_person(), keys, duties)
    _propose(session, ports, roster_with(roster, person))
    ports.directory.set(person.id, name)
    session.say({"person": person.id}, person.id)


@command.command("remove")
@click.argument("name")
@with_session(key=True)
def remove(session: Session, name: str) -> None:
    """Take NAME off the roster: proposes the next roster. What they said stays recorded."""
    from lockgate.app.govern import roster_without
    from lockgate.app.project import project

    ports = session.ports()
    roster = project(ports, "").roster
    _propose(session, ports, roster_without(roster, _id_of(ports.directory.names(), name)))


@command.command("erase")
@click.argument("name")
@with_session()
def erase(session: Session, name: str) -> None:
    """Forget NAME's name. The log never held it; the person id stays."""
    ports = session.ports()
    id_ = _id_of(ports.directory.names(), name)
    ports.directory.set(id_, None)
    session.say({"person": id_, "erased": "name"}, f"erased    the name of {id_}")


def _id_of(names: dict[str, str], name: str) -> str:
    from lockgate.errors import UsageError

    found = [id_ for id_, known in names.items() if name in {known, id_}]
    if len(found) > 1:
        raise UsageError("people.ambiguous", f"{len(found)} people are called {name!r}: name one by id ({', '.join(sorted(found))})")
    return found[0] if found else name


def _propose(session: Session, ports: Ports, roster: Roster) -> None:
    from lockgate.app.govern import change

    changed = change(ports, roster, fresh_request(), fresh_nonce(), timedelta(days=7), session.signer())
    session.note(f"roster    version {changed.version} {'is in force' if changed.in_force else 'is proposed as ' + changed.id}    leaf {changed.leaf}")
    if not changed.in_force:
        session.next(f"lockgate approve {changed.id}")
