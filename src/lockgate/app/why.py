"""why: a decision explained, or what the gate would say now. Nothing here records."""

from __future__ import annotations

from lockgate.app import asking, gate
from lockgate.app.earlier import with_earlier
from lockgate.app.gather import complete, fetch
from lockgate.app.hours import tzdata_of, with_zones
from lockgate.app.inside import with_inside
from lockgate.app.permit import outstanding
from lockgate.app.project import project, trusted_head
from lockgate.app.world import Ports
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.decide import decide
from lockgate.core.digest import digest_of
from lockgate.core.model import Release
from lockgate.core.ports import PersonSigner
from lockgate.core.rechecked import Mark, Rechecked
from lockgate.errors import UsageError
from lockgate.evidence import record


def explain(ports: Ports, index: int) -> tuple[events.Decided, Release]:
    """A recorded decision, signed by the permit key that was in force where it stands.

    Raises:
        UsageError: ``log.no-such-leaf``, ``replay.not-a-decision``. EvidenceError: ``event.other-key``, ``signature.bad``.
    """
    event, release = explain_any(ports, index)
    if isinstance(event, Rechecked):
        raise UsageError("replay.not-a-decision", f"leaf {index} is no decision, but a recheck of decision {event.decision}")
    return event, release


def explain_any(ports: Ports, index: int) -> tuple[events.Decided | Rechecked, Release]:
    """As `explain`, of a recheck too."""
    size = trusted_head(ports).size
    if not 0 <= index < size:
        raise UsageError("log.no-such-leaf", f"there is no leaf {index}: the log has {size}, from 0")
    leaf = record.read_leaf(ports.log.leaf(index))
    opened = record.open_envelope(leaf.event)
    if not isinstance(opened.event, events.Decided | Rechecked):
        raise UsageError("replay.not-a-decision", f"leaf {index} is no decision: its kind is {events.kind_of(opened.event)}")
    record.check_permit_signature(leaf.event, project(ports, "", index).root.permit)
    return opened.event, Release(artifacts=opened.subjects, config=opened.event.config)


def marked(ports: Ports, decision: events.Decided, index: int) -> tuple[Mark, ...]:
    """What rechecks made of a decision since, as far as it is remembered."""
    found = project(ports, decision.environment).state.environment.mark(index)
    return (found,) if found is not None else ()


def would(ports: Ports, ask: gate.GateRequest, signer: PersonSigner | None) -> tuple[events.Decided, gate.Resolved]:
    """What the gate would decide now, and of what. The same steps as `gate`, without the last."""
    resolved = gate.resolve(ports, ask.refs, ask.config, ask.platform)
    own, others = gate.look(ports, ask.environment)
    gate.require_answerable(own, ask)
    found = with_earlier(ports, fetch(ports, resolved.places), own, resolved.release.artifacts, ports.clock.now())
    basket, asked = asking.question(ports, own, ask.environment, ask.nonce, resolved.release, signer, found)
    basket = with_zones(ports, basket, own.policy_in_force(), ask.environment)
    basket = with_inside(ports, basket, own.policy_in_force(), ask.environment)
    now = ports.clock.now()
    subject = asking.subject_of(own, resolved.release, ask.environment, ask.request, asked, now)
    basket, facts = complete(ports, basket, resolved.release.artifacts, own, others, now)
    judgement = decide(subject, own.policy_in_force(), facts, now, own.root)
    if (index := gate.held(own, subject, judgement)) is not None:
        return outstanding(ports, ask.environment, index, resolved.release), resolved
    return gate.decision_of(subject, judgement, own, digest_of(encode(basket.manifest)), now, tzdata_of(basket.manifest)), resolved
