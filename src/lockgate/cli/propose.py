"""Proposing a policy, a roster or a root: said the same way for all three."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lockgate.cli import arguments
from lockgate.cli.session import Session

if TYPE_CHECKING:
    from lockgate.app.govern import Changed
    from lockgate.app.world import Ports
    from lockgate.core.identity import Root, Roster
    from lockgate.core.policy import Policy
    from lockgate.core.ports import PersonSigner

LASTS = timedelta(days=7)
"""How long the proposer's own approval lasts, where others have to approve too."""


def propose(session: Session, ports: Ports, document: Policy | Roster | Root, kind: str, signer: PersonSigner, then: str = "") -> Changed:
    """Propose a document, approve it where the signer is an owner, and say what became of it; `then`: what follows from that."""
    from lockgate.app.govern import change

    changed = change(ports, document, arguments.fresh_request(), arguments.fresh_nonce(), LASTS, signer)
    where = f"recorded as leaf {changed.leaf} of log {ports.log.origin}"
    if changed.in_force:
        session.note(f"{kind:<9} version {changed.version} is in force, {where}")
        session.note(then)
    else:
        session.note(f"{kind:<9} version {changed.version} is proposed as {changed.id}, {where}: owners have to approve it")
        session.note(then)
        session.next(f"lockgate approve {changed.id}{session.place}")
    return changed
