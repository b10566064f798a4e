"""Proposing a policy, a roster or a root: said the same way for all three."""

from __future__ import annotations

from collections.abc import Mapping
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
    from lockgate.core.state import DocumentKind, OpenProposal

LASTS = timedelta(days=7)
"""How long the proposer's own approval lasts, where others have to approve too."""

NOBODY: Mapping[str, str] = {}


def propose(
    session: Session,
    ports: Ports,
    document: Policy | Roster | Root,
    kind: DocumentKind,
    signer: PersonSigner,
    names: Mapping[str, str] = NOBODY,
    instead_of: OpenProposal | None = None,
    then: str = "",
) -> Changed:
    """Show what a document changes, propose it, approve it where the signer is an owner, and say what became of it.

    Args:
        session, ports, document, kind, signer: what is proposed, and by whom.
        names: of people the directory does not know yet.
        instead_of: the open proposal that it takes the place of, which is withdrawn where it is the signer's.
        then: what follows for whoever proposes it.
    """
    from msgspec.structs import replace

    from lockgate.app.difference import difference
    from lockgate.app.govern import change, documents
    from lockgate.app.people import give_way
    from lockgate.app.project import project
    from lockgate.canon import encode
    from lockgate.cli.policy_file import in_words
    from lockgate.core.policy import Policy
    from lockgate.render.standing import backing
    from lockgate.render.text import changes
    from lockgate.render.words import called

    present = project(ports, "")
    house = present.state.house
    held, sheet = documents(house)[kind], session.sheet(ports)
    sheet = replace(sheet, names={**sheet.names, **names})
    seen = difference(ports, house, kind, encode(document))
    session.note(f"changes   {kind} version {held.version + 1}:" if held else f"changes   {kind} version 1, the first:")
    session.note("\n".join(changes(kind, "", seen.lines, seen.left_out, sheet)))
    if isinstance(document, Policy):
        session.note("\n".join(in_words(session, ports, present, document)))
    changed = change(ports, document, arguments.fresh_request(), arguments.fresh_nonce(), LASTS, signer, seen)
    where = f"recorded as leaf {changed.leaf} of log {ports.log.origin}"
    if changed.in_force:
        session.note(f"{kind:<9} version {changed.version} is in force, {where}")
        session.note(then)
        return changed
    session.note(f"{kind:<9} version {changed.version} is proposed as {changed.id}, {where}")
    session.note(then)
    if changed.backed is not None:
        session.lines("approved", backing(changed.backed, sheet))
    if instead_of is not None and give_way(ports, instead_of, arguments.fresh_nonce(), signer):
        session.note(f"withdrawn {instead_of.id}, which this takes the place of")
    for other in project(ports, "").state.house.proposals:
        if other.kind == kind and other.id != changed.id:
            by = called(other.by, sheet.names)
            session.lines("note", f"{other.id} by {by} is another {kind} version {changed.version}: once one is in force, the other is void")
    session.next(f"lockgate approve {changed.id}{session.place}")
    return changed
