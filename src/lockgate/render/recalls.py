"""Where something runs and ran, and what is revoked, as people read it."""

from __future__ import annotations

from lockgate.core.digest import Digest
from lockgate.core.facts import Stay
from lockgate.core.revocation import EVERY_PERMIT, Revocation
from lockgate.core.sightings import Located, Sighting
from lockgate.render.layout import broken, spread
from lockgate.render.marks import mark_lines
from lockgate.render.words import RED, Sheet, ago, artifacts, brief, called, count, listing, painted, plain, when


def revocation_line(one: Revocation, sheet: Sheet) -> str:
    """``everywhere: vulnerable, by Ada, r-…, leaf 23``."""
    place = "everywhere" if one.environment == "house" else f"in {plain(one.environment)}"
    what = f" (the permit of decision {one.permit})" if one.permit != EVERY_PERMIT else ""
    return f"{place}{what}: {one.reason}, by {called(one.by, sheet.names)}, {one.id}, leaf {one.leaf}"


def recalled_lines(revoked: tuple[Revocation, ...], sheet: Sheet) -> list[str]:
    """That what runs was recalled."""
    return [line for one in revoked for line in broken("  " + painted(f"RECALLED  {revocation_line(one, sheet)}: it runs still", RED, sheet), sheet, 12)]


def refused_line(one: Revocation, sheet: Sheet) -> str:
    """That what is asked for was recalled."""
    return f"{revocation_line(one, sheet)}: the gate refuses it, whoever approves"


def revoked_lines(revoked: tuple[Revocation, ...], sheet: Sheet) -> list[str]:
    """What stands revoked."""
    lines = ["revoked"] if revoked else []
    for one in revoked:
        lines += spread(f"  {listing(map(brief, one.digests))}", revocation_line(one, sheet), sheet, 12)
    return lines


def located_lines(found: Located, sheet: Sheet) -> list[str]:
    """Where digests run and ran, which permits hold them, what of it is revoked, and what is not known."""
    inside = f" and {count(len(found.digests) - 1, 'more')} beside or inside it" if len(found.digests) > 1 else ""
    lines = [f"{found.digests[0]}{inside}, in {count(found.size, 'leaf', 'leaves')}"]
    for one in found.running:
        lines += _stay("runs", one, sheet)
    for one in found.ran:
        lines += _stay("ran", one, sheet)
    for held in found.permits:
        what = f"  permit    in {plain(held.environment)}{_how(held.how, held.through)}"
        lines += spread(what, f"decision {held.permit.decision}, until {when(held.permit.not_after)}", sheet, 12)
    if not (found.running or found.ran or found.permits):
        lines.append("  nowhere that is known")
    for said in found.revoked:
        lines += broken(f"  revoked   {revocation_line(said, sheet)}", sheet, 12)
    for blank in found.unknown:
        what = (
            f"what is inside {brief(blank.artifact)}, which is or was in {plain(blank.environment)}" if blank.artifact else f"all of {plain(blank.environment)}"
        )
        lines += broken(f"  NOT KNOWN {what} [{blank.code}]", sheet, 12)
    return lines


def _stay(word: str, one: Sighting, sheet: Sheet) -> list[str]:
    stay = one.stay
    by = f"decision {stay.decision}, by {called(stay.deployer, sheet.names)}"
    span = f"since {when(stay.since)}{ago(stay.since, sheet)}" if stay.until is None else f"{when(stay.since)} to {when(stay.until)}"
    marks = mark_lines((one.rechecked,), sheet) if one.rechecked is not None else []
    return [*spread(f"  {word:<9} in {plain(one.environment)} {span}{_how(one.how, one.through)}", by, sheet, 12), *marks]


def _how(how: str, through: Digest) -> str:
    return f", inside {brief(through)}" if how == "inside" else ""


def rollback_line(to: str, occupant: Stay, back: Stay) -> str:
    """``ROLLBACK from sha256:… (since …) to sha256:… (here …, until …)``."""
    was = f"here since {when(back.since)}, until {when(back.until)}" if back.until else f"here since {when(back.since)}"
    return f"ROLLBACK from {artifacts(occupant.release)} (since {when(occupant.since)}) to {to} ({was})"
