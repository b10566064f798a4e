"""One case of a requirement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from build import KEYS, NOW, subject
from lockgate.core.facts import Facts
from lockgate.core.identity import PublicKey
from lockgate.core.model import Subject
from lockgate.core.outcome import Verdict
from lockgate.core.requirements import AnyRequirement

WHOLE = subject()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A requirement, what it is asked and what it must answer, to the last parameter."""

    name: str
    answer: Verdict
    requirement: AnyRequirement
    facts: Facts
    subject: Subject = WHOLE
    now: datetime = NOW
    keys: Mapping[str, PublicKey] = field(default_factory=lambda: KEYS)

    def verdict(self) -> Verdict:
        return self.requirement.check(self.subject, self.facts, self.now, dict(self.keys))

    def __str__(self) -> str:
        return self.name
