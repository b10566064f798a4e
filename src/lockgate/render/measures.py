"""How deployments go, as lines for people."""

from __future__ import annotations

from lockgate.core.measures import ENOUGH, Measures, Spread
from lockgate.render.layout import broken
from lockgate.render.words import BOLD, Sheet, count, how_long, painted, plain, when


def measure_lines(found: Measures, sheet: Sheet) -> list[str]:
    """One environment's measures; what there are too few cases of is said, and not made up."""
    lines = [painted(plain(found.environment), BOLD, sheet)]
    if found.since is None:
        return [*lines, "  nothing was ever deployed here: there is nothing to tell"]
    ends = f"{count(found.deployed, 'deployment')}, {found.failed} failed, {found.unknown} unknown, {count(found.rollbacks, 'rollback')}"
    said = {
        "since": when(found.since),
        "attempts": ends,
        "frequency": f"one in {how_long(found.seconds_per_deployment)}" if found.seconds_per_deployment is not None else _few(found.deployed),
        "lead time": f"{_spread(found.lead)}, from the request",
        "": f"{_spread(found.lead_built)}, from the end of the build; of the commit nobody tells the time",
        "failures": _rate(found),
        "restore": _spread(found.restore),
    }
    return [*lines, *(line for name, text in said.items() for line in broken(f"  {name:<11}{text}", sheet, 13))]


def _rate(found: Measures) -> str:
    if found.change_failure_percent is None:
        return _few(found.changes)
    return f"{found.change_failure_percent} % of attempts: {found.change_failures} of {found.changes}"


def _spread(found: Spread) -> str:
    if found.middle is None or found.least is None or found.most is None:
        return _few(found.count)
    return f"{how_long(found.middle)} in the middle of {found.count}, {how_long(found.least)} to {how_long(found.most)}"


def _few(number: int) -> str:
    return f"too few to tell: {number}, and {ENOUGH} are needed"
