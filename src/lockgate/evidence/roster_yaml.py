"""A roster as a file for review, and back: who has which keys and duties, people by name.

people:
  "Ada":
    id: p-…                      who is enrolled already may be named by id; without one, the name is looked up
    keys:
      - {ed25519: "…"}           in the forms of a policy's keys (`policy_keys`); {file: ada.pub} is read and kept by value
    duties:
      staging: [deploy]
      production: [deploy, request]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec

from lockgate.canon import Noun
from lockgate.core.identity import Duty, Name, PersonId, PublicKey, Roster
from lockgate.errors import PolicyError
from lockgate.evidence import policy_keys
from lockgate.evidence.policy_yaml import flow, parse_struct, quoted


class Entry(Noun, frozen=True, kw_only=True):
    """One person of the file. `id` is None for whoever is found by name, or is new."""

    id: PersonId | None = None
    keys: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=64)]
    duties: dict[Name, tuple[Duty, ...]] = {}


class RosterFile(Noun, frozen=True, kw_only=True):
    """A whole roster: whoever is not in it is removed."""

    people: Annotated[dict[Annotated[str, msgspec.Meta(min_length=1, max_length=200)], Entry], msgspec.Meta(min_length=1, max_length=10_000)]


def parse_roster(data: bytes, filename: str, read_file: Callable[[str], bytes] | None) -> RosterFile:
    """The roster in this file. Raises PolicyError ``roster.bad-file``, with one line ``file:line:column: …`` for each of the first problems."""
    try:
        return parse_struct(data, filename, RosterFile, "the roster", read_file)
    except PolicyError as err:
        raise PolicyError("roster.bad-file", err.message) from None


def dump_roster(roster: Roster, names: Mapping[PersonId, str]) -> str:
    """The roster as YAML that reads back as the same people; whoever has no name of their own is called by id.

    Raises:
        EvidenceError: ``key.malformed``, for a key that is none.
    """
    lines = ["people:"]
    known = [names.get(person.id, "") for person in roster.people]
    for person, name in zip(roster.people, known, strict=True):
        lines += [f"  {quoted(name if name and known.count(name) == 1 else person.id)}:", f"    id: {person.id}", "    keys:"]
        lines += [f"      - {flow(dict([policy_keys.write(key)]))}" for key in person.keys]
        if person.duties:
            lines.append("    duties:")
        lines += [f"      {quoted(environment)}: {flow(duties)}" for environment, duties in sorted(person.duties.items())]
    return "\n".join(lines) + "\n"
