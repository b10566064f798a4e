"""Alerts: a follower of the log that tells of every recheck that was recorded. Nothing is lost, and something may be told twice.

1  what is recorded is durable before anybody hears of it
2  alerts go out in the log's order; one that is not taken stops those behind it until the next time
3  the cursor moves when an alert was taken: whoever dies in between tells it again, under the same leaf
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lockgate.app.project import project, trusted_head
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.model import DigestOrNone
from lockgate.core.outcome import Outcome
from lockgate.core.recheck import runs_or_may
from lockgate.core.rechecked import Answer, Rechecked, against
from lockgate.core.telling import Courier, Cursor
from lockgate.errors import LedgerError
from lockgate.evidence import record

SCHEMA: Literal["https://lockgate.dev/alert/v1"] = "https://lockgate.dev/alert/v1"


class Alert(Noun, frozen=True, kw_only=True):
    """What is told of one recheck. Canonical JSON; fields are only ever added.

    Attributes:
        schema: of this form.
        origin: the log's name. leaf: where the recheck stands in it; an alert with a leaf seen before is the same one again.
        recorded_at: when.
        environment, artifacts, config, decision: what it is about.
        runs: whether it runs there, or perhaps does; else it is a permit that was not used.
        outcome: ``refused``, ``undecided``, or ``allowed`` again. requirement, code: of the first thing against it.
        outcomes: of everything that was asked.
    """

    schema: Literal["https://lockgate.dev/alert/v1"]
    origin: str
    leaf: int
    recorded_at: Time
    environment: Name
    artifacts: tuple[Digest, ...]
    config: DigestOrNone
    decision: int
    runs: bool
    outcome: Answer
    requirement: str
    code: str
    outcomes: tuple[Outcome, ...]


class Told(Noun, frozen=True, kw_only=True):
    """What came of telling.

    Attributes:
        delivered: alerts that were taken. left: those that were not, and are told the next time.
        why: what became of the first of those.
    """

    delivered: int
    left: int
    why: str = ""


def pending(ports: Ports, since: int) -> Iterator[tuple[int, Alert]]:
    """The alerts of the leaves from `since` on that are facts, oldest first, each with its leaf."""
    size = trusted_head(ports).size
    for index in ports.index.find("kind", "rechecked"):
        if not since <= index < size:
            continue
        leaf = record.read_leaf(ports.log.leaf(index))
        opened = record.open_envelope(leaf.event)
        event = opened.event
        if not isinstance(event, Rechecked):
            raise LedgerError("index.differs", f"the index files leaf {index} as a recheck, and it is none", "lockgate log rebuild")
        own = project(ports, event.environment, index + 1)
        if str(index) in own.ignored:
            continue
        there = runs_or_may(own.state.environment).get(event.decision)
        requirement, code = against(event.outcomes) if event.outcome != "allowed" else ("", "")
        yield (
            index,
            Alert(
                schema=SCHEMA,
                origin=ports.log.origin,
                leaf=index,
                recorded_at=leaf.at,
                environment=event.environment,
                artifacts=opened.subjects,
                config=event.config,
                decision=event.decision,
                runs=there is not None and there[1] is not None,
                outcome=event.outcome,
                requirement=requirement,
                code=code,
                outcomes=event.outcomes,
            ),
        )


def tell(ports: Ports, cursor: Cursor, courier: Courier) -> Told:
    """Deliver what was not delivered yet; what is not taken is left for the next time.

    Raises:
        UnreadableError: ``alert.cursor-unreadable``. LedgerError: ``alert.cursor-unwritable``, ``index.differs``.
    """
    waiting = list(pending(ports, cursor.read()))
    for number, (index, alert) in enumerate(waiting):
        try:
            courier.deliver(encode(alert))
        except LedgerError as err:
            return Told(delivered=number, left=len(waiting) - number, why=err.message)
        cursor.move(index + 1)
    return Told(delivered=len(waiting), left=0)
