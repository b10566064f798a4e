"""Before a release is asked for: whether it was recalled, and whether it would come back to where it was replaced."""

from __future__ import annotations

from lockgate.app.project import Projection
from lockgate.core.facts import Stay
from lockgate.core.model import Release
from lockgate.core.recall import names, recalling, standing
from lockgate.core.reentry import replaced
from lockgate.core.revocation import Revocation
from lockgate.errors import EvidenceError, UsageError


def before(own: Projection) -> Release:
    """What ran here last of all that is not running now and was not recalled. Raises UsageError ``request.nothing-before``."""
    stays, revoked = own.state.environment.stays, standing(own.state)
    for stay in reversed(stays[:-1]):
        if stay.release != stays[-1].release and recalling(revoked, names(stay.release)) is None:
            return stay.release
    here = own.state.environment.name
    raise UsageError("request.nothing-before", f"nothing is known that ran in {here} before what runs there now, and that was not recalled")


def recalled(own: Projection, release: Release) -> Revocation | None:
    """What recalls a release here; None for nothing."""
    return recalling(standing(own.state), names(release))


def require_open(own: Projection, release: Release, *, rollback: bool) -> None:
    """What the gate would refuse, whoever approves it, is not asked for. Raises EvidenceError ``release.recalled``, ``release.downgrade``."""
    here = own.state.environment.name
    if (found := recalled(own, release)) is not None:
        raise EvidenceError("release.recalled", f"this release was recalled by {found.id}, leaf {found.leaf} ({found.reason}): nothing was asked")
    if not rollback and (stay := replaced(own.state.environment.stays, release)) is not None:
        since = f"{stay.since:%Y-%m-%d %H:%M:%S} UTC"
        was = f"this was in {here} since {since}, by decision {stay.decision}, and was replaced"
        raise EvidenceError("release.downgrade", f"{was}: it comes back as a rollback only, and nothing was asked")


def came_from(own: Projection, release: Release) -> Stay | None:
    """The stay that a rollback goes back to, as history gives it now."""
    return replaced(own.state.environment.stays, release)
