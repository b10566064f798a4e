"""Changing what governs the gate: propose a document, approve it where one may, and say how far it is."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from lockgate.app import request
from lockgate.app.counting import backed
from lockgate.app.difference import Difference
from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.counts import Backed
from lockgate.core.digest import digest_of
from lockgate.core.identity import DUTY, Person, PersonId, PublicKey, Root, Roster, fingerprint
from lockgate.core.model import RequestId
from lockgate.core.policy import Policy
from lockgate.core.ports import PersonSigner
from lockgate.core.state import Document, DocumentKind, House
from lockgate.errors import UsageError
from lockgate.evidence import keys, record

KINDS: dict[type[Noun], DocumentKind] = {Policy: "policy", Roster: "roster", Root: "root"}


class Changed(Noun, frozen=True, kw_only=True):
    """A proposed document.

    Attributes:
        id: by which others approve it. version: its own.
        in_force: whether it is, already. leaf: where it was proposed.
        backed: how many owners approved it; None where it is in force.
    """

    id: RequestId
    version: int
    in_force: bool
    leaf: int
    backed: Backed | None = None


def change(
    ports: Ports, document: Policy | Roster | Root, id_: RequestId, nonce: str, lasts: timedelta, signer: PersonSigner, seen: Difference | None = None
) -> Changed:
    """Propose a document and, where the signer is an owner, approve it.

    Args:
        ports, document: the world, and the next version.
        id_, nonce: fresh ones. lasts: how long the signer's own approval does.
        signer: whose proposal it is.
        seen: what the signer was shown of it.

    Raises:
        LockgateError: as `request.propose` and `request.approve`; ``request.unknown`` where another proposal was put in
            force before this one could be approved.
    """
    recorded = request.propose(ports, document, id_, signer)
    if signer.public in project(ports, "").root.owners:
        request.approve(ports, request.find(ports, id_), "owner", nonce, lasts, signer, seen)
    proposed = record.open_envelope(record.read_leaf(ports.log.leaf(recorded.index)).event)
    version = proposed.event.version if isinstance(proposed.event, events.Proposal) else 0
    present = project(ports, "")
    held = documents(present.state.house)[KINDS[type(document)]]
    in_force = held is not None and (held.version, held.digest) == (version, *proposed.subjects)
    return Changed(id=id_, version=version, in_force=in_force, leaf=recorded.index, backed=None if in_force else standing(ports, present, id_))


def standing(ports: Ports, present: Projection, id_: RequestId) -> Backed | None:
    """How many owners approved an open proposal; None where none of this id is open."""
    open_ = next((one for one in present.state.house.proposals if one.id == id_), None)
    return backed(present.state.house, open_, present.root, present.roster, ports.clock.now()) if open_ else None


def documents(house: House) -> dict[DocumentKind, Document | None]:
    """What is in force, by kind."""
    return {"root": house.root, "roster": house.roster, "policy": house.policy}


def unchanged(house: House, document: Policy | Roster | Root) -> str:
    """``in force`` where this very document is, else the id of the open proposal of it, else empty."""
    kind, digest = KINDS[type(document)], digest_of(encode(document))
    held = documents(house)[kind]
    if held is not None and held.digest == digest:
        return "in force"
    return next((one.id for one in house.proposals if (one.kind, one.digest) == (kind, digest)), "")


def next_root(now: Root, owners: tuple[PublicKey, ...], threshold: int, permit: str, expires: datetime) -> Root:
    """The root after this one.

    Args:
        now: the root in force.
        owners: all of them; empty leaves them. threshold: 0 leaves it.
        permit: the permit key from then on; empty leaves it.
        expires: its end.

    Raises:
        UsageError: ``root.bad-value``.
    """
    if permit and permit.partition(" ")[0] not in {keys.ED25519, keys.P256}:
        raise UsageError("root.bad-value", "this root cannot be: a permit key is Ed25519 or ECDSA P-256, for others make no signature that a permit has")
    try:
        return Root(
            version=now.version + 1,
            threshold=threshold or now.threshold,
            owners=tuple(dict.fromkeys(owners)) or now.owners,
            log=now.log,
            permit=permit or now.permit,
            genesis=now.genesis,
            witnesses=now.witnesses,
            expires=expires,
            previous=digest_of(encode(now)),
        )
    except ValueError as err:
        raise UsageError("root.bad-value", f"this root cannot be: {err}") from None


def enrolled(current: Roster, id_: PersonId, keys: tuple[PublicKey, ...], duties: tuple[str, ...]) -> Person:
    """A person, new or with more keys and duties than before.

    Args:
        current: the roster in force. id_: theirs.
        keys: public keys to add.
        duties: ``<environment>=<duty>`` to add.

    Raises:
        UsageError: ``people.bad-duty``, ``people.no-key``.
    """
    before = current.get(id_)
    all_keys = tuple(dict.fromkeys((*(before.keys if before else ()), *keys)))
    if not all_keys:
        raise UsageError("people.no-key", "a person is enrolled with a public key: name its file with --public")
    held = {environment: set(found) for environment, found in before.duties.items()} if before else {}
    for text in duties:
        environment, _, duty = text.partition("=")
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", environment) or not re.match(DUTY, duty):
            raise UsageError(
                "people.bad-duty", f"{text[:80]!r} is no duty: write ENV=request, ENV=deploy, ENV=approve:DUTY, ENV=waive:REQUIREMENT or ENV=break-glass"
            )
        held.setdefault(environment, set()).add(duty)
    return Person(id=id_, keys=all_keys, duties={environment: tuple(sorted(found)) for environment, found in held.items()})


def reduced(person: Person, keys: tuple[PublicKey, ...], duties: tuple[str, ...]) -> Person:
    """A person with fewer keys and duties.

    Args:
        person: as they are.
        keys: public keys to take away. duties: ``<environment>=<duty>`` to take away.

    Raises:
        UsageError: ``people.not-held`` where they have no such key or duty; ``people.no-key`` where no key is left.
    """
    held = {f"{environment}={duty}": (environment, duty) for environment, found in person.duties.items() for duty in found}
    strange = [fingerprint(key) for key in keys if key not in person.keys] + [repr(text[:80]) for text in duties if text not in held]
    if strange:
        has = ", ".join(sorted(held)) or "no duty"
        raise UsageError("people.not-held", f"{person.id} does not have {' nor '.join(strange)}: nothing was proposed. They have {has}")
    left = tuple(key for key in person.keys if key not in keys)
    if not left:
        raise UsageError("people.no-key", "nobody is enrolled without a key: to take the last one away, remove the person")
    kept = {environment: tuple(duty for duty in found if f"{environment}={duty}" not in duties) for environment, found in person.duties.items()}
    return Person(id=person.id, keys=left, duties={environment: found for environment, found in kept.items() if found})


def roster_with(current: Roster, person: Person) -> Roster:
    """The next roster, with this person added or replaced, in their place.

    Raises:
        UsageError: ``roster.key-shared`` where a key belongs to somebody else.
    """
    new = () if current.get(person.id) else (person,)
    return roster_of((*(person if one.id == person.id else one for one in current.people), *new), current.version + 1)


def roster_of(people: tuple[Person, ...], version: int) -> Roster:
    """A roster. Raises UsageError ``roster.key-shared`` where a key would belong to two people."""
    try:
        return Roster(version=version, people=people)
    except ValueError as err:
        raise UsageError("roster.key-shared", f"this roster cannot be: {err}") from None


def roster_without(current: Roster, person: str) -> Roster:
    """The next roster, without this person.

    Raises:
        UsageError: ``people.unknown``.
    """
    if current.get(person) is None:
        raise UsageError("people.unknown", f"nobody enrolled has the id {person}")
    return Roster(version=current.version + 1, people=tuple(one for one in current.people if one.id != person))
