"""Before a release is asked for: whether it was recalled, and whether it would come back to where it was replaced."""

from __future__ import annotations

from lockgate.app.project import Projection
from lockgate.core.facts import Stay
from lockgate.core.model import Release
from lockgate.core.recall import names, recalling, standing
from lockgate.core.reentry import replaced
from lockgate.errors import EvidenceError, UsageError


def before(own: Projection) -> Release:
    """What ran here last of all that is not running now and was not recalled. Raises UsageError ``request.nothing-before``.

    Where a deployment broke off, or is under way, what it was to bring is what may run: what was last known to run is what was before it.
    """
    here, revoked = own.state.environment, standing(own.state)
    broken = here.running or here.unclear
    there = broken.release if broken else here.stays[-1].release if here.stays else None
    for stay in reversed(here.stays):
        if stay.release != there and recalling(revoked, names(stay.release)) is None:
            return stay.release
    raise UsageError("request.nothing-before", f"nothing is known that ran in {here.name} before what runs there now, and that was not recalled")


def require_open(own: Projection, release: Release, *, rollback: bool) -> None:
    """What the gate would refuse, whoever approves it, is not asked for. Raises EvidenceError ``release.recalled``, ``release.downgrade``."""
    here = own.state.environment.name
    if (found := recalling(standing(own.state), names(release))) is not None:
        raise EvidenceError("release.recalled", f"this release was recalled by {found.id}, leaf {found.leaf} ({found.reason}): nothing was asked")
    if not rollback and (stay := replaced(own.state.environment.stays, release)) is not None:
        since = f"{stay.since:%Y-%m-%d %H:%M:%S} UTC"
        was = f"this was in {here} since {since}, by decision {stay.decision}, and was replaced"
        raise EvidenceError("release.downgrade", f"{was}: it comes back as a rollback only, and nothing was asked")


def came_from(own: Projection, release: Release) -> Stay | None:
    """The stay that a rollback goes back to, as history gives it now."""
    return replaced(own.state.environment.stays, release)
