"""``lockgate people``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lockgate.cli import arguments
from lockgate.cli.group import Group
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.people import Base, Known
    from lockgate.app.world import Ports
    from lockgate.core.identity import Person
    from lockgate.core.ports import PersonSigner

_ID = re.compile(r"p-[a-z2-7]{16}\Z").match
NOBODY: Mapping[str, str] = {}


@click.group("people", cls=Group)
def command() -> None:
    """Who is enrolled, with which keys and duties. Names stand only in an erasable directory, never in the log."""


def _roster_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is to become of a roster that is proposed already."""
    function = click.option("--beside", is_flag=True, help="Propose it although another roster is open: the owners choose, and the other is void.")(function)
    return click.option("--onto", default="", metavar="R", help="Put it into one with the open proposal R, which is withdrawn where it is yours.")(function)


@command.command("list")
@with_session()
def list_(session: Session) -> None:
    """Everybody enrolled in the roster in force, and what is proposed."""
    from msgspec.structs import replace

    from lockgate.app.difference import difference
    from lockgate.app.people import known
    from lockgate.canon import encode
    from lockgate.render.standing import people_lines
    from lockgate.render.text import proposed
    from lockgate.render.words import called

    ports = session.ports()
    sheet = session.sheet(ports, result=True)
    there = known(ports)
    sheet = replace(sheet, names=there.names)
    lines = people_lines(there.house.roster, sheet)
    for one in there.house.state.house.proposals:
        if one.id in there.proposed:
            seen = difference(ports, there.house.state.house, "roster", encode(there.proposed[one.id]))
            lines += ["", proposed(one, seen.lines, seen.left_out, sheet)]
    once = {id_: name for id_, name in there.names.items() if id_ not in there.present()}
    if once:
        lines += ["", "no longer enrolled", *(f"  {called(id_, once)}  {id_}" for id_ in sorted(once, key=lambda each: once[each]))]
    told = {"version": there.house.roster.version, "people": there.house.roster.people, "names": there.names, "proposed": there.proposed}
    session.say(told, "\n".join(lines))


@command.command("show")
@with_session()
def show(session: Session) -> None:
    """The roster in force as YAML, as `people apply` reads it."""
    from lockgate.app.people import known
    from lockgate.evidence.roster_yaml import dump_roster

    there = known(session.ports())
    session.say(there.house.roster, dump_roster(there.house.roster, there.names).rstrip("\n"))


@command.command("add")
@click.argument("name")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key of theirs; may be repeated.")
@click.option(
    "--duty",
    "duties",
    multiple=True,
    metavar="ENV=DUTY",
    help="ENV=request, ENV=deploy, ENV=approve:DUTY, ENV=waive[:REQUIREMENT] or ENV=break-glass; may be repeated.",
)
@_roster_options
@with_session(key=True)
def add(session: Session, name: str, publics: tuple[str, ...], duties: tuple[str, ...], onto: str, beside: bool) -> None:
    """Enrol NAME, or give NAME more keys and duties.

    This proposes the next roster. To enrol several people at once, see `people apply`.
    """
    from lockgate.app.govern import enrolled, roster_with
    from lockgate.app.people import base, id_of, known
    from lockgate.errors import UsageError

    keys, signer = tuple(arguments.public_keys(publics)), session.signer()
    ports = session.ports()
    there = known(ports, forget=True)
    start = base(ports, there, onto)
    id_ = id_of(start.names, (person.id for person in start.people.people), name)
    if id_ is None and _ID(name):
        raise UsageError("people.unknown", f"nobody enrolled has the id {name}, and nobody is named like an id")
    if id_ is None:
        arguments.person_name(name)
    person = enrolled(start.people, id_ or arguments.fresh_person(), keys, duties)
    names = {person.id: name} if id_ is None else NOBODY
    told = _propose(session, ports, there, start, roster_with(start.people, person).people, names, signer, beside=beside)
    session.say({"person": person.id, **told}, person.id)


@command.command("apply")
@click.argument("file")
@_roster_options
@with_session(key=True)
def apply(session: Session, file: str, onto: str, beside: bool) -> None:
    """Propose the whole roster in FILE, as it was reviewed.

    Who is in it and not enrolled is enrolled; who is not in it is removed. `people show` writes one.
    """
    from lockgate.app.people import base, from_file, known
    from lockgate.evidence.keys import MAX_KEY
    from lockgate.evidence.roster_yaml import parse_roster
    from lockgate.evidence.yaml_tree import MAX_BYTES
    from lockgate.wire.files import read_head

    data = arguments.read(file, "roster.unreadable", MAX_BYTES + 1)
    read = parse_roster(data, file, lambda name: read_head(Path(file).parent / name, MAX_KEY + 1))
    signer = session.signer()
    ports = session.ports()
    there = known(ports, forget=True)
    start = base(ports, there, onto)
    people, names = from_file(start, read, arguments.fresh_person)
    for name in names.values():
        arguments.person_name(name)
    told = _propose(session, ports, there, start, people, names, signer, beside=beside)
    session.say({"people": {(names.get(one.id) or start.names.get(one.id, one.id)): one.id for one in people}, **told}, "\n".join(one.id for one in people))


