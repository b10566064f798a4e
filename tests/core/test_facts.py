"""Not knowing is told apart from not being."""

from __future__ import annotations

from build import IMAGE, complete, signature, stay
from lockgate.core.facts import Complete, Facts, Need, Signature, Stay, Unreadable


def test_a_kind_nobody_gathered_is_unreadable_not_absent() -> None:
    assert Facts({}).of(Signature) == Unreadable(code="facts.not-gathered")
    assert Facts({Need(Signature): complete([])}).of(Signature) == complete([])


def test_one_environments_stays_are_not_anothers() -> None:
    facts = Facts({Need(Stay, "staging"): complete([stay()])})
    assert isinstance(facts.of(Stay, "staging"), Complete)
    assert facts.of(Stay, "production") == facts.of(Stay) == Unreadable(code="facts.not-gathered")


def test_facts_are_not_changed_from_outside() -> None:
    gathered = {Need(Signature): complete([signature()])}
    facts = Facts(gathered)
    gathered.clear()
    replaced = facts.replace(Need(Signature), Unreadable(code="ref.unreadable"))
    assert facts.of(Signature) == complete([signature(artifact=IMAGE)])
    assert replaced.of(Signature) == Unreadable(code="ref.unreadable")
    assert facts.needs() == replaced.needs() == (Need(Signature),)
