"""What people say where the ordinary course is left, or taken back: holds, waivers, broken glasses, reviews and revocations, by the use cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from attack.stage import CAST, NEXT, Stage
from build import exception_id, key, person, person_id
from lockgate.app import exceptional, recall
from lockgate.app.gate import Gated
from lockgate.core.digest import Digest

BREAKERS = (person("gus", {"production": ["break-glass"]}), person("hal", {"production": ["break-glass"]}))
HOUR = timedelta(hours=1)


def enrol(stage: Stage, *more: Any) -> None:
    """Everybody who was there, and these: in the place of whoever has their id."""
    ids = {one.id for one in more}
    stage.roster(*(one for one in CAST if one.id not in ids), *more)


def why(stage: Stage) -> Any:
    """A reason."""
    return exceptional.prose("the shop is down", stage.nonce())


def named(stage: Stage, kind: str) -> str:
    """A fresh id: ``h`` of a hold, ``w`` of a waiver, ``g`` of a glass."""
    return exception_id(kind, stage.nonce())


def hold(stage: Stage, by: str = "bob", to: str = "production", lasts: timedelta | None = None) -> str:
    """Hold an environment; its id."""
    id_, expires = named(stage, "h"), None if lasts is None else stage.clock.at + lasts
    exceptional.hold(stage.ports, to, expires, why(stage), id_, key(by))
    stage.caught_up()
    return id_


def lift(stage: Stage, id_: str, by: str = "bob") -> int:
    """Lift a hold or waiver; the leaf."""
    made = exceptional.lift(stage.ports, exceptional.find(stage.ports, id_), id_, stage.nonce(), key(by))
    stage.caught_up()
    return made.index


def waive(stage: Stage, request: str, what: str = "soaked", by: str = "wim", lasts: timedelta = HOUR) -> str:
    """Let a requirement fail for a request; the waiver's id."""
    id_ = named(stage, "w")
    exceptional.waive(stage.ports, what, request, stage.clock.at + lasts, why(stage), id_, key(by))
    stage.caught_up()
    return id_


def break_glass(stage: Stage, by: Sequence[str] = ("gus", "hal"), ref: str = "third") -> str:
    """Break the glass for a release into production; its id."""
    id_ = named(stage, "g")
    exceptional.break_glass(stage.ports, (f"file:{ref}",), "production", "none", why(stage), (id_, stage.nonce()), key(by[0]))
    stage.caught_up()
    for one in by[1:]:
        join(stage, id_, one)
    return id_


def join(stage: Stage, id_: str, by: str) -> None:
    """The second signature."""
    exceptional.join(stage.ports, exceptional.find(stage.ports, id_), stage.nonce(), key(by))
    stage.caught_up()


def review(stage: Stage, id_: str, by: str) -> None:
    """Close a glass's review."""
    exceptional.review(stage.ports, exceptional.find(stage.ports, id_), why(stage), stage.nonce(), key(by))
    stage.caught_up()


def revoke(stage: Stage, by: str = "bob", environment: str = "production", about: tuple[Digest, ...] = NEXT) -> str:
    """Revoke digests; the revocation's id."""
    (done,) = recall.revoke(stage.ports, about, "vulnerable", environment, stage.id, key(by))
    stage.caught_up()
    return done.id


def restore(stage: Stage, id_: str, by: str = "bob") -> int:
    """Lift a revocation; the leaf."""
    made = recall.lift(stage.ports, id_, stage.nonce(), key(by))
    stage.caught_up()
    return made.index


def standing(gated: Gated) -> list[str]:
    """The codes that stand against a release."""
    return [one.code for one in gated.decision.outcomes if one.result not in {"pass", "waived"}]


def passed_over(gated: Gated) -> list[str]:
    """The codes that it went past."""
    return [one.code for one in gated.decision.outcomes if one.result == "waived"]


def whose(gated: Gated, code: str) -> Any:
    """Who is named beside this code."""
    (found,) = [one for one in gated.decision.outcomes if one.code == code]
    return found.params["by"]


BOB, WIM = person_id("bob"), person_id("wim")