@command.command("remove")
@click.argument("name")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="Only this key of theirs; may be repeated.")
@click.option("--duty", "duties", multiple=True, metavar="ENV=DUTY", help="Only this duty of theirs; may be repeated.")
@_roster_options
@with_session(key=True)
def remove(session: Session, name: str, publics: tuple[str, ...], duties: tuple[str, ...], onto: str, beside: bool) -> None:
    """Take NAME, or a key or duty of theirs, off the roster.

    This proposes the next roster. What they said stays recorded.
    """
    from lockgate.app.govern import reduced, roster_with, roster_without
    from lockgate.app.people import base, id_of, known

    keys, signer = tuple(arguments.public_keys(publics)), session.signer()
    ports = session.ports()
    there = known(ports, forget=True)
    start = base(ports, there, onto)
    id_ = id_of(start.names, (person.id for person in start.people.people), name) or name
    person = start.people.get(id_)
    following = roster_without(start.people, id_) if person is None or not (keys or duties) else roster_with(start.people, reduced(person, keys, duties))
    told = _propose(session, ports, there, start, following.people, NOBODY, signer, beside=beside)
    session.say({"person": id_, **told}, id_)


@command.command("name")
@click.argument("who")
@click.argument("name")
@with_session()
def name_(session: Session, who: str, name: str) -> None:
    """Give WHO, a person id or a name, the name NAME.

    Another name, or one again after it was erased. Names are no part of the record.
    """
    from lockgate.app.people import known, rename

    arguments.person_name(name)
    ports = session.ports()
    id_ = rename(ports, known(ports, forget=True), who, name)
    session.note(f"named     {id_}: {name}")
    session.say({"person": id_, "name": name}, id_)


@command.command("erase")
@click.argument("name")
@with_session()
def erase(session: Session, name: str) -> None:
    """Forget NAME's name. The log never held it; the person id stays."""
    from lockgate.app.people import id_of
    from lockgate.errors import UsageError

    ports = session.ports()
    names = ports.directory.names()
    id_ = id_of(names, names, name)
    if id_ is None:
        raise UsageError("people.unknown", f"the directory holds nobody called {name!r}")
    ports.directory.set(id_, None)
    session.note(f"erased    the name of {id_}")
    session.say({"person": id_, "erased": "name"}, id_)


def _again(session: Session, there: Known) -> str:
    """This very command, with what is to become of the newest roster proposed."""
    newest = [one.id for one in there.house.state.house.proposals if one.id in there.proposed][-1]
    context = click.get_current_context()
    words = ["lockgate", "people", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif parameter.multiple:
            words += [word for each in value or () for word in (parameter.opts[0], str(each))]
    return f"{shlex.join(words)} --onto {newest}{session.own_key}{session.place}"


def _propose(
    session: Session, ports: Ports, there: Known, start: Base, people: tuple[Person, ...], names: Mapping[str, str], signer: PersonSigner, *, beside: bool
) -> dict[str, object]:
    """Propose a roster of these people and keep their names; for machines, by which id it is approved and whether it is in force."""
    from lockgate.app.govern import roster_of
    from lockgate.app.people import require_none_open, same
    from lockgate.cli.propose import propose
    from lockgate.errors import LedgerError, UsageError

    following = roster_of(people, start.version)
    if same(people, start.people.people):
        what = f"{start.onto.id} proposes it" if start.onto else f"it is so in version {start.people.version}, in force"
        for id_, name in names.items():
            ports.directory.set(id_, name)
        session.note(f"roster    unchanged: {what} already, and nothing was recorded")
        return {"id": start.onto.id if start.onto else "", "inForce": start.onto is None}
    if not beside:
        try:
            require_none_open(there, start)
        except UsageError as err:
            raise UsageError(err.code, err.message, _again(session, there)) from None
    changed = propose(session, ports, following, "roster", signer, names, start.onto, then=_unknown_environments(ports, start, people))
    for id_, name in names.items():
        try:
            ports.directory.set(id_, name)
        except LedgerError as err:
            again = f"lockgate people name {id_} {shlex.quote(name)}{session.place}"
            raise LedgerError(err.code, f"the roster was recorded as leaf {changed.leaf}, and the name of {id_} was not kept: {err.message}", again) from None
    return {"id": changed.id, "inForce": changed.in_force}


def _unknown_environments(ports: Ports, start: Base, people: tuple[Person, ...]) -> str:
    """A line for each environment with new duties that the policy in force does not have, with the nearest it has."""
    import difflib

    from lockgate.app.project import project

    policy = project(ports, "").policy
    there = tuple(policy.environments) if policy else ()
    touched = {environment for person in people if person not in start.people.people for environment in person.duties}
    lines = []
    for environment in sorted(touched - set(there)) if there else ():
        near = difflib.get_close_matches(environment, there, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]!r}?" if near else "a duty there is of no use yet"
        lines.append(f"note      the policy in force has no environment {environment}: {meant}")
    return "\n".join(lines)
