"""``lockgate recall``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OK, REFUSED, UNDECIDED
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.app.world import Ports
    from lockgate.core.digest import Digest
    from lockgate.core.revocation import Reason
    from lockgate.core.sightings import Located, Revoking

REASONS = ["compromised", "vulnerable", "defective", "mistaken", "other"]
"""As `core.revocation.Reason`; written out, so that ``--help`` imports nothing."""

ANSWERS = {"found": OK, "nowhere": REFUSED, "unknown": UNDECIDED}


@click.command("recall")
@click.argument("what", metavar="DIGEST|REF|DECISION")
@click.option("--to", "environment", default="", metavar="ENV", help="Revoke in this environment alone (default: everywhere).")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--revoke", is_flag=True, help="Revoke it; without this, nothing is recorded.")
@click.option("--reason", type=click.Choice(REASONS), default=None, help="Why; needed with --revoke.")
@with_session(key=True)
def command(session: Session, what: str, environment: str, platform: str, revoke: bool, reason: Reason | None) -> None:
    """List every environment where an artifact or configuration runs or ran, since when and by whose word; with --revoke, revoke it.

    Revoked, it is refused by every gate, its permits are gone, and `log status` says so. A number is a decision, whose permit alone is meant.
    Listed, it ends with 0 where it was found, 1 where it is nowhere, and 3 where that cannot be known.
    """
    from lockgate.errors import UsageError

    if revoke and reason is None:
        raise UsageError("recall.no-reason", f"a revocation says why: {', '.join(REASONS)}; nothing was revoked")
    if what.isdecimal() and len(what) < 16:
        _permit(session, int(what), reason if revoke else None)
        return
    from lockgate.app.recall import locate
    from lockgate.render.recalls import located_lines

    ports = session.ports()
    digests = _meant(session, ports, what, platform)
    found = locate(ports, digests)
    text = "\n".join(located_lines(found, session.sheet(ports, result=True)))
    if not revoke or reason is None:
        session.say({"answer": found.answer(), "located": found}, text)
        sys.exit(ANSWERS[found.answer()])
    if not session.json:  # where it runs is read before what was done about it
        session.say(found, text)
    done = _revoke(session, ports, found, reason, environment)
    if session.json:
        session.say({"answer": found.answer(), "located": found, "revoking": done}, text)
    if any(one.code for one in done):
        sys.exit(REFUSED)


def _meant(session: Session, ports: Ports, what: str, platform: str) -> Sequence[Digest]:
    """The digest that was named; of a reference that can be read, the images inside it too."""
    from lockgate.app.recall import read_inside
    from lockgate.core.digest import parse_digest

    if what.startswith("sha256:"):
        return (parse_digest(what),)
    digests, problem = read_inside(ports, what, platform)
    if problem:
        session.lines("note", f"not every byte of it is what it should be ({problem}): what else is inside is not known")
    return digests


def _revoke(session: Session, ports: Ports, found: Located, reason: Reason, environment: str) -> list[Revoking]:
    """Revoke the digests and every index that is known to hold one of them; tell it, place by place."""
    from lockgate.app.recall import revoke
    from lockgate.core.events import HOUSE

    through = {one.through for one in (*found.running, *found.ran)} | {one.through for one in found.permits}
    done = revoke(ports, sorted({*found.digests, *through}), reason, environment, arguments.fresh_request, session.signer())
    for one in done:
        place = "everywhere" if one.environment == HOUSE else f"in {one.environment}"
        if one.code:
            session.note(f"NOT       revoked {place} [{one.code}]")
        else:
            session.note(f"revoked   {place} as {one.id}, recorded as leaf {one.leaf} of log {ports.log.origin}")
    for name in sorted({one.environment for one in found.running if not environment or one.environment == environment}):
        session.note(f"RUNNING   in {name} still: nothing was stopped there")
    session.next(f"lockgate log status --out status.json{session.place}")
    return done


def _permit(session: Session, index: int, reason: Reason | None) -> None:
    """The permit of one decision, which never comes back once it is revoked."""
    from lockgate.app.recall import permit_at, revoke_permit
    from lockgate.render.words import artifacts

    ports = session.ports()
    environment, release = permit_at(ports, index)
    text = f"permit    {artifacts(release)} -> {environment}, decision {index}"
    result: dict[str, object] = {"decision": index, "environment": environment, "release": release}
    if reason is not None:
        done = revoke_permit(ports, index, reason, arguments.fresh_request(), session.signer())
        session.note(f"revoked   the permit of decision {index} as {done.id}, recorded as leaf {done.leaf} of log {ports.log.origin}")
        result["revoking"] = [done]
    session.say(result, text)
