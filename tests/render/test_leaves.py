"""Leaves, proofs and evidence as people read them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from build import IMAGE, LOG, NOW, digest
from lockgate.core import events
from lockgate.render.leaves import anchor_text, event_text, leaf_line, leaf_text, proven_text, standing_text, vouched_text
from lockgate.render.words import Sheet
from refusals import SIGNED, SOAKS, decided
from strategies import noun

AT = "2026-11-22T20:14:03Z"
DEPLOYED = events.Deployed(log=LOG, permit=7, environment="staging", config="none", started_at=NOW, ended_at=NOW)


@given(st.sampled_from(list(events.KINDS)).flatmap(lambda kind: noun(events.KINDS[kind])), st.text(max_size=20), st.integers(0, 120))
def test_any_event_can_be_shown_and_none_steers_the_terminal(event: events.Event, who: str, width: int) -> None:
    kind = events.kind_of(event)
    for said in (
        event_text(kind, event, (IMAGE,), who, Sheet(width=width)),
        leaf_line(3, AT, "env:staging", kind, who, (IMAGE, digest("b")), event, ""),
        leaf_text(3, AT, "env:staging", kind, who, (), event, "", Sheet()),
        proven_text(3, 9, "example.com/\x1b[2J", AT, 2, Sheet(width=width)),
        standing_text(event, "", Sheet(width=width)),
        standing_text(event, "permit.expired", Sheet(width=width)),
        vouched_text(who, "", (who, "\x1b[2J"), Sheet(width=width)),
        vouched_text("", "event.unvouched", (who,) * 9, Sheet(width=width)),
        anchor_text("a\nb", who, 1, IMAGE, Sheet(width=width)),
    ):
        assert all(line.isprintable() for line in said.splitlines())


def test_a_leaf_is_one_line() -> None:
    line = leaf_line(3, AT, "env:staging", "deployed", "Ada", (IMAGE, digest("b")), DEPLOYED, "")
    assert line.split() == ["3", "2026-11-22", "20:14:03", "UTC", "staging", "deployed", "Ada", f"{IMAGE[:19]}…", "and", "1", "more"]
    narrow = leaf_line(31_415, AT, "env:a-long-environment", "deploy-failed", "Ada Lovelace of London", (IMAGE,), DEPLOYED, "", 80)
    assert len(narrow) <= 80
    assert narrow.endswith(IMAGE[7:19] + "…")
    for width in (0, 80, 120):
        lines = [leaf_line(9, AT, "env:staging", kind, "Ada", (IMAGE,), DEPLOYED, "", width) for kind in events.KINDS]
        assert len({line.index("Ada") for line in lines}) == 1, "one column, whatever happened"
    assert leaf_line(0, AT, "house", "genesis", "", (), DEPLOYED, "").endswith("genesis")


def test_a_decision_says_what_was_found_with_its_codes() -> None:
    said = event_text("decision", decided(SIGNED, SOAKS), (IMAGE,), "permit key", Sheet())
    assert said.splitlines()[-2:] == ["  pass    signed-by: key release", "  fail    soaked: 5 h 14 min of 24 h in staging [soaked.too-young]"]
    assert "outcomes" not in said


def test_what_is_proven_is_not_called_allowed() -> None:
    for outcome, end, code, begins in (
        ("allowed", NOW, "", "allowed   until 2026-11-22 20:14:03 UTC;"),
        ("allowed", NOW, "permit.expired", "expired   the permit ended 2026-11-22 20:14:03 UTC:"),
        ("allowed", None, "permit.expired", "expired   the permit ended:"),
        ("allowed", NOW, "root.expired", "expired   the pinned root has ended:"),
        ("refused", None, "", "refused   what is proven is a refusal:"),
        ("undecided", None, "", "undecided what is proven is that nothing could be decided:"),
    ):
        assert standing_text(decided(outcome=outcome, not_after=end), code, Sheet()).startswith(begins)
    assert standing_text(DEPLOYED, "", Sheet()).startswith("signer    whose key it is")
    assert standing_text(events.Genesis(origin="x", nonce="0" * 32, created_at=NOW), "", Sheet()) == ""


def test_whose_key_signed_an_event() -> None:
    sheet = Sheet(names={"p-aaaaaaaaaaaaaaaa": "Ada"})
    assert vouched_text("p-aaaaaaaaaaaaaaaa", "", (), sheet) == "good      signed by Ada, who is enrolled"
    assert vouched_text("owner", "", (), sheet) == "good      signed by an owner"
    assert vouched_text("", "key.not-enrolled", (), sheet).startswith("stranger  ")
    unknown, unsigned = vouched_text("", "event.unvouched", ("a", "b", "c", "d", "e", "f"), sheet).splitlines()
    assert unknown.startswith("unknown   ")
    assert unsigned.endswith("ignored: a, b, c, d and 2 more")


def test_a_leaf_nobody_can_read() -> None:
    assert leaf_line(3, "", "", "", "", (), None, "event.newer") == "     3  unreadable: event.newer"
    assert leaf_text(3, "", "", "", "", (), None, "event.newer", Sheet()) == "leaf 3 cannot be read: event.newer"
