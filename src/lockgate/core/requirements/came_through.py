"""``came-through``: the same artifacts were deployed, by permit, in another environment."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from lockgate.core.facts import Facts, Need, Stay, Unreadable
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown


class CameThrough(Requirement, tag="came-through", frozen=True, kw_only=True):
    """lockgate itself recorded these artifacts as deployed there, under a permit.

    The configuration may be another: environments differ in it.

    Attributes:
        environment: where they must have been.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "no"
    environment: Name

    def needs(self) -> tuple[Need, ...]:
        """What stayed in that environment."""
        return (Need(Stay, self.environment),)

    def check(self, subject: Subject, facts: Facts, _now: datetime, _keys: dict[Name, EvidenceKey]) -> Verdict:
        """Whether any recorded stay there was of exactly these artifacts."""
        stays = facts.of(Stay, self.environment)
        if isinstance(stays, Unreadable):
            return unknown(stays, "came-through.unreadable")
        found = [stay for stay in stays.items if stay.release.artifacts == subject.release.artifacts and not stay.fell]
        if not found:
            return Fail(code="came-through.never-there", params={"environment": self.environment})
        return Pass(params={"environment": self.environment, "decision": found[-1].decision})
