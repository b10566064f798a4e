"""`has-sbom`: a bill of materials that counts, from where the policy says, with what it asks."""

from __future__ import annotations

from typing import Any

import pytest

from core.case import Case
from core.cases_of_sboms import HAS, HAS_SBOM
from lockgate.core.components import CISA, NTIA, LookedInside, Sbom
from lockgate.core.facts import Need, Rejected
from lockgate.core.requirements.has_sbom import HasSbom


@pytest.mark.parametrize("case", HAS_SBOM, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert HAS.needs() == (Need(Sbom), Need(Rejected), Need(LookedInside))
    assert (HAS.key_names(), HasSbom(identities=("ci",)).identity_names()) == (("builder",), ("ci",))
    assert (HAS.lasts, HAS.waivable, HAS.yields) == ("now", True, True)
    assert set(NTIA) < set(CISA)


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "an attestation by nobody": {},
    "attached by somebody": {"found": "attached", "keys": ("builder",)},
    "inside by somebody": {"inside": "/sbom", "identities": ("ci",)},
    "inside nowhere": {"found": "inside"},
    "attached at a path": {"found": "attached", "inside": "/sbom"},
    "an attestation at a path": {"found": "attestation", "inside": "/sbom", "keys": ("builder",)},
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_does_not_hang_together_cannot_be(name: str) -> None:
    with pytest.raises(ValueError, match=r"inside|signed"):
        HasSbom(**IMPOSSIBLE[name])
