"""A deployment whose end was never told: lockgate or its machine died. What runs is unknown from its begin on; here that is said and signed.

Who says it: whoever began it, where nothing of it lives on this machine or they say outright that it is not coming back; or, once the time is past
in which its end had to be told, whoever may deploy there. Until then another deployment does not begin: two at once, and nobody knows what runs.
"""

from __future__ import annotations

from lockgate.app import say
from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.digest import Digest, hex_of
from lockgate.core.identity import PersonId
from lockgate.core.ports import PersonSigner
from lockgate.core.state import Running
from lockgate.errors import TrustError


def mark(log: Digest, decision: int) -> str:
    """What a deployment is called among those under way on this machine."""
    return f"{hex_of(log)[:32]}-{decision}"


def settle(ports: Ports, own: Projection, person: PersonId, signer: PersonSigner, *, abandon: bool) -> tuple[Projection, Running | None]:
    """Record that nobody knows how the unfinished deployment ended, where there is one; the environment after that, and which one it was.

    Raises:
        TrustError: ``deployed.under-way`` where it may still go on, and nobody here can say that it does not.
        LockgateError: from the signature or the ledger.
    """
    environment, running = own.state.environment, own.state.environment.running
    if running is None:
        return own, None
    name, now = mark(own.state.house.genesis, running.decision), say.require_clock(ports, own)
    mine = running.person == person
    if now < running.ends_by and not (mine and (abandon or ports.underway.died(name))):
        whose = "your" if mine else f"{running.person}'s"
        remedy = "lockgate deploy REF --to ENV --abandon -- CMD {ref}" if mine else "lockgate status"
        raise TrustError(
            "deployed.under-way",
            f"{whose} deployment by decision {running.decision} began {running.at:%Y-%m-%d %H:%M:%S} UTC, and has until "
            f"{running.ends_by:%Y-%m-%d %H:%M:%S} UTC to tell its end: nothing was asked, and nothing run",
            remedy,
        )
    event = events.DeployUnknown(
        log=own.state.house.genesis,
        permit=running.decision,
        environment=environment.name,
        config=running.release.config,
        started_at=running.started_at,
        ended_at=max(now, running.started_at),
        because="unfinished",
    )
    say.record_event(ports, say.sign_event(event, running.release.artifacts, signer))
    ports.underway.over(name)
    return project(ports, environment.name), running
