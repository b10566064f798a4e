"""Where something runs and ran: each line says what is known, and what is not."""

from __future__ import annotations

from msgspec.structs import replace

from build import NOW, SHOP, digest, later, person_id, request_id, stay
from lockgate.core.facts import Stay
from lockgate.core.revocation import Revocation
from lockgate.core.sightings import Blank, Holding, Located, Sighting
from lockgate.core.state import Permit
from lockgate.render.recalls import located_lines, revocation_line, rollback_line
from lockgate.render.words import Sheet, artifacts, brief

SHEET = Sheet(now=NOW, names={person_id("dora"): "Dora", person_id("sam"): "Sam\x1b[2J"})


def words(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def test_everything_that_can_be_said() -> None:
    permit = Permit(decision=12, release=SHOP, not_after=later("15m"))
    revoked = Revocation(id=request_id(), environment="production", by=person_id("sam"), at=NOW, leaf=9, reason="other", digests=SHOP.artifacts, permit=12)
    found = Located(
        digests=(*SHOP.artifacts, digest("z")),
        size=40,
        unpinned=False,
        running=(Sighting(environment="production", stay=stay(), through=digest("index"), how="inside"),),
        ran=(Sighting(environment="staging", stay=stay(since="50h", until="2h"), through=SHOP.artifacts[0], how="itself"),),
        permits=(Holding(environment="vault", permit=permit, through=SHOP.artifacts[0], how="itself"),),
        revoked=(revoked,),
        unknown=(Blank(environment="other", code="event.newer"), Blank(environment="a", artifact=digest("i"), code="recall.inside-unknown")),
    )
    assert words(located_lines(found, SHEET)) == [
        f"{SHOP.artifacts[0]} and 1 more beside or inside it, in 40 leaves",
        f"runs in production since 2026-11-21 19:14:03 UTC, 1 d 1 h ago, inside {brief(digest('index'))} decision 7, by Dora",
        "ran in staging 2026-11-20 18:14:03 UTC to 2026-11-22 18:14:03 UTC decision 7, by Dora",
        "permit in vault decision 12, until 2026-11-22 20:29:03 UTC",
        f"revoked in production (the permit of decision 12): other, by Sam\\u001b[2J, {request_id()}, leaf 9",
        "NOT KNOWN all of other [event.newer]",
        f"NOT KNOWN what is inside {brief(digest('i'))}, which is or was in a [recall.inside-unknown]",
    ]
    assert "everywhere: other" in revocation_line(replace(revoked, environment="house", permit=-1), SHEET)


def test_nowhere() -> None:
    assert words(located_lines(Located(digests=SHOP.artifacts, size=1, unpinned=False), SHEET)) == [f"{SHOP.artifacts[0]}, in 1 leaf", "nowhere that is known"]


def test_a_rollback_says_from_what_to_what() -> None:
    now, before = stay(), stay(since="50h", until="26h")
    said = rollback_line("x", now, before)
    assert said == f"ROLLBACK from {artifacts(SHOP)} (since 2026-11-21 19:14:03 UTC) to x (here since 2026-11-20 18:14:03 UTC, until 2026-11-21 18:14:03 UTC)"
    lasting: Stay = stay(since="50h")
    assert rollback_line("x", now, lasting).endswith("to x (here since 2026-11-20 18:14:03 UTC)")
