"""A bill of materials that lists nothing: its maker may have looked in the wrong place, and nothing was looked up."""

from __future__ import annotations

import pytest

from build import IMAGE, NOW, complete, digest, key, subject
from lockgate.core.components import Component, Sbom
from lockgate.core.facts import Facts, Need
from lockgate.core.findings import Database, Finding, LookedUp
from lockgate.core.outcome import Pass, Unknown
from lockgate.core.requirements.vulnerable import Vulnerable


@pytest.mark.parametrize(("components", "skipped", "code"), [((), 0, "vulnerable.no-sbom"), ((Component(purl="pkg:pypi/flask@2.0"),), 0, ""), ((), 1, "")])
def test_a_bill_that_lists_nothing_is_none(components: tuple[Component, ...], skipped: int, code: str) -> None:
    source = digest("sbom")
    bill = Sbom(subject=IMAGE, source=source, keys=(key("release").fingerprint,), format="cyclonedx", spec="1.6", components=components, skipped=skipped)
    known = Facts(
        {
            Need(Sbom): complete([bill]),
            Need(LookedUp): complete([LookedUp(subject=IMAGE, sbom=source, components=len(components) + skipped)]),
            Need(Finding): complete([]),
            Need(Database): complete([Database(name="osv", digest=digest("osv"), as_of=NOW, entries=1, ecosystems=("PyPI",))]),
        }
    )
    verdict = Vulnerable(refuse="high", kev="ignore").check(subject(), known, NOW, {})
    assert isinstance(verdict, Unknown if code else Pass)
    assert (verdict.code if isinstance(verdict, Unknown) else "") == code
