"""Telling a decision: on stderr, for people, with the one command that comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from lockgate.cli.released import Named
from lockgate.cli.session import Session

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.canon import Noun
    from lockgate.core import events
    from lockgate.core.identity import Duty, Fingerprint, PersonId, Roster
    from lockgate.render.next_step import Asked, Next
    from lockgate.render.words import Sheet


def tell_decision(
    session: Session,
    ports: Ports,
    decided: events.Decided,
    *,
    place: str,
    about: Named,
    pinned: Sequence[str],
    by_tag: bool = True,
    again: str = "",
) -> Next | None:
    """Tell the decision and, where it is no yes, what comes next, which is returned for JSON.

    Args:
        session, ports: this run.
        decided: the decision.
        place: where it stands.
        about: the release, as it was named. pinned: its references with digests.
        by_tag: False where a platform was chosen, which only the pinned references say.
        again: to ask the same once more, where that is not `gate`'s to ask.
    """
    from lockgate.core.model import Release
    from lockgate.errors import LockgateError
    from lockgate.render import text
    from lockgate.render.next_step import following
    from lockgate.render.words import artifacts

    if not session.json:
        release = Release(artifacts=tuple(sorted(ref.rpartition("@")[2] for ref in pinned)), config=decided.config)
        session.note(text.decision(decided, artifacts(release, pinned), place, session.sheet(ports)))
    found = None
    if decided.outcome != "allowed":
        with suppress(LockgateError):  # the decision stands and is told, whatever cannot be looked up for a hint
            put = asked(session, ports, decided.environment, about, tuple(pinned), decided.person, by_tag=by_tag, again=again)
            found = following(decided, put)
            tell_next(session, found, session.sheet(ports))
    return found


def tell_next(session: Session, found: Next | None, sheet: Sheet) -> None:
    """``next:`` and what comes next; ``try:`` where a word is left to the user; ``wait:`` where, typed now, it would answer the same."""
    from lockgate.render.words import ago, when

    if found is None:
        return
    if found.not_before is not None:
        session.note(f"wait:  until {when(found.not_before)}{ago(found.not_before, sheet)}, then: {found.command}")
    elif found.open:
        session.note(f"try:   {found.command}")
    else:
        session.next(found.command)


def with_next(value: Noun, found: Next | None) -> dict[str, object]:
    """A result as JSON, with what comes next beside it."""
    import msgspec

    return {**msgspec.to_builtins(value), **({"next": found} if found is not None else {})}


def asked(
    session: Session, ports: Ports, environment: str, about: Named, pinned: tuple[str, ...], person: PersonId | None, *, by_tag: bool, again: str = ""
) -> Asked:
    """How the question was put, with the keys at hand here: of the policy, and of people who may deploy there."""
    from lockgate.app.project import project
    from lockgate.core.identity import fingerprint
    from lockgate.render.next_step import Asked
    from lockgate.wire import keys_at_hand

    house, held = project(ports, ""), keys_at_hand(session.config)
    prints = {name: fingerprint(key) for name, key in house.policy.keys.items()} if house.policy else {}
    keys = {name: held[print_] for name, print_ in prints.items() if print_ in held}
    requester = next((held[each] for each in _prints(house.roster, "request", environment) if each in held), "KEY")
    own = not session.own_key or (person is not None and house.roster.may(person, "request", environment))
    return Asked(
        refs=about.refs if by_tag else pinned,
        typed=about.typed if by_tag else pinned,
        places={place.rpartition("@")[2]: ref for place, ref in zip(pinned, about.refs if by_tag else pinned, strict=False)},
        options=session.place,
        reach=session.reach,
        config="".join(f" --config {shlex.quote(path)}" for path in about.config_typed),
        own_key=session.own_key,
        again=again,
        keys=keys,
        deployer=next((held[each] for each in _prints(house.roster, "deploy", environment) if each in held), ""),
        request_key=session.own_key if own else f" --key {shlex.quote(requester)}",
    )


def _prints(roster: Roster, duty: Duty, environment: str) -> Iterator[Fingerprint]:
    """The keys of everybody who has this duty there."""
    from lockgate.core.identity import fingerprint

    return (fingerprint(key) for person in roster.people if roster.may(person.id, duty, environment) for key in person.keys)
