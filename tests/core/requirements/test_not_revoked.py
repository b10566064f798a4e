"""`not-revoked`: what went in, what speaks for it, and the release elsewhere."""

from __future__ import annotations

import pytest

from build import NOT_REVOKED
from core.case import Case
from core.cases_of_kinds import NOT_REVOKED_CASES
from lockgate.core.facts import Intact, Need, Provenance, Source
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.revocation import Revocation


@pytest.mark.parametrize("case", NOT_REVOKED_CASES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert NOT_REVOKED.needs() == (Need(Revocation), Need(Revocation, "staging"), Need(Intact), Need(Provenance), Need(Source))
    assert (NotRevoked.lasts, NotRevoked.waivable, NotRevoked.yields) == ("now", False, False)


def test_something_has_to_be_asked() -> None:
    with pytest.raises(ValueError, match="asks nothing"):
        NotRevoked(reasons=("compromised",))
