"""doctor, at the log: what the pinned root, this account's memory, the index, the clock and the roster say of each other. Nothing is written.

Each check stands for itself: what one of them raises is what it found, and the next is made all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from lockgate.app.project import Projection, project, trusted_head
from lockgate.app.world import Ports
from lockgate.core.health import Finding, fail, ok, warn
from lockgate.core.identity import PublicKey, Root, fingerprint
from lockgate.errors import LockgateError, UsageError
from lockgate.evidence.keys import blob_of
from lockgate.ledger.note import verifier_key

SOON = timedelta(days=30)
MANY = 2_000
"""Leaves that the index may lack, without anybody noticing when they are filed."""


def problem(check: str, err: LockgateError) -> Finding:
    """What could not be looked at, or must not be believed."""
    return fail(check, err.message, code=err.code, remedy=err.remedy)


def trust(pinned: Root | None, file: str, found: str, vkey: str) -> Finding:
    """The pinned root, and whether it is this log's.

    Args:
        pinned: None for none. file: where it stands. found: how that came to be this one.
        vkey: the log's key as the gate says it; empty where there is no gate to ask.
    """
    if pinned is None:
        return warn("trust", "no lockgate.trust was found or named: nothing is allowed, proven or remembered without", code="root.unpinned")
    if vkey and pinned.log != vkey:
        return fail("trust", f"{file}, {found}, pins another log than this gate's", code="root.other-log")
    return ok("trust", f"{file}, {found}: root version {pinned.version} of {pinned.log.partition('+')[0]}")


def log_findings(ports: Ports, own: PublicKey | None, permit: PublicKey | None) -> list[Finding]:
    """Everything that the log itself says.

    Args:
        ports: opened for looking.
        own: the user's key. permit: the one in keys/permit.key. None where there is none to be had, which was told already.
    """
    found = [_tried("head", lambda: _head(ports)), _tried("index", lambda: _index(ports))]
    try:
        house = project(ports, "")
    except LockgateError as err:
        return [*found, *([] if err.code in {one.code for one in found} else [problem("history", err)])]
    now = ports.clock.now()
    found += [_permit_key(house, permit)] if permit is not None else []
    found += [_root(house, now), _clock(house, now), _policy(house), _proposals(house), *_ignored(house)]
    return [*found, _you(house, own)] if own is not None else found


def _tried(check: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except LockgateError as err:
        return problem(check, err)


def _head(ports: Ports) -> Finding:
    remembered = ports.heads.recall(ports.log.vkey)
    size = trusted_head(ports).size
    if remembered is None:
        return warn("head", f"{size:,} leaves, and this account remembers no head of this log: an older copy could not be told", code="head.unpinned")
    return ok("head", f"{size:,} leaves, and the head this account remembers is one of their heads")


def _index(ports: Ports) -> Finding:
    size, filed = ports.log.head().size, ports.index.cursor()
    if filed > size:
        return fail("index", f"the index names {filed:,} leaves, and the log has {size:,}", code="index.differs")
    said = f"{filed:,} of {size:,} leaves are filed; the rest is, when next a command opens the gate"
    if size - filed > MANY:
        return warn("index", f"{said}, which will take a while", remedy="lockgate status")
    return ok("index", said if filed < size else "all leaves are filed")


def _permit_key(house: Projection, public: PublicKey) -> Finding:
    """Whether the permit key in keys/ is the one that the root in force names."""
    if house.root.permit != public:
        held, named = fingerprint(public), fingerprint(house.root.permit)
        return fail("permit key", f"keys/permit.key is {held}, and the root in force names {named}", code="permit.other-key")
    return ok("permit key", fingerprint(public))


def _root(house: Projection, now: datetime) -> Finding:
    said = f"version {house.root.version} is in force until {house.root.expires:%Y-%m-%d}"
    if house.root.expires <= now:
        return fail(
            "root", f"version {house.root.version} ended {house.root.expires:%Y-%m-%d %H:%M:%S} UTC, and nothing is decided any more", code="root.expired"
        )
    if house.root.expires - now <= SOON:
        return warn("root", f"{said}, in {(house.root.expires - now).days} d: from then on nothing is decided", code="root.expired")
    return ok("root", said)


def _clock(house: Projection, now: datetime) -> Finding:
    if now < house.latest:
        return fail("clock", f"it says {now:%Y-%m-%d %H:%M:%S} UTC, and the newest leaf is of {house.latest:%Y-%m-%d %H:%M:%S}", code="time.behind-log")
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, after the newest leaf, of {house.latest:%Y-%m-%d %H:%M:%S}")


def _policy(house: Projection) -> Finding:
    if house.policy is None or house.state.house.policy is None:
        return warn("policy", "none is in force, so that nothing can be decided", code="policy.none-in-force")
    return ok("policy", f"version {house.state.house.policy.version} is in force, for {', '.join(sorted(house.policy.environments))}")


def _proposals(house: Projection) -> Finding:
    open_ = house.state.house.proposals
    if not open_:
        return ok("proposals", "none waits for the owners")
    waits = ", ".join(f"{one.kind} version {one.version} ({one.id})" for one in open_[:4])
    return warn("proposals", f"{len(open_)} open, for owners to approve or reject: {waits}", remedy="lockgate status")


def _ignored(house: Projection) -> list[Finding]:
    if not house.ignored:
        return []
    leaves = ", ".join(f"{index} ({code})" for index, code in list(house.ignored.items())[:4])
    return [
        fail("leaves", f"{len(house.ignored)} about policy, people or root mean nothing, and were written past the gate: {leaves}", remedy="lockgate log check")
    ]


def _you(house: Projection, own: PublicKey) -> Finding:
    """Who the user is to this gate."""
    owner = "an owner; " if fingerprint(own) in map(fingerprint, house.root.owners) else ""
    person = house.roster.person_of(own)
    if person is None:
        if owner:
            return ok("you", "an owner, and nobody in the roster")
        return warn("you", f"{fingerprint(own)} is enrolled as nobody", code="key.not-enrolled")
    duties = "; ".join(f"{environment}: {', '.join(each)}" for environment, each in sorted(person.duties.items()))
    return ok("you", f"{owner}{person.id}; {duties or 'no duties'}")


def log_key(vkey: str, origin: str, public: PublicKey) -> Finding:
    """Whether the log key in keys/ is this log's."""
    try:
        ours = str(verifier_key(origin, blob_of(public)[-32:])) == vkey
    except LockgateError as err:
        return problem("log key", err)
    return (
        ok("log key", fingerprint(public)) if ours else fail("log key", "the key in keys/log.key is not the one this log is signed with", code="log.wrong-key")
    )


def own_key(err: LockgateError) -> Finding:
    """The user's own key, where there is none to be had."""
    if isinstance(err, UsageError) and err.code == "key.none":
        return warn("your key", "none is named, and init made none here", code="key.none", remedy="export LOCKGATE_KEY=FILE")
    return problem("your key", err)
