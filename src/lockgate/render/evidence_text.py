"""What is attached to an artifact, as people read it: a line or two for each piece, what counts first; and the steps, where they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lockgate.core.examined import Piece, Shown, Step, Time
from lockgate.core.facts import Holder, Provenance, Rejected, Signature, Summary, Vouched
from lockgate.core.findings import Exploitability
from lockgate.core.identity import PublicKey, fingerprint
from lockgate.core.ports import Measured
from lockgate.render.layout import broken
from lockgate.render.vouched import in_short, says_no, together
from lockgate.render.words import GREEN, RED, Sheet, brief, count, listing, painted, plain, when

NAMED = "named"
"""What an identity is called that was named on the command line, and stands in no policy."""

ALIKE = 3
"""So many lines that say the same of different pieces are written out; more of them become one."""

_INDENT = 20
_WORD = {"time-stamp": "a time stamp", "log": "the log's promise"}
_STRANGER = {"dsse.unknown-key", "simple-signing.unknown-key"}
_NOBODY = {"identity.other-issuer", "identity.other-subject", "identity.other-claim"}


def artifact_text(pinned: str, measured: Measured, pieces: Iterable[Piece], keys: Mapping[str, PublicKey], sheet: Sheet, *, steps: bool = False) -> str:
    """An artifact, its bytes and what is attached to it; with `steps`, what was asked of each piece."""
    names = {fingerprint(key): plain(name) for name, key in keys.items()}
    lines = [plain(pinned)]
    if measured.problem:
        lines.append(f"  {_mark('FAIL', sheet)}  bytes       {plain(measured.problem)} at {plain(measured.where)}")
    else:
        lines.append(f"  {_mark('pass', sheet)}  bytes       {count(measured.size, 'byte')} read, every one matches")
    listed = list(pieces)
    good, bad = [one for one in listed if one.proves], [one for one in listed if not one.proves]
    for one in good:
        for fact, alike in together(one.facts):
            lines += _fact(fact, one, names, sheet, alike)
        if steps:
            lines += [*steps_text(one.steps, sheet, _whole(one)), *_claims(one)]
    told = sorted(((_bad(one, sheet), one) for one in bad), key=lambda each: (each[0][0] == "skip", not each[1].code))
    for (mark, said), group in _grouped(told, apart=steps):
        first = group[0]
        what = brief(first.source) if len(group) == 1 else count(len(group), "piece")
        lines += broken(f"  {mark}  {'evidence' if first.code else 'other':<10}  {what}, {said}", sheet, _INDENT)
        lines += steps_text(first.steps, sheet, _whole(first)) if steps else []
    if not listed:
        lines.append(f"  {_mark('FAIL', sheet)}  evidence    nothing is attached")
    return "\n".join(lines)


def steps_text(steps: Sequence[Step], sheet: Sheet, about: str = "") -> list[str]:
    """The steps, one a line, and in one line those that were not reached."""
    lines = [f"        {about}"] if about else []
    for one in steps:
        if one.result == "not-reached":
            continue
        said = plain(one.said) + (f" [{one.code}]" if one.code else "")
        mark = _mark("FAIL" if one.result == "fail" else one.result, sheet)
        lines += broken(f"        {mark}  {one.name:<15}  {said}".rstrip(), sheet, 31)
    if missed := [one.name for one in steps if one.result == "not-reached"]:
        lines += broken(f"        not reached: {', '.join(missed)}", sheet, 21)
    return lines


def times_text(times: Iterable[Time]) -> str:
    """``2026-11-20 12:00:00 UTC by a time stamp``, the earliest first."""
    return ", ".join(f"{when(one.at)} by {_WORD[one.by]}" for one in sorted(times, key=lambda one: one.at))


def log_text(shown: Shown) -> str:
    """The log and how it is known that the entry is there; the certificate logs."""
    if not shown.log:
        logged = "in no transparency log"
    else:
        logged = f"entry {shown.logged} of {plain(shown.log)}" + (", promised and not proven" if shown.included == "promise" else "")
    return logged + (f"; certificate shown to {listing(map(plain, shown.certificate_logs))}" if shown.certificate_logs else "; certificate shown to no log")


def _claims(one: Piece) -> list[str]:
    """What else the certificate says."""
    held = next((fact.by for fact in one.facts if not isinstance(fact, Rejected) and fact.by is not None), None)
    return [f"        claim {name}: {plain(text)}" for name, text in held.claims.items()] if held is not None else []


def _whole(one: Piece) -> str:
    return f"{one.format or 'of no format that counts'}, {_called(one)}, {brief(one.source)}"


def _called(one: Piece) -> str:
    return plain(one.name or one.predicate[:80] or one.media_type[:80] or "of no media type")


def _mark(word: str, sheet: Sheet) -> str:
    return painted(word, {"pass": GREEN, "FAIL": RED}[word], sheet) if word != "skip" else word


def _grouped(told: list[tuple[tuple[str, str], Piece]], *, apart: bool) -> Iterable[tuple[tuple[str, str], list[Piece]]]:
    """What is said the same of more than a few pieces, once."""
    same: dict[tuple[str, str], list[Piece]] = {}
    for said, one in told:
        same.setdefault(said, []).append(one)
    for said, group in same.items():
        if len(group) > ALIKE and not apart:
            yield said, group
        else:
            yield from ((said, [one]) for one in group)


def _bad(one: Piece, sheet: Sheet) -> tuple[str, str]:
    """How a piece is marked that proves nothing, and why."""
    called = _called(one)
    failed = next((step for step in one.steps if step.result == "fail"), None)
    if not any(isinstance(fact, Rejected) for fact in one.facts):
        by = next((f", {plain(step.said)}" for step in one.steps if step.name in {"signature", "identity"} and step.said), "") if failed is None else ""
        return "skip", f"{called}{by}: not read"
    if failed is None:
        return _mark("FAIL", sheet), f"{called}: proves nothing"
    if one.code == "evidence.format-not-accepted":
        return "skip", f"{plain(failed.said)} [{one.code}]"
    if one.code in _STRANGER:
        return "skip", f"{called}, by a key that is not named here [{one.code}]"
    if one.code == "bundle.keyless":
        return "skip", f"{called}, by a certificate, and no identity is named here [{one.code}]"
    if one.code in _NOBODY:
        return "skip", f"{called}: {plain(failed.said)} [{one.code}]"
    return _mark("FAIL", sheet), f"{called}, fails at {failed.name}: {plain(failed.said)} [{one.code}]"


def _fact(
    fact: Signature | Provenance | Summary | Vouched | Rejected, one: Piece, names: Mapping[str, str], sheet: Sheet, alike: tuple[Exploitability, ...] = ()
) -> list[str]:
    keys: tuple[str, ...] = ()
    word = what = at = ""
    match fact:
        case Rejected(code=code):
            head = f"  {_mark('FAIL', sheet)}  {'evidence':<10}  {brief(one.source)}, {_called(one)}"
            return broken(f"{head}: part of it proves nothing [{plain(code)}]", sheet, _INDENT)
        case Signature():
            keys, word = (fact.key,), "signature"
            at = f", {when(fact.signed_at)} as it says itself" if fact.signed_at and fact.by is None else ""
        case Provenance():
            keys, word = fact.keys, "provenance"
            what = f"{plain(fact.builder)} from {plain(fact.repository)}@{plain(fact.ref)}, "
        case Summary():
            keys, word = fact.keys, "summary"
            said = f"passed as {listing(map(plain, fact.levels))}" if fact.passed and fact.levels else "passed" if fact.passed else "did not pass"
            what = f"{plain(fact.verifier)}: {plain(fact.resource)} {said}{f' {when(fact.verified_at)}' if fact.verified_at else ''}, "
            at = ", signed r and s side by side" if fact.raw else ""
        case Vouched():
            keys, (word, what) = fact.keys, in_short(fact, alike)
    against = not fact.passed if isinstance(fact, Summary) else isinstance(fact, Vouched) and says_no(fact)
    mark = _mark("FAIL" if against else "pass", sheet)
    if fact.by is not None:
        return _held(f"  {mark}  {word:<10}  {what}", fact.by, one, at, sheet)
    if not keys:
        return broken(f"  skip  {word:<10}  {what}attached by anybody: nobody signed it", sheet, _INDENT)
    return broken(f"  {mark}  {word:<10}  {what}key {', '.join(names.get(key, key) for key in keys)}{at}", sheet, _INDENT)


def _held(head: str, by: Holder, one: Piece, at: str, sheet: Sheet) -> list[str]:
    """Whose certificate it is, by whose word, when, and in which logs."""
    shown = one.shown
    meant = [plain(name) for name in by.names if name != NAMED]
    indent = " " * _INDENT
    lines = broken(f"{head}{plain(by.subject)}{f', who is {listing(meant)}' if meant else ''}{at}", sheet, _INDENT)
    lines += broken(f"{indent}by the word of {plain(by.issuer)}", sheet, _INDENT)
    if shown is not None:
        lines += broken(f"{indent}{times_text(shown.times)}", sheet, _INDENT)
        lines += broken(f"{indent}{one.format}; {log_text(shown)}", sheet, _INDENT)
    return lines
