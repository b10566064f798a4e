"""What is attached to an artifact, as people read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from build import IMAGE, KEYS, NOW, RESOURCE, VERIFIER, digest, key, provenance, rejected, signature, summary
from lockgate.core.examined import Piece, Shown, Step, Time
from lockgate.core.facts import Holder
from lockgate.core.ports import Measured
from lockgate.render.evidence_text import artifact_text, steps_text
from lockgate.render.words import Sheet

GOOD = Measured(digest=IMAGE, size=1234)
BY = Holder(names=("ci",), subject="https://ci.example/x", issuer="https://issuer.example", root="ours", at=NOW, known="log", logged=7)
HELD = replace(signature(), by=BY, key="")
SHOWN = Shown(
    times=(Time(at=NOW + timedelta(hours=1), by="time-stamp"), Time(at=NOW, by="log")),
    log="log.example",
    logged=7,
    included="promise",
    certificate_logs=("ct.example",),
)
NAME = "cosign signature"


def piece(*facts: Any, code: str = "", at: Any = "signature", said: str = "it is wrong", **more: Any) -> Piece:
    steps = (Step(name="format", result="pass", said="dsse"), *((Step(name=at, result="fail", code=code, said=said),) if code else ()))
    proves = bool(facts) and not code
    return Piece(
        **{"source": digest("e"), "media_type": "a/b", "format": "dsse", "name": NAME, "proves": proves, "code": code, "facts": facts, "steps": steps, **more}
    )


def said(*pieces: Piece, sheet: Sheet = Sheet(), **more: Any) -> list[str]:  # noqa: B008  frozen
    return artifact_text("x", GOOD, pieces, KEYS, sheet, **more).splitlines()[2:]


def test_what_counts_comes_first_and_what_proves_nothing_after_it() -> None:
    bad = piece(rejected("dsse.bad-signature"), code="dsse.bad-signature")
    text = artifact_text(f"oci:shop@{IMAGE}", GOOD, [bad, piece(signature(signed_at=NOW)), piece(signature("second")), piece(provenance())], KEYS, Sheet())
    lines = text.splitlines()
    assert lines[:4] == [
        f"oci:shop@{IMAGE}",
        "  pass  bytes       1,234 bytes read, every one matches",
        "  pass  signature   key release, 2026-11-22 20:14:03 UTC as it says itself",
        "  pass  signature   key second",
    ]
    assert "key builder" in lines[4]
    assert lines[5].startswith("  FAIL  evidence    sha256:")
    assert lines[5].endswith("cosign signature, fails at signature: it is wrong [dsse.bad-signature]")
    assert key("release").fingerprint in artifact_text("x", GOOD, [piece(signature())], {}, Sheet())


def test_summaries_of_an_artifact() -> None:
    facts = [summary(verified_at=NOW), summary(passed=False, levels=("FAILED",), raw=True), summary(levels=(), resource="x\x1b[2Jy")]
    assert said(*map(piece, facts)) == [
        f"  pass  summary     {VERIFIER}: {RESOURCE} passed as SLSA_BUILD_LEVEL_3 2026-11-22 20:14:03 UTC, key builder",
        f"  FAIL  summary     {VERIFIER}: {RESOURCE} did not pass, key builder, signed r and s side by side",
        f"  pass  summary     {VERIFIER}: x\\u001b[2Jy passed, key builder",
    ]


def test_who_held_a_certificate_when_and_how_that_is_known() -> None:
    assert said(piece(HELD, shown=SHOWN)) == [
        "  pass  signature   https://ci.example/x, who is ci",
        "                  by the word of https://issuer.example",
        "                  2026-11-22 20:14:03 UTC by the log's promise, 2026-11-22 21:14:03 UTC by a time stamp",
        "                  entry 7 of log.example, promised and not proven; certificate shown to ct.example",
    ]
    bare = said(piece(HELD, shown=Shown(times=(Time(at=NOW, by="time-stamp"),))))
    assert bare[-1].strip() == "in no transparency log; certificate shown to no log"


def test_many_that_say_the_same_are_one_line_unless_the_steps_are_asked_for() -> None:
    strange = [piece(rejected("dsse.unknown-key"), code="dsse.unknown-key", source=digest(str(number))) for number in range(4)]
    assert said(*strange) == ["  skip  evidence    4 pieces, cosign signature, by a key that is not named here [dsse.unknown-key]"]
    assert len(said(*strange[:3])) == 3
    assert len([line for line in said(*strange, steps=True) if line.startswith("  skip")]) == 4


def test_what_is_of_a_kind_that_is_not_read_is_named() -> None:
    signed = Step(name="signature", result="pass", said="key ci")
    (line,) = said(piece(name="CycloneDX bill of materials", steps=(signed,)))
    assert line.startswith("  skip  other       sha256:")
    assert line.endswith(", CycloneDX bill of materials, key ci: not read")
    (line,) = said(piece(name="", predicate="https://x.example/\x1b[2J", code="dsse.unknown-key"))
    assert "https://x.example/\\u001b[2J: not read" in line


def test_steps_say_where_it_failed_and_what_was_not_reached() -> None:
    steps = [
        Step(name="format", result="pass", said="sigstore-bundle"),
        Step(name="certificate-log", result="skip", said="not asked for"),
        Step(name="log", result="fail", code="log-entry.not-included", said="x\x1by"),
        Step(name="signature", result="not-reached"),
        Step(name="identity", result="not-reached"),
    ]
    assert steps_text(steps, Sheet()) == [
        "        pass  format           sigstore-bundle",
        "        skip  certificate-log  not asked for",
        "        FAIL  log              x\\u001by [log-entry.not-included]",
        "        not reached: signature, identity",
    ]
    assert all(len(line) <= 80 for line in steps_text([Step(name="log", result="fail", code="a.b", said="word " * 60)], Sheet(width=80)))


def test_an_artifact_that_is_wrong_or_bare() -> None:
    text = artifact_text("x", Measured(digest=IMAGE, problem="digest.mismatch", where="a\nb"), [], {}, Sheet(colour=True))
    assert "digest.mismatch at a\\u000ab" in text
    assert "nothing is attached" in text
