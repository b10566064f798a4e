"""What runs, said plainly where nobody knows; and measures for people."""

from __future__ import annotations

from datetime import timedelta

from build import NOW, SHOP, ago, later, person_id, release, stay
from lockgate.core.measures import Measures, Spread
from lockgate.core.state import Running, Unclear
from lockgate.render.measures import measure_lines
from lockgate.render.occupancy import occupancy_lines
from lockgate.render.words import Sheet, artifacts

SHEET = Sheet(now=NOW, names={person_id("dora"): "Dora"})
OTHER = release("other")
RUNNING = Running(decision=12, release=OTHER, person=person_id("dora"), started_at=ago("10m"), ends_by=later("55m"), at=ago("10m"), leaf=13)


def words(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def test_nobody_knows() -> None:
    unclear = Unclear(decision=12, release=OTHER, by=person_id("dora"), because="killed", since=ago("10m"), at=ago("5m"), leaf=14)
    assert words(occupancy_lines("production", stay(until="10m", end="unknown"), None, unclear, SHEET)) == [
        "production",
        f"runs UNKNOWN since 2026-11-22 20:04:03 UTC: {artifacts(OTHER)} was to come, and its command was killed decision 12, said by Dora",
        f"before {artifacts(SHOP)}, by decision 7",
    ]
    assert len(occupancy_lines("production", None, None, unclear, SHEET)) == 2


def test_one_is_under_way_or_never_told_its_end() -> None:
    lines = words(occupancy_lines("production", stay(), RUNNING, None, SHEET))
    assert lines[2] == "since 2026-11-21 19:14:03 UTC, 1 d 1 h ago; soaked 1 d 50 min"
    assert lines[3:] == [
        f"deploys {artifacts(OTHER)} since 2026-11-22 20:04:03 UTC decision 12, by Dora",
        "it has not told its end yet, which is due 2026-11-22 21:09:03 UTC: until then nobody knows what runs",
    ]
    late = Sheet(now=RUNNING.ends_by + timedelta(seconds=1))
    assert "never told its end, which was due" in "\n".join(occupancy_lines("production", None, RUNNING, None, late))


def test_what_soaks_for_nothing() -> None:
    assert "soaks for nothing" in occupancy_lines("a", stay(fell=True), None, None, SHEET)[2]
    assert "soaked" not in occupancy_lines("a", stay(), None, None, Sheet())[2]


def test_measures_and_too_few() -> None:
    spread = Spread(count=3, middle=3600, least=60, most=7200)
    full = Measures(
        environment="staging", since=NOW, until=NOW, deployed=3, failed=1, unknown=1, rollbacks=1, seconds_per_deployment=90, changes=4, change_failures=2,
        change_failure_percent=50, lead=spread, lead_built=spread, restore=spread,
    )  # fmt: skip
    assert words(measure_lines(full, SHEET)) == [
        "staging",
        "since 2026-11-22 20:14:03 UTC",
        "attempts 3 deployments, 1 failed, 1 unknown, 1 rollback",
        "frequency one in 1 min 30 s",
        "lead time 1 h in the middle of 3, 1 min to 2 h, from the request",
        "1 h in the middle of 3, 1 min to 2 h, from the end of the build; of the commit nobody tells the time",
        "failures 50 % of attempts: 2 of 4",
        "restore 1 h in the middle of 3, 1 min to 2 h",
    ]
    few = words(measure_lines(Measures(environment="staging", since=NOW, until=NOW, deployed=1), SHEET))
    assert few[3] == "frequency too few to tell: 1, and 3 are needed"
    assert words(measure_lines(Measures(environment="a", since=None, until=NOW), SHEET)) == ["a", "nothing was ever deployed here: there is nothing to tell"]
