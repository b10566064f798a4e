"""What a proposed document changes, line by line: what whoever signs is shown, and what the signature binds by digest.

People stand in it by id. Its digest is recorded for good, so that it may not tell a name that was erased since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core.digest import hex_of
from lockgate.core.identity import Person, Roster, fingerprint
from lockgate.core.policy import Policy
from lockgate.core.signers import root_digest
from lockgate.core.state import DocumentKind, House
from lockgate.errors import EvidenceError
from lockgate.evidence.place import read_policy, read_root, read_roster
from lockgate.render.standing import root_lines

if TYPE_CHECKING:
    from lockgate.app.inspect_root import Believed

MOST = 400
"""Lines that are shown, and bound. How many were left out is said inside what is signed."""


class Difference(Noun, frozen=True, kw_only=True):
    """What changes.

    Attributes:
        lines: each begins with ``+``, ``-``, a blank, or ``@@`` and where in the document it stands; none for no change.
        left_out: how many more there are.
    """

    lines: tuple[str, ...] = ()
    left_out: int = 0

    def text(self) -> str:
        """What is bound: the lines, as one text."""
        return "".join(line + "\n" for line in self.lines)

    def not_shown(self) -> tuple[str, ...]:
        """What nobody was shown, in words; empty where all was."""
        return (f"{self.left_out} more lines of the difference",) if self.left_out else ()


def difference(ports: Ports, house: House, kind: DocumentKind, after: bytes) -> Difference:
    """What this document would change, were it in force.

    Raises:
        UnreadableError: ``blob.missing`` and its like, for the document in force. EvidenceError: ``policy.malformed``,
            ``roster.malformed``, ``root.malformed``.
    """
    current = {"root": house.root, "roster": house.roster, "policy": house.policy}[kind]
    before = ports.blobs.get(current.digest) if current else None
    match kind:
        case "policy":
            found = _changed(*(_policy(read_policy(data)) if data else [] for data in (before, after)))
        case "roster":
            found = _people(read_roster(before) if before else None, read_roster(after))
        case _:
            found = _changed(*(root_lines(read_root(data)) if data else [] for data in (before, after)))
    shown: list[str] = []
    left_out = 0
    for line in found:
        if len(shown) < MOST:
            shown.append(line)
        else:
            left_out += 1
    return Difference(lines=tuple(shown), left_out=left_out)


def _policy(policy: Policy) -> list[str]:
    """A policy as YAML; of each trusted root its digest and whom it believes, for nobody reads certificates in base64."""
    from lockgate.evidence.policy_yaml import flow, policy_lines, quoted  # noqa: PLC0415  what shows no policy does not wait for a YAML library

    lines = policy_lines(policy)  # in no text of which there is a line end: it is written as an escape
    if not policy.trusted_roots:
        return lines
    from lockgate.app.inspect_root import inspect_root  # noqa: PLC0415  nor for certificates, where no root is

    lines.append("trusted-roots:")
    for name, root in policy.trusted_roots.items():
        lines += [f"  {quoted(name)}:", f"    digest: {root_digest(root)}"]
        try:
            believed = inspect_root(root.encode()).believed
        except EvidenceError as err:  # one that a later lockgate reads, or an earlier one did: it vouches for nobody here
            lines.append(f"    unreadable: {err.code}")
            continue
        lines += [f"    {one.kind}: {flow(_filled(one))}" for one in believed]
    return lines


def _filled(one: Believed) -> dict[str, str]:
    """What is said of one who is believed; nothing where there is no bound."""
    told = {"name": one.name, "algorithm": one.algorithm, "id": "" if one.id == hex_of(one.key) else one.id, "key": one.key}
    spans = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in (("from", one.start), ("to", one.end)) if at is not None}
    return {name: value for name, value in (told | spans).items() if value}


def _changed(before: list[str], after: list[str]) -> Iterator[str]:
    """Changed lines with two around them, and above each such place what it stands under."""
    import difflib  # noqa: PLC0415  only what differs waits for it

    for group in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(2):
        _, i, _, j, _ = group[0]
        under = _under(after, j) if j < len(after) else _under(before, i)
        if under:
            yield "@@ " + " > ".join(under)
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (" " + line for line in after[j1:j2])
                continue
            yield from ("-" + line for line in before[i1:i2])
            yield from ("+" + line for line in after[j1:j2])


def _under(lines: list[str], index: int) -> list[str]:
    """The keys a line of YAML stands under, outermost first."""
    found: list[str] = []
    indent = _indent(lines[index])
    for line in reversed(lines[:index]):
        if not indent:
            break
        if _indent(line) < indent:
            indent = _indent(line)
            found.insert(0, line.strip().removesuffix(":"))
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _people(before: Roster | None, after: Roster) -> Iterator[str]:
    """Everybody who is new, gone or changed, each under their id."""
    held = {person.id: person for person in before.people} if before else {}
    for person in after.people:
        old, new = _lines(held[person.id]) if person.id in held else [], _lines(person)
        if not old:
            yield "+" + person.id
        elif old != new:
            yield " " + person.id
        yield from _marked("-", (line for line in old if line not in new))
        yield from _marked("+", (line for line in new if line not in old))
    for gone in (person for id_, person in held.items() if after.get(id_) is None):
        yield from _marked("-", [gone.id, *_lines(gone)])


def _marked(mark: str, lines: Iterable[str]) -> Iterator[str]:
    return (mark + line for line in lines)


def _lines(person: Person) -> list[str]:
    keys = [f"  {fingerprint(key)} {key.partition(' ')[0]}" for key in person.keys]
    return sorted(keys) + [f"  {environment}: {', '.join(sorted(duties))}" for environment, duties in sorted(person.duties.items())]
