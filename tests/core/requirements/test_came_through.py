"""`came-through`: exactly these artifacts were recorded as deployed there."""

from __future__ import annotations

import pytest

from build import CAME, KEYS, NOW, facts, provenance, release, signature, stay, subject
from core.case import Case
from core.cases import CAME_THROUGH
from lockgate.core.facts import Need, Stay
from lockgate.core.outcome import Fail


@pytest.mark.parametrize("case", CAME_THROUGH, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert CAME.needs() == (Need(Stay, "staging"),)
    assert CAME.key_names() == ()


def test_nothing_a_publisher_says_stands_for_a_stay() -> None:
    said = facts(signatures=[signature(signed_at=NOW)], provenance=[provenance(finished_at=NOW)], stays={"staging": []})
    assert CAME.check(subject(), said, NOW, KEYS) == Fail(code="came-through.never-there", params={"environment": "staging"})


def test_two_artifacts_deployed_apart_were_never_there_together() -> None:
    apart = facts(stays={"staging": [stay(release("shop"), since="3d", until="2d"), stay(release("worker"))]})
    assert CAME.check(subject(release("shop", "worker")), apart, NOW, KEYS) == Fail(code="came-through.never-there", params={"environment": "staging"})
