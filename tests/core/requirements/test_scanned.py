"""`scanned`: by these tools, lately enough, with data new enough, and nothing worse than is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import KEYS, NOW, SCANNED, ago, facts, scan, subject
from core.case import Case
from core.cases import SCANNED_CASES
from lockgate.core.duration import span
from lockgate.core.facts import Need, Rejected
from lockgate.core.findings import Scan
from lockgate.core.outcome import Pass
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.scanning import newest

RANK = ["none", "low", "medium", "high", "critical"]


@pytest.mark.parametrize("case", SCANNED_CASES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert SCANNED.needs() == (Need(Scan), Need(Rejected))
    assert replace(SCANNED, keys=("builder", "second")).key_names() == ("builder", "second")
    assert replace(SCANNED, identities=("ci",)).identity_names() == ("ci",)
    assert (Scanned.waivable, Scanned.yields, Scanned.lasts) == (True, True, "then")


def test_somebody_has_to_be_named() -> None:
    with pytest.raises(ValueError, match="neither keys nor identities"):
        Scanned(at_most="low")


SCANS = st.lists(
    st.builds(
        lambda levels, changes: scan(*levels, **changes),
        st.lists(st.sampled_from([*RANK, "unknown"]), max_size=3),
        st.fixed_dictionaries(
            {
                "tool": st.sampled_from(["trivy", "grype", "snyk"]),
                "at": st.sampled_from([None, ago("1h"), ago("2h"), ago("9d")]),
                "database_at": st.sampled_from([None, ago("1h"), ago("3d"), ago("10d")]),
                "signed": st.sampled_from([("builder",), ("stranger",), ("builder", "stranger")]),
            }
        ),
    ),
    max_size=4,
)
ASKED = st.builds(
    Scanned,
    at_most=st.sampled_from([*RANK, "any"]),
    by=st.sampled_from([(), ("trivy",), ("Trivy", "grype")]),
    keys=st.just(("builder",)),
    unscored=st.sampled_from(["refuse", "allow"]),
    max_age=st.sampled_from([None, "90m", "7d"]),
    database_max_age=st.sampled_from([None, "2h", "2d"]),
)


def fits(asked: Scanned, one: Scan) -> bool:
    """Written anew: what one scan alone has to say."""
    for found in one.findings:
        if found.level == "unknown" and asked.unscored == "refuse" and asked.at_most != "any":
            return False
        if found.level != "unknown" and asked.at_most != "any" and RANK.index(found.level) > RANK.index(asked.at_most):
            return False
    return True


def fresh(asked: Scanned, one: Scan) -> bool:
    if (asked.max_age or asked.database_max_age) and one.at is None:
        return False
    if asked.max_age and one.at is not None and NOW - one.at > span(asked.max_age):
        return False
    return not asked.database_max_age or (one.database_at is not None and one.at is not None and one.at - one.database_at <= span(asked.database_max_age))


def counted(asked: Scanned, scans: Sequence[Scan]) -> list[Scan]:
    tools = {name.lower() for name in asked.by}
    return [one for one in scans if set(one.keys) & set(scan().keys) and (not tools or one.tool in tools)]


def passes(asked: Scanned, scans: Sequence[Scan], **known: Any) -> bool:
    return isinstance(asked.check(subject(), facts(scans=scans, **known), NOW, dict(KEYS)), Pass)


@given(ASKED, SCANS)
def test_it_passes_exactly_where_the_newest_of_each_tool_fit_and_one_is_fresh(asked: Scanned, scans: list[Scan]) -> None:
    ours = counted(asked, scans)
    deciding = [one for one in ours if one.at is None or not any(other.tool == one.tool and other.at and other.at > one.at for other in ours)]
    assert passes(asked, scans) == (all(fits(asked, one) for one in deciding) and any(fresh(asked, one) for one in deciding))


@given(ASKED, SCANS)
def test_only_a_scan_that_decided_keeps_it_shut_by_being_there(asked: Scanned, scans: list[Scan]) -> None:
    """What taking evidence away can open, and no more (ADR 0039): a scan that is the newest of its tool."""
    if passes(asked, scans):
        return
    deciding = newest(counted(asked, scans))
    for place, one in enumerate(scans):
        fewer = [*scans[:place], *scans[place + 1 :]]
        assert not passes(asked, fewer) or any(one is each for each in deciding)


@given(ASKED, SCANS, st.integers(0, 3))
def test_findings_never_open(asked: Scanned, scans: list[Scan], place: int) -> None:
    for worse in ("critical", "unknown"):
        more = [replace(one, findings=(*scan(worse).findings, *one.findings)) if number == place else one for number, one in enumerate(scans)]
        assert passes(asked, scans) or not passes(asked, more)


@given(ASKED, SCANS)
def test_a_database_is_judged_by_the_time_of_its_scan(asked: Scanned, scans: list[Scan]) -> None:
    later = replace(asked, max_age=None)
    aged = [replace(one, at=one.at and one.at - timedelta(days=90), database_at=one.database_at and one.database_at - timedelta(days=90)) for one in scans]
    assert passes(later, scans) == passes(later, aged)
