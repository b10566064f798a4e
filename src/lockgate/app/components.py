"""What changes in what a release is made of, line by line: shown to whoever approves it, and bound into what they sign.

Both sides are read from the evidence of recorded decisions: the one by which what runs was let in, and the newest about exactly what is asked for,
wherever it was made. An approver has the gate's record at hand, and not always the artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lockgate.app.difference import MOST, Difference
from lockgate.app.former import Former, bills_of, decision_in, pieces
from lockgate.app.project import Projection
from lockgate.app.world import Ports
from lockgate.core.components import Sbom
from lockgate.core.digest import Digest
from lockgate.core.sbom_difference import Bag, Change, Version, bag, difference
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.render.words import count

LEAVES = 64
"""The newest leaves about an artifact that are looked at for a decision."""


def dependencies(ports: Ports, own: Projection, artifacts: tuple[Digest, ...], now: datetime) -> Difference:
    """The component versions that come and go, were this let in; no lines where that was not collected, which is not the same as no change.

    Args:
        ports: the world. own: the environment.
        artifacts: of what is asked for.
        now: UTC.

    Raises:
        LedgerError: the log's.
    """
    occupant = own.state.environment.occupant()
    asked = _newest(ports, own, artifacts, now)
    if occupant is None or asked is None:
        return Difference()
    try:
        runs = _made_of(ports, own, decision_in(ports.log.leaf(occupant.decision)), now)
    except (EvidenceError, UnreadableError):
        return Difference()
    return _told(runs, asked) if runs is not None else Difference()


def _newest(ports: Ports, own: Projection, artifacts: tuple[Digest, ...], now: datetime) -> Bag | None:
    """What it is made of, by the newest decision about it that can be read; None for none."""
    for index in reversed([index for index in ports.index.find("digest", artifacts[0]) if 0 <= index < own.size][-LEAVES:]):
        try:
            former = decision_in(ports.log.leaf(index))
            found = _made_of(ports, own, former, now) if former.artifacts == artifacts else None
        except (EvidenceError, UnreadableError):
            continue
        if found is not None:
            return found
    return None


def _made_of(ports: Ports, own: Projection, former: Former, now: datetime) -> Bag | None:
    """All its components, by every bill that a signer of the policy vouches for; None where an artifact has none."""
    held = pieces(ports, former.event.evidence)
    blobs = {one.digest: ports.blobs.get(one.digest) for one in held}
    bills = bills_of(held, blobs, former.artifacts, own.policy_in_force(), own.state.environment.name, now)
    of: dict[Digest, list[Sbom]] = {artifact: [one for one in bills if one.subject == artifact] for artifact in former.artifacts}
    return bag([component for one in each for component in one.components] for each in of.values()) if all(of.values()) else None


def _told(runs: Bag, asked: Bag) -> Difference:
    changes = difference(runs, asked)
    lines = list(_lines(changes, runs, asked))
    return Difference(lines=tuple(lines[:MOST]), left_out=max(0, len(lines) - MOST))


def _lines(changes: tuple[Change, ...], runs: Bag, asked: Bag) -> Iterator[str]:
    added, removed = sum(not one.before for one in changes), sum(not one.after for one in changes)
    untold = runs.untold + asked.untold
    tail = f"; {count(untold, 'component')} without a version cannot be told" if untold else ""
    yield f"@@ dependencies: {added} added, {removed} removed, {len(changes) - added - removed} changed, of {len(asked.held)}{tail}"
    for one in changes:
        yield from (f"-{Version(one.package, version).text()}" for version in one.before)
        yield from (f"+{Version(one.package, version).text()}" for version in one.after)
