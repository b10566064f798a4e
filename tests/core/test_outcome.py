"""Every refusal has a code."""

from __future__ import annotations

import pytest
from hypothesis import given

from build import NOW
from lockgate.canon import decode, encode
from lockgate.core.outcome import Fail, Outcome, Pass, Unknown, Verdict, Waived, outcome
from lockgate.errors import EvidenceError
from strategies import noun


@pytest.mark.parametrize(
    ("verdict", "row"),
    [
        (Pass(), Outcome(requirement="x", result="pass")),
        (Pass(params={"n": 1}), Outcome(requirement="x", result="pass", params={"n": 1})),
        (Fail(code="x.y", params={"n": 1}, opens_at=NOW), Outcome(requirement="x", result="fail", code="x.y", params={"n": 1}, opens_at=NOW)),
        (Waived(code="x.y", params={"n": 1}, opens_at=NOW), Outcome(requirement="x", result="waived", code="x.y", params={"n": 1}, opens_at=NOW)),
        (Unknown(code="x.y", params={"n": ("a",)}), Outcome(requirement="x", result="unknown", code="x.y", params={"n": ("a",)})),
    ],
)
def test_the_row_that_is_recorded(verdict: Verdict | Waived, row: Outcome) -> None:
    assert outcome("x", verdict) == row
    assert decode(encode(row), Outcome) == row


@pytest.mark.parametrize("verdict", [Fail(code=""), Unknown(code=""), Waived(code="")])
def test_a_refusal_without_a_code_cannot_be_recorded(verdict: Verdict | Waived) -> None:
    with pytest.raises(ValueError, match="has a code"):
        outcome("x", verdict)


@pytest.mark.parametrize(
    "said",
    [{"result": "fail"}, {"result": "unknown"}, {"code": "x.y", "result": "pass"}, {"result": "waived"}, {"code": "x.y", "result": "void"}, {"code": "x.y"}],
)
def test_nor_read(said: dict[str, str]) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode({"requirement": "x", **said}), Outcome)
    assert err.value.code == "json.malformed"


@given(noun(Outcome))
def test_every_row_is_read_back(row: Outcome) -> None:
    assert decode(encode(row), Outcome) == row
