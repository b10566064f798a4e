"""`signed-by`: by enough of the named keys, each counted once, young enough by the signer's own word."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from build import KEYS, NOW, SIGNED, digest, facts, key, signature, subject
from core.case import Case
from core.cases import SIGNED_BY
from lockgate.core.facts import Need, Rejected, Signature
from lockgate.core.outcome import Fail, Params, Pass


@pytest.mark.parametrize("case", SIGNED_BY, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert SIGNED.needs() == (Need(Signature), Need(Rejected))
    assert replace(SIGNED, keys=("release", "second")).key_names() == ("release", "second")


def test_a_key_counts_by_its_bytes_as_they_are_in_the_policy_now() -> None:
    renewed = {**KEYS, "release": key("release-2027").public}
    old, new = facts(signatures=[signature()]), facts(signatures=[signature("release-2027")])
    assert SIGNED.check(subject(), old, NOW, renewed) == Fail(code="signed-by.no-signature", params={**UNSIGNED})
    assert SIGNED.check(subject(), new, NOW, renewed) == Pass(params={"keys": ("release",)})


UNSIGNED: Params = {"artifact": subject().release.artifacts[0], "have": 0, "need": 1, "keys": ("release",)}


def test_any_number_of_signatures_by_one_key_is_one() -> None:
    both = replace(SIGNED, keys=("release", "second"), threshold=2)
    many = facts(signatures=[replace(signature(), source=digest(str(number))) for number in range(50)])
    answer = both.check(subject(), many, NOW, KEYS)
    assert isinstance(answer, Fail)
    assert answer.code == "signed-by.too-few-keys"


def test_no_age_is_too_long_for_the_calendar() -> None:
    ancient = replace(SIGNED, max_age="999999d")
    assert isinstance(ancient.check(subject(), facts(signatures=[signature(signed_at=NOW)]), NOW, KEYS), Pass)
