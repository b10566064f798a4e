"""``tested``: somebody we trust ran tests on every artifact, enough of them and the right ones, and none failed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from lockgate.core.digest import Digest
from lockgate.core.duration import Duration
from lockgate.core.facts import Facts, Need, Rejected, Unreadable
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.trial import Trial
from lockgate.core.vouching import Asked, asked, by_signer, named, newest_of_each, said_at, signers, young

TestName = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]

SHOWN, LONGEST = 8, 120
"""How many names of tests a refusal shows, and how many characters of each."""


class Tested(Requirement, tag="tested", frozen=True, kw_only=True):
    """Of each artifact there are test results by these signers; of what each ran, the newest has not failed.

    Attributes:
        keys: names of the policy's keys that may speak. identities: of its identities. One at least of both.
        configuration: only results of this configuration are meant, by its name or uri; None for all.
        warned: whether tests that passed with warnings count as passed (``allow``), or refuse.
        tests: names of tests that must have passed. at_least: how many tests must.
        max_age: the oldest a result may be; what is not dated is refused.

    Raises:
        ValueError: at construction, where it names nobody.
    """

    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    configuration: TestName | None = None
    warned: Literal["allow", "refuse"] = "refuse"
    tests: Annotated[tuple[TestName, ...], msgspec.Meta(max_length=256)] = ()
    at_least: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    max_age: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("tested names neither keys nor identities")

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may speak."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Test results, and what was attached but proves nothing."""
        return (Need(Trial), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Each artifact on its own; the first that lacks something speaks for all, and the one with the fewest tests is told."""
        results = facts.of(Trial)
        if isinstance(results, Unreadable):
            return unknown(results, "tested.unreadable")
        who, ran = asked(self.keys, self.identities, keys), list[int]()
        for artifact in subject.release.artifacts:
            ours = [fact for fact in results.items if fact.subject == artifact and self._meant(fact) and signers(fact, who)]
            if not ours:
                return self._none(artifact, facts)
            found = self._of(artifact, ours, who, now)
            if isinstance(found, Fail):
                return found
            ran.append(found)
        return Pass(params={"tests": min(ran)}) if ran else Fail(code="tested.no-result")

    def _meant(self, fact: Trial) -> bool:
        return self.configuration is None or self.configuration in fact.configuration

    def _of(self, artifact: Digest, ours: list[Trial], who: Asked, now: datetime) -> int | Fail:
        """How many tests passed; or what is wrong: what failed first, however old."""
        params: Params = {"artifact": artifact}
        latest = [one for said in by_signer(ours, who).values() for one in newest_of_each(said, lambda fact: fact.configuration, _at)]
        for one in latest:
            if one.result == "failed":
                return Fail(code="tested.failed", params={**params, "failed": len(one.failed), "tests": _shown(one.failed), **_of_what(one)})
            if one.result == "warned" and self.warned == "refuse":
                return Fail(code="tested.warned", params={**params, "warned": len(one.warned), "tests": _shown(one.warned), **_of_what(one)})
        fresh = [one for one in latest if young(_at(one), self.max_age, now)]
        if not fresh:
            undated = any(_at(one) is None for one in latest)
            aged: Params = {**params, "max-age": self.max_age or ""}
            return Fail(code="tested.no-time", params=aged) if undated else Fail(code="tested.too-old", params=aged)
        good = {name for one in fresh for name in (*one.passed, *one.warned)}
        if not good:
            return Fail(code="tested.nothing-ran", params=params)
        if lacks := tuple(name for name in self.tests if name not in good):
            return Fail(code="tested.missing", params={**params, "missing": len(lacks), "tests": _shown(lacks)})
        if not 1 <= self.at_least <= len(good):
            return Fail(code="tested.too-few", params={**params, "have": len(good), "need": self.at_least})
        return len(good)

    def _none(self, artifact: Digest, facts: Facts) -> Verdict:
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "tested.unreadable")
        params: Params = {"artifact": artifact, **named(self.keys, self.identities)}
        if self.configuration is not None:
            params["configuration"] = self.configuration[:LONGEST]
        if because := sorted({fact.code for fact in rejected.items}):
            return Fail(code="tested.no-good-result", params={**params, "because": tuple(because[:8])})
        return Fail(code="tested.no-result", params=params)


def _at(fact: Trial) -> datetime | None:
    return said_at(fact, fact.at)


def _shown(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[:LONGEST] for name in names[:SHOWN])


def _of_what(fact: Trial) -> Params:
    return {"configuration": _shown(fact.configuration)} if fact.configuration else {}
