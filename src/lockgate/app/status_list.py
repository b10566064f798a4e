"""Issuing the status list: history is read, nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lockgate.app.gate import require_permit_key
from lockgate.app.project import project, trusted_head
from lockgate.app.recall import ever_named
from lockgate.app.say import require_clock
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.duration import Duration
from lockgate.core.identity import Name
from lockgate.core.revocation import EVERY_PERMIT
from lockgate.core.state import PERMIT_GRACE, EnvironmentState, House
from lockgate.errors import TrustError
from lockgate.evidence import status


def issue(ports: Ports, max_age: Duration) -> tuple[status.StatusList, bytes]:
    """The list of what is revoked now, and its file, signed by the permit key.

      1  the head is looked at before history, so that nothing in the list is older than the head it holds
      2  every environment that a policy ever named is read: one that cannot be read leaves nothing to say
      3  what would be over by itself is left out

    Raises:
        TrustError: ``root.unpinned``, ``permit.no-key``, ``permit.other-key``. LedgerError, UnreadableError: as `project`.
    """
    if ports.pinned is None:
        raise TrustError("root.unpinned", "no root is pinned that vouches for what is revoked: no list was made")
    head = trusted_head(ports)
    house = project(ports, "")
    permit = require_permit_key(ports, house)
    now = require_clock(ports, house)
    struck = list(_struck(events.HOUSE, house.state.house, now))
    runs = []
    for environment in sorted(ever_named(ports)):
        state = project(ports, environment, beside=house).state.environment
        struck += [*_struck(environment, state, now), *_rechecked(environment, state, now)]
        runs += [status.Runs(environment=environment, release=stay.release) for stay in (state.occupant(),) if stay is not None]
    listed = status.StatusList(
        log=house.state.house.genesis,
        checkpoint=head.note.decode(),
        issued_at=now,
        status_max_age=max_age,
        revoked=tuple(struck),
        runs=tuple(runs),
    )
    return listed, status.seal(listed, permit.public, permit.sign(status.to_sign(listed)))


def _rechecked(environment: Name, held: EnvironmentState, now: datetime) -> Iterator[status.Struck]:
    running = held.run_by()
    for one in held.rechecked:
        over = one.until is not None and now - one.until >= PERMIT_GRACE and one.decision not in running
        if one.struck >= 0 and not over:
            yield status.Struck(environment=environment, permit=one.decision, leaf=one.struck, reason="rechecked")


def _struck(environment: Name, held: House | EnvironmentState, now: datetime) -> Iterator[status.Struck]:
    running = held.run_by() if isinstance(held, EnvironmentState) else ()
    if held.forgot >= 0:
        yield status.Struck(environment=environment, before=held.forgot, leaf=held.forgot)
    for one in held.revoked:
        if one.until is not None and now - one.until >= PERMIT_GRACE and one.permit not in running:
            continue
        digests = one.digests if one.permit == EVERY_PERMIT else ()
        yield status.Struck(environment=environment, permit=one.permit, digests=digests, before=one.lifted, leaf=one.leaf, reason=one.reason)
