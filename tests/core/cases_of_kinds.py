"""The cases of `within-hours`, as `cases` has those of the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from build import HOURS, NOW, UNREADABLE, ago, facts, later, zone
from core.case import Case
from lockgate.core.outcome import Fail, Pass, Unknown, Verdict
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.windows import Freeze, Window

BERLIN = (zone(),)
ZONED: dict[str, Any] = {"zone": "Europe/Berlin", "now": "sun 2026-11-22 21:14"}


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type,misc]


def hours(name: str, answer: Verdict, requirement: WithinHours = HOURS, zones: Any = BERLIN, now: datetime = NOW) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, facts=facts(zones=zones), now=now)


def one(days: str, start: str, end: str, **more: Any) -> WithinHours:
    return WithinHours(zone="Europe/Berlin", days=(days,), from_=start, to=end, **more)


def closed(opens: datetime | None, **params: Any) -> Fail:
    return Fail(code="within-hours.closed", params={**ZONED, **params}, opens_at=opens)


def frozen(opens: datetime | None, freeze: str, **more: Any) -> Fail:
    return Fail(code="within-hours.frozen", params={**ZONED, "freeze": freeze, **more}, opens_at=opens)


YEAR_END = Freeze(from_="2026-11-20", to="2026-11-24", reason="year-end")
HOLIDAY = Freeze(from_="2026-11-22T21:00", to="2026-11-22T21:14")
UNTIL_NIGHT = Freeze(from_="2026-11-22T21:14", to="2026-11-22T21:59")

WITHIN_HOURS: list[Case] = [
    hours("open", Pass(params=ZONED)),
    hours("open in the short form", Pass(params=ZONED), one("sun", "21:00", "22:00")),
    hours("every day, where none is named", Pass(params=ZONED), WithinHours(zone="Europe/Berlin", from_="21:00", to="22:00")),
    hours("not frozen, and no window", Pass(params=ZONED), WithinHours(zone="Europe/Berlin", freezes=(HOLIDAY,))),
    hours("the second of two", Pass(params=ZONED), replace(HOURS, windows=(Window(days=("mon",), from_="08:00", to="09:00"), *HOURS.windows))),
    hours("the first second", Pass(params={**ZONED, "now": "sun 2026-11-22 21:00"}), now=at(2026, 11, 22, 20)),
    hours("a second too early", closed(at(2026, 11, 22, 20), now="sun 2026-11-22 20:59"), now=at(2026, 11, 22, 19, 59, 59)),
    hours("the first second after it", closed(at(2026, 11, 29, 20), now="sun 2026-11-22 22:00"), now=at(2026, 11, 22, 21)),
    hours("another day", closed(at(2026, 11, 23, 20)), one("mon..sat", "21:00", "22:00")),
    hours("past midnight, before it", Pass(params=ZONED), one("sun", "21:00", "04:00")),
    hours("past midnight, after it", Pass(params={**ZONED, "now": "mon 2026-11-23 03:59"}), one("sun", "21:00", "04:00"), now=at(2026, 11, 23, 2, 59)),
    hours("past midnight, of the day it begins on", closed(at(2026, 11, 23, 20)), one("mon", "21:00", "22:00")),
    hours("frozen", frozen(at(2026, 11, 29, 20), "2026-11-20..2026-11-24", reason="year-end"), replace(HOURS, freezes=(YEAR_END,))),
    hours("frozen for a while", frozen(at(2026, 11, 22, 20, 59), "2026-11-22T21:14..2026-11-22T21:59"), replace(HOURS, freezes=(HOLIDAY, UNTIL_NIGHT))),
    hours("frozen, and no window", frozen(at(2026, 11, 24, 23), "2026-11-20..2026-11-24", reason="year-end"), replace(HOURS, windows=(), freezes=(YEAR_END,))),
    hours(
        "the freeze that lasts longest",
        frozen(at(2026, 11, 29, 20), "2026-11-20..2026-11-24", reason="year-end"),
        replace(HOURS, freezes=(UNTIL_NIGHT, YEAR_END)),
    ),
    hours("zone unreadable", Unknown(code="within-hours.unreadable", params={"because": "ref.unreadable"}), zones=UNREADABLE),
    hours("zone never gathered", Unknown(code="within-hours.unreadable", params={"because": "facts.not-gathered"}), zones=None),
    hours("another zone", Unknown(code="within-hours.unreadable", params={"zone": "Europe/Berlin"}), zones=[zone("Europe/Paris")]),
    hours("the right one of two zones", Pass(params=ZONED), zones=[zone("Asia/Tokyo", shifts=()), zone()]),
    hours("a zone that is told from later on", Unknown(code="within-hours.unreadable", params={"zone": "Europe/Berlin"}), now=ago("2h")),
    hours("a zone that is told no further", Unknown(code="within-hours.unreadable", params={"zone": "Europe/Berlin"}), now=later("400d")),
]
