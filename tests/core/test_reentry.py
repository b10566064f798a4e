"""reentry: what bars a release whatever the policy asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import IMAGE, NOW, SHOP, SIGNED, UNREADABLE, digest, facts, intact, person_id, policy, release, request, request_id, root, signature, stay, subject
from lockgate.core.decide import RULES, decide
from lockgate.core.facts import Stay
from lockgate.core.model import Release
from lockgate.core.outcome import Fail, Params, Unknown
from lockgate.core.reentry import barred, replaced
from lockgate.core.revocation import Revocation

OTHER = release("other")
PAIR = release("shop", "worker")
ASKED = subject(request=request_id())


def revocation(*digests: str, **changes: Any) -> Revocation:
    base: dict[str, Any] = {"id": request_id("no"), "environment": "production", "by": person_id("sam"), "at": NOW, "leaf": 40, "reason": "vulnerable"}
    return Revocation(**{**base, "digests": digests, **changes})


def answer(subject: Any = ASKED, rules: int = RULES, **found: Any) -> str:
    verdict = barred(subject, facts(**{"intact": [intact()], **found}), rules)
    return verdict.code if verdict else ""


def history(*releases: Release) -> dict[str, list[Stay]]:
    """One after the other, the last of them running."""
    hours = range(10 * len(releases), 0, -10)
    return {"production": [stay(one, since=f"{since}h", until=f"{since - 10}h" if since > 10 else None) for one, since in zip(releases, hours, strict=True)]}


@pytest.mark.parametrize(
    ("name", "revoked", "expected"),
    [
        ("nothing", [], ""),
        ("another artifact", [revocation(digest("other"))], ""),
        ("this artifact", [revocation(IMAGE)], "release.recalled"),
        ("this artifact, everywhere", [revocation(IMAGE, environment="house")], "release.recalled"),
        ("one of several", [revocation(digest("a"), IMAGE)], "release.recalled"),
        ("its configuration", [revocation(digest("config"))], "release.recalled"),
        ("an image inside it", [revocation(digest("amd64"))], "release.recalled"),
        ("not to be read", UNREADABLE, "release.unreadable"),
        ("never gathered", None, "release.unreadable"),
    ],
)
def test_what_was_revoked_does_not_enter(name: str, revoked: Any, expected: str) -> None:
    asked = replace(ASKED, release=release("shop", config=digest("config")))
    assert answer(asked, revoked=revoked, intact=[replace(intact(), inside=(digest("amd64"),))]) == expected, name
    assert answer(asked, rules=0, revoked=revoked, intact=[replace(intact(), inside=(digest("amd64"),))]) == expected, name


def test_a_recall_says_by_whose_word() -> None:
    verdict = barred(ASKED, facts(intact=[intact()], revoked=[revocation(IMAGE)]), RULES)
    said: Params = {"revocation": request_id("no"), "reason": "vulnerable", "in": "production", "leaf": 40, "artifact": IMAGE}
    assert verdict == Fail(code="release.recalled", params=said)
    unread = barred(ASKED, facts(revoked=UNREADABLE), RULES)
    assert unread == Unknown(code="release.unreadable", params={"because": "ref.unreadable"})


@pytest.mark.parametrize(
    ("name", "ran", "asked", "back"),
    [
        ("nothing ran", [], SHOP, False),
        ("it runs", [SHOP], SHOP, False),
        ("it runs again", [SHOP, OTHER, SHOP], SHOP, False),
        ("something new", [OTHER], SHOP, False),
        ("it was replaced", [SHOP, OTHER], SHOP, True),
        ("it was replaced long ago", [SHOP, OTHER, release("third")], SHOP, True),
        ("its artifact, with another configuration", [release("shop", config=digest("c")), OTHER], SHOP, True),
        ("another configuration of what runs", [SHOP], release("shop", config=digest("c")), False),
        ("the configuration that was there before", [SHOP, release("shop", config=digest("c"))], SHOP, True),
        ("one old artifact beside a new one", [PAIR, release("shop-2", "worker-2")], release("shop-2", "worker"), True),
        ("one artifact kept, one new", [PAIR], release("shop", "worker-2"), False),
        ("one artifact kept since, that an older release had too", [PAIR, release("shop", "worker-2")], release("shop", "worker-3"), False),
    ],
)
def test_what_was_replaced_comes_back_as_a_rollback_only(name: str, ran: list[Release], asked: Release, back: bool) -> None:
    there = history(*ran)
    assert (replaced(there["production"], asked) is not None) == back, name
    bare = replace(ASKED, release=asked)
    assert answer(bare, stays=there) == ("release.downgrade" if back else ""), name
    assert answer(bare, rules=0, stays=there) == ""
    assert answer(bare, stays=there, requests=[request(release=asked, rollback=True)]) == ""


@pytest.mark.parametrize(
    "request_",
    [
        request(),
        request(rollback=True, withdrawn=True),
        request(rollback=True, rejected_by=(person_id("sam"),)),
        request(rollback=True, over=True),
        request(rollback=True, release=OTHER),
        request(rollback=True, name="another"),
    ],
)
def test_a_rollback_is_asked_for_by_the_request_that_is_gone_by(request_: Any) -> None:
    assert answer(stays=history(SHOP, OTHER), requests=[request_]) == "release.downgrade"
    assert answer(replace(ASKED, request=None), stays=history(SHOP, OTHER), requests=[request(rollback=True)]) == "release.downgrade"


def test_what_cannot_be_known_refuses() -> None:
    assert answer(stays={"production": UNREADABLE}) == "release.unreadable"
    assert answer(stays={"production": None}) == "release.unreadable"
    assert answer(stays=history(SHOP, OTHER), requests=UNREADABLE) == "release.unreadable"
    assert answer(stays={"production": None}, rules=0) == ""


def test_a_recalled_release_is_not_rolled_back_to() -> None:
    assert answer(revoked=[revocation(IMAGE)], stays=history(SHOP, OTHER), requests=[request(rollback=True)]) == "release.recalled"


def test_no_policy_leaves_it_out() -> None:
    known = facts(intact=[intact()], signatures=[signature()], revoked=[revocation(IMAGE)])
    judgement = decide(ASKED, policy(SIGNED), known, NOW, root())
    assert judgement.result == "refused"
    assert [(one.requirement, one.code) for one in judgement.outcomes] == [("digest", ""), ("release", "release.recalled"), ("signed-by", "")]


@given(st.lists(st.sampled_from([SHOP, OTHER, PAIR, release("worker"), release("shop", config=digest("c"))]), max_size=6), st.sampled_from([SHOP, PAIR]))
def test_only_what_is_new_or_runs_enters_unmarked(ran: list[Release], asked: Release) -> None:
    """Held against the words: the release itself, or an artifact of it, was there, and is not there now."""
    changed = [one for place, one in enumerate(ran) if place == 0 or one != ran[place - 1]]
    now = changed[-1] if changed else None
    before = changed[:-1]
    comes_back = asked != now and (
        asked in before or any(artifact in one.artifacts and artifact not in now.artifacts for one in before for artifact in asked.artifacts if now)
    )
    assert (answer(replace(ASKED, release=asked), stays=history(*changed)) == "release.downgrade") == comes_back
