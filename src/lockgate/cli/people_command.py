"""``lockgate people``."""

from __future__ import annotations

import re

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

_ID = re.compile(r"p-[a-z2-7]{16}\Z").match


@click.group("people", no_args_is_help=False)
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
    session.say(roster, "\n".join(people_lines(roster, session.sheet(ports, result=True))))


@command.command("add")
@click.argument("name")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key of theirs; may be repeated.")
@click.option("--duty", "duties", multiple=True, metavar="ENV=DUTY", help="Such as production=approve:security, staging=deploy; may be repeated.")
@with_session(key=True)
def add(session: Session, name: str, publics: tuple[str, ...], duties: tuple[str, ...]) -> None:
    """Enrol NAME, or give NAME more keys and duties: proposes the next roster."""
    from lockgate.app.govern import enrolled, roster_with
    from lockgate.app.project import project
    from lockgate.cli.propose import propose
    from lockgate.errors import UsageError

    keys, signer = tuple(arguments.public_keys(publics)), session.signer()
    ports = session.ports()
    house = project(ports, "")
    roster = house.roster
    known = _id_of(ports.directory.names(), name)
    if roster.get(known) is None and _ID(name):
        raise UsageError("people.unknown", f"nobody enrolled has the id {name}, and nobody is named like an id")
    person = enrolled(roster, known if roster.get(known) else arguments.fresh_person(), keys, duties)
    following = roster_with(roster, person)
    is_new = roster.get(person.id) is None
    if is_new:
        arguments.person_name(name)
        ports.directory.set(person.id, name)
    try:
        propose(session, ports, following, "roster", signer)
    except BaseException:
        if is_new:
            ports.directory.set(person.id, None)
        raise
    for environment in sorted(set(person.duties) - set(house.policy.environments)) if house.policy else ():
        session.note(f"note      the policy in force has no environment {environment}: this duty is of no use yet")
    session.say({"person": person.id}, person.id)


@command.command("remove")
@click.argument("name")
@with_session(key=True)
def remove(session: Session, name: str) -> None:
    """Take NAME off the roster: proposes the next roster. What they said stays recorded."""
    from lockgate.app.govern import roster_without
    from lockgate.app.project import project
    from lockgate.cli.propose import propose

    signer = session.signer()
    ports = session.ports()
    id_ = _id_of(ports.directory.names(), name)
    following = roster_without(project(ports, "").roster, id_)
    changed = propose(session, ports, following, "roster", signer)
    session.say({"person": id_, "inForce": changed.in_force}, id_)


@command.command("erase")
@click.argument("name")
@with_session()
def erase(session: Session, name: str) -> None:
    """Forget NAME's name. The log never held it; the person id stays."""
    from lockgate.errors import UsageError

    ports = session.ports()
    names = ports.directory.names()
    id_ = _id_of(names, name)
    if id_ not in names:
        raise UsageError("people.unknown", f"the directory holds nobody called {name!r}")
    ports.directory.set(id_, None)
    session.note(f"erased    the name of {id_}")
    session.say({"person": id_, "erased": "name"}, id_)


def _id_of(names: dict[str, str], name: str) -> str:
    from lockgate.errors import UsageError

    found = [id_ for id_, known in names.items() if name in {known, id_}]
    if len(found) > 1:
        raise UsageError("people.ambiguous", f"{len(found)} people are called {name!r}: name one by id ({', '.join(sorted(found))})")
    return found[0] if found else name
