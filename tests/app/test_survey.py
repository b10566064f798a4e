"""app.survey: what an artifact carries is told whole or not at all, and by nobody's word but its own."""

from __future__ import annotations

from collections.abc import Callable

from build import key
from lockgate.app.attach import Bench
from lockgate.app.survey import survey
from lockgate.core.facts import Provenance, Rejected, Signature
from lockgate.core.ports import Evidence
from lockgate.errors import UnreadableError
from lockgate.evidence import artifact
from lockgate.evidence.carried import SIGNATURE
from lockgate.evidence.slsa import PREDICATE_TYPE as PROVENANCE
from world import World

Fails = Callable[..., str]


def bench(world: World) -> Bench:
    return Bench(source=world.source, clock=world.clock)


def test_what_is_there_and_who_signed_it(world: World) -> None:
    found = survey(bench(world), "file:shop", "", [key("release").public])
    assert found.pinned == f"file:shop@{found.digest}"
    assert [(type(fact), fact.source) for fact in found.facts] == [(Signature, found.claims[0].source), (Rejected, found.claims[1].source)]
    assert [(claim.predicate, claim.about, claim.keyids) for claim in found.claims] == [
        (SIGNATURE, True, (key("release").fingerprint,)),
        (PROVENANCE, True, (key("builder").fingerprint,)),
    ]
    assert found.claims[1].builder
    assert found.claims[1].repository
    both = survey(bench(world), "file:shop", "", [key("release").public, key("builder").public])
    assert [type(fact) for fact in both.facts] == [Signature, Provenance]


def test_the_same_bytes_are_told_once(world: World) -> None:
    held = world.source.artifacts["shop"].evidence
    held += held[:1]
    assert len(survey(bench(world), "file:shop", "", []).claims) == 2


def test_nothing_is_proposed_from_what_is_not_whole(world: World, fails: Fails) -> None:
    world.source.artifacts["shop"].data = b"altered"
    assert fails(survey, bench(world), "file:shop", "", []) == "digest.mismatch"
    world.source.artifacts["shop"].data = None
    assert fails(survey, bench(world), "file:shop", "", []) == "digest.missing"
    assert fails(survey, bench(world), "file:nothing", "", []) == "ref.not-found"
    world.broken = True


def test_what_cannot_be_read_is_not_taken_for_nothing(world: World, fails: Fails) -> None:
    world.source.fails["attached"] = UnreadableError("ref.unreadable", "the registry does not answer")
    assert fails(survey, bench(world), "file:shop", "", []) == "ref.unreadable"
    del world.source.fails["attached"]
    world.source.artifacts["shop"].evidence = [Evidence(media_type="x", data=b"%d" % number, origin="") for number in range(artifact.MAX_PIECES + 1)]
    assert fails(survey, bench(world), "file:shop", "", []) == "evidence.too-much"
    world.broken = True
