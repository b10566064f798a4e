"""What somebody says of an artifact, in a few words."""

from __future__ import annotations

import pytest

from build import ABSENT, attested, trial
from lockgate.core.facts import Vouched
from lockgate.render.vouched import in_short, says_no


@pytest.mark.parametrize(
    ("fact", "said", "no"),
    [
        (trial(warned=("c",)), ("tests", "passed, 2 passed, 1 with warnings, 0 failed, "), False),
        (trial(result="failed", passed=(), failed=("a",)), ("tests", "failed, 0 passed, 0 with warnings, 1 failed, "), True),
        (attested(type_="https://x/\x1b[2J", result=ABSENT), ("statement", "https://x/\\u001b[2J, "), False),
        (attested(type_="x", a=[], b="\x1b" + "y" * 99), ("statement", f"x (a: list, b: \\u001b{'y' * 59}, result: good), "), False),
        (Vouched(subject=trial().subject, source=trial().source), ("statement", ""), False),
    ],
)
def test_each_kind_in_short(fact: Vouched, said: tuple[str, str], no: bool) -> None:
    assert (in_short(fact), says_no(fact)) == (said, no)
