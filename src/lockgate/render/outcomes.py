"""One line for each outcome: what was found, in words, from codes and parameters."""

from __future__ import annotations

import re
from collections.abc import Callable

from lockgate.core.outcome import Outcome, Params
from lockgate.render import advisories, sboms, soaks
from lockgate.render.words import Sheet, ago, brief, called, count, how_long, listing, moment, plain, unit_of, when, written


def line(outcome: Outcome, sheet: Sheet) -> str:
    """What an outcome says, without its mark and without when it opens."""
    words = _WORDS.get(outcome.code or outcome.requirement, _default(outcome))
    said = words(outcome.params, sheet)
    return f"{said}; {_waived(outcome.params, sheet)}" if outcome.result == "waived" else said


def opens(outcome: Outcome, sheet: Sheet) -> str:
    """``opens …`` where time alone will mend it; else empty."""
    return f"opens {when(outcome.opens_at)}{ago(outcome.opens_at, sheet)}" if outcome.opens_at and outcome.result != "waived" else ""


_Words = Callable[[Params, Sheet], str]
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z\Z").match


def _default(outcome: Outcome) -> _Words:
    because = outcome.params.get("because")
    tail = f" ({_list(because)})" if because else ""
    return lambda _, __: (plain(outcome.code) or "holds") + tail


def _list(value: object) -> str:
    return ", ".join(plain(str(item)) for item in value) if isinstance(value, tuple) else plain(str(value))


def _of(params: Params, name: str) -> str:
    return _list(params.get(name, ""))


def _deployed_once(params: Params) -> str:
    if "decision" in params:
        return f"decision {_of(params, 'decision')} was deployed, and then something else was"
    return "it was a rollback over what ran then, and something else was deployed since"


def _number(params: Params, name: str) -> int:
    value = params.get(name, 0)
    return value if isinstance(value, int) else 0


def _at_most(params: Params) -> str:
    asked = _of(params, "at-most")
    return "whatever was found" if asked == "any" else f"nothing above {asked}" if asked != "none" else "nothing"


def _found(params: Params) -> str:
    """The first few of what was found, and how many more there are."""
    ids = params.get("ids", ())
    more = _number(params, "count") - (len(ids) if isinstance(ids, tuple) else 0)
    level = _of(params, "level")
    severe = "of unknown severity" if level == "unknown" else f"up to {level}"
    return f"{_of(params, 'tool')} found {_of(params, 'ids')}{f' and {more} more' if more > 0 else ''}, {severe}, in {_artifact(params)}"


def _signers(params: Params) -> str:
    """The names of keys and identities."""
    return ", ".join(filter(None, (_of(params, "keys"), _of(params, "identities"))))


def _kinds(params: Params) -> str:
    """The same, each kind by its name."""
    return ", ".join(f"{word} {_of(params, name)}" for name, word in (("keys", "key"), ("identities", "identity")) if params.get(name))


def _artifact(params: Params) -> str:
    return brief(_of(params, "artifact"))


def _part(params: Params) -> str:
    """The part of an artifact that is wrong: a blob's digest, or a file's path."""
    found = _of(params, "where") or _of(params, "artifact")
    return brief(found) if found.startswith("sha256:") else found


def _span(params: Params) -> str:
    wanted = _of(params, "for")
    return f"{how_long(_number(params, 'seconds'), unit_of(wanted))} of {written(wanted)} in {_of(params, 'in')}"


def _soaked(p: Params) -> str:
    since = _of(p, "since")
    if _TIME(since):
        since = when(moment(since))
    known = {"claimed": "as its deployer says", "observed": "observed"}.get(_of(p, "known"), _of(p, "known"))
    return "; ".join(filter(None, (f"{written(_of(p, 'for'))} in {_of(p, 'in')}: there since {since}, {known}", soaks.passed(p))))


def _people(p: Params, s: Sheet, name: str = "by") -> str:
    value = p.get(name, ())
    return listing(called(one, s.names) for one in (value if isinstance(value, tuple) else (str(value),)))


_DROPPED = {
    "approved.withdrawn": "withdrawn",
    "approved.not-independent": "from somebody who asked for it, built it or deploys it",
    "approved.not-enrolled": "from a key that is not enrolled for it",
    "approved.policy-changed": "given before this environment's policy changed",
    "approved.expired": "expired",
    "approved.from-changed": "given while another release ran here",
}


def why_not_counted(code: str) -> str:
    """Why an approval does not count, in words."""
    return _DROPPED.get(code, plain(code))


def _too_few(p: Params) -> str:
    able, missing, dropped = _number(p, "able"), p.get("missing", ()), p.get("dropped", ())
    who = f"can be given by {count(able, 'person', 'people') if able else 'nobody else enrolled'}"
    names = [plain(str(one)) for one in missing] if isinstance(missing, tuple) else [plain(str(missing))]
    tail = f"; not counted: {', '.join(map(why_not_counted, dropped))}" if isinstance(dropped, tuple) and dropped else ""
    return f"{_of(p, 'have')} of {count(_number(p, 'need'), 'duty', 'duties')}: {listing(names)} {'is' if len(names) == 1 else 'are'} missing ({who}){tail}"


def _outstanding(p: Params, s: Sheet) -> str:
    held = f"decision {_of(p, 'decision')} holds the one permit of {_of(p, 'request')}"
    return f"{held}, for {_people(p, s)}: let them deploy, or wait" if p.get("by") else held


def _may(p: Params, s: Sheet) -> str:
    return f"{_people(p, s, 'may')} may" if p.get("may") else "nobody enrolled may"


def _waived(p: Params, s: Sheet) -> str:
    if "waiver" not in p:
        return f"past it by break-glass {_of(p, 'break-glass')}"
    until = _of(p, "waived-until")
    return f"waived by {_people(p, s, 'waived-by')} until {when(moment(until)) if _TIME(until) else until}, {_of(p, 'waiver')}"


_KINDS = {"text": "a text", "number": "a number", "truth": "true or false", "null": "null", "list": "a list", "object": "an object"}


def _a(p: Params, name: str) -> str:
    return _KINDS.get(_of(p, name), _of(p, name))


def _tests(p: Params, name: str) -> str:
    """How many tests, and the first of them by name."""
    number, named = _number(p, name), p.get("tests", ())
    shown = ", ".join(map(plain, named)) if isinstance(named, tuple) else ""
    more = f" and {number - len(named)} more" if isinstance(named, tuple) and 0 < len(named) < number else ""
    return (f"{count(number, 'test')} ({shown}{more})" if shown else count(number, "test")) if number else "the tests"


def _suite(p: Params) -> str:
    return f" in {_of(p, 'configuration')}" if p.get("configuration") else ""


def _revoked(p: Params) -> str:
    return f" by {_of(p, 'revocation')}, leaf {_of(p, 'leaf')} ({_of(p, 'reason')})"


def _frozen(p: Params) -> str:
    start, _, end = _of(p, "freeze").partition("..")
    span = f"from {start.replace('T', ' ')} to {end.replace('T', ' ')}"
    return f"{span} ({_of(p, 'reason')})" if p.get("reason") else span


def _held(p: Params, s: Sheet) -> str:
    named = p.get("hold", ())
    more = _number(p, "held") - len(named) if isinstance(named, tuple) else 0
    return f"nothing enters: held by {_people(p, s)} ({_of(p, 'hold')}{f' and {more} more' if more > 0 else ''})"


def _review(p: Params, s: Sheet) -> str:  # noqa: ARG001  as every other
    others = f", and of {count(_number(p, 'open') - 1, 'other')}" if _number(p, "open") > 1 else ""
    return f"the review of break-glass {_of(p, 'break-glass')}, decision {_of(p, 'decision')}{others}, is open"


def _broken(p: Params, s: Sheet) -> str:
    until = _of(p, "until")
    return f"{_of(p, 'break-glass')}, broken by {_people(p, s)}, until {when(moment(until)) if _TIME(until) else until}"


_WORDS: dict[str, _Words] = {
    "digest": lambda p, s: "every byte matches",
    "digest.mismatch": lambda p, s: f"the bytes of {_part(p)} are not what the digest says",
    "digest.missing": lambda p, s: f"{_part(p)} is not there",
    "digest.truncated": lambda p, s: f"{_part(p)} is shorter than it should be",
    "digest.unreadable": lambda p, s: f"the artifact could not be read ({_of(p, 'because')})",
    "signed-by": lambda p, s: f"each artifact by {_of(p, 'each')} of {_signers(p)}" if "each" in p else _kinds(p),
    "signed-by.no-signature": lambda p, s: f"no signature by {_signers(p)} on {_artifact(p)}",
    "signed-by.no-good-signature": lambda p, s: f"no good signature by {_signers(p)} on {_artifact(p)} ({_of(p, 'because')})",
    "signed-by.too-few-keys": lambda p, s: (
        f"{_of(p, 'have')} of {_of(p, 'need')} {'signers' if 'identities' in p else 'keys'} signed {_artifact(p)}: {_of(p, 'signed')}"
    ),
    "signed-by.too-old": lambda p, s: f"the signature on {_artifact(p)} is older than {written(_of(p, 'max-age'))}, or does not say when it was made",
    "signed-by.unreadable": lambda p, s: f"signatures could not be read ({_of(p, 'because')})",
    "built-by": lambda p, s: f"{_of(p, 'builder')} from {_of(p, 'source')}",
    "built-by.no-provenance": lambda p, s: f"no provenance by {_signers(p)} for {_artifact(p)}",
    "built-by.no-good-provenance": lambda p, s: f"no good provenance by {_signers(p)} for {_artifact(p)} ({_of(p, 'because')})",
    "built-by.other-builder": lambda p, s: f"built by {_of(p, 'found')}, not by {_of(p, 'need')}",
    "built-by.other-source": lambda p, s: f"built from {_of(p, 'found')}, not from {_of(p, 'need')}",
    "built-by.no-source": lambda p, s: f"the provenance of {_artifact(p)} does not say source and ref; {_of(p, 'need')} is asked for",
    "built-by.unreadable": lambda p, s: f"provenance could not be read ({_of(p, 'because')})",
    "verified-by": lambda p, s: f"{_of(p, 'verifier')} for {_of(p, 'resource')}{f' ({levels})' if (levels := _of(p, 'levels')) else ''}",
    "verified-by.no-summary": lambda p, s: f"no verification summary by {_signers(p)} for {_artifact(p)}",
    "verified-by.no-good-summary": lambda p, s: f"no good verification summary by {_signers(p)} for {_artifact(p)} ({_of(p, 'because')})",
    "verified-by.other-verifier": lambda p, s: f"verified by {_of(p, 'found')}, not by {_of(p, 'need')}",
    "verified-by.other-form": lambda p, s: f"the summary of {_artifact(p)} is not signed in the form that counts: {_of(p, 'need')}",
    "verified-by.other-resource": lambda p, s: f"verified as {_of(p, 'found')}, not as {_of(p, 'need')}",
    "verified-by.other-policy": lambda p, s: f"verified under {_of(p, 'found') or 'no policy that is named'}, not under {_of(p, 'need')}",
    "verified-by.not-passed": lambda p, s: f"{_of(p, 'verifier')} says that {_artifact(p)} did not pass",
    "verified-by.too-low": lambda p, s: f"verified as {_of(p, 'found') or 'no level at all'}; {_of(p, 'need')} is missing",
    "verified-by.too-old": lambda p, s: f"the summary of {_artifact(p)} is older than {written(_of(p, 'max-age'))}, or does not say when it was verified",
    "verified-by.unreadable": lambda p, s: f"verification summaries could not be read ({_of(p, 'because')})",
    "came-through": lambda p, s: f"{_of(p, 'environment')}, decision {_of(p, 'decision')}",
    "came-through.never-there": lambda p, s: f"was never recorded as deployed in {_of(p, 'environment')}",
    "came-through.unreadable": lambda p, s: f"history could not be read ({_of(p, 'because')})",
    "soaked": lambda p, s: _soaked(p),
    "soaked.too-young": lambda p, s: _span(p),
    "soaked.replaced": lambda p, s: f"{_span(p)}, and then something else was deployed there",
    "soaked.unknown": lambda p, s: f"ran in {_of(p, 'in')} until a deployment there whose end nobody knows: 0 of {written(_of(p, 'for'))} counts since",
    "soaked.never-there": lambda p, s: f"was never recorded as deployed in {_of(p, 'in')}: 0 of {written(_of(p, 'for'))}",
    "soaked.only-claimed": lambda p, s: f"its stay in {_of(p, 'in')} is claimed by its deployer, and observed by nobody",
    "soaked.unreadable": lambda p, s: f"history could not be read ({_of(p, 'because')})",
    "time.unattested": lambda p, s: "the policy asks for attested time, and no time stamps are there",
    "approved": lambda p, s: f"{_of(p, 'request')} by {_people(p, s)}",
    "approved.no-request": lambda p, s: "no open request asks for this release here",
    "approved.other-release": lambda p, s: f"{_of(p, 'request')} asks for another release or configuration",
    "approved.request-withdrawn": lambda p, s: f"{_of(p, 'request')} was withdrawn",
    "approved.rejected": lambda p, s: f"{_of(p, 'request')} was rejected by {_people(p, s)}",
    "approved.spent": lambda p, s: f"{_of(p, 'request')} is spent: {_deployed_once(p)}",
    "approved.permit-outstanding": _outstanding,
    "approved.too-few-people": lambda p, s: _too_few(p),
    "approved.deployer-unknown": lambda p, s: f"nobody enrolled signed this question just now, and a permit is for who deploys: {_may(p, s)}",
    "approved.not-deployer": lambda p, s: f"a permit is for who deploys, and whoever asks may not deploy here: {_may(p, s)}",
    "approved.author-unknown": lambda p, s: "who wrote the code is not known yet, so approvers cannot be told from the author",
    "approved.builder-unknown": lambda p, s: f"there is no provenance for {_artifact(p)}, so approvers cannot be told from its builder",
    "approved.unreadable": lambda p, s: f"history could not be read ({_of(p, 'because')})",
    "release.recalled": lambda p, s: f"{_artifact(p) or 'it'} was recalled by {_of(p, 'revocation')}, leaf {_of(p, 'leaf')} ({_of(p, 'reason')})",
    "release.downgrade": lambda p, s: f"it was here before, by decision {_of(p, 'decision')}, and was replaced: it comes back as a rollback only",
    "release.unreadable": lambda p, s: f"history could not be read ({_of(p, 'because')})",
    "hold.standing": _held,
    "review.open": _review,
    "exception.unreadable": lambda p, s: f"whether it is held could not be read ({_of(p, 'because')})",
    "break-glass": _broken,
    "break-glass.not-deployer": lambda p, s: f"{_of(p, 'break-glass')} is broken, and its permit is for who deploys: {_may(p, s)}",
    "break-glass.permit-outstanding": lambda p, s: f"decision {_of(p, 'decision')} holds the one permit of {_of(p, 'break-glass')}, for {_people(p, s)}",
    "has-attestation": lambda p, s: f"{_of(p, 'type')}, said by {_signers(p)}",
    "has-attestation.no-attestation": lambda p, s: f"{_signers(p)} said nothing of {_artifact(p)} of type {_of(p, 'type')}",
    "has-attestation.no-good-attestation": lambda p, s: (
        f"nothing attached to {_artifact(p)} is {_of(p, 'type')} by {_kinds(p)} ({listing(_of(p, 'because').split(', '))})"
    ),
    "has-attestation.not-meant": lambda p, s: f"of {_of(p, 'type')} there is none for {_artifact(p)} with what is asked at {_of(p, 'where')}",
    "has-attestation.missing-field": lambda p, s: f"{_of(p, 'by')} says nothing at {_of(p, 'path')}, and {_of(p, 'need')} is asked",
    "has-attestation.other-type": lambda p, s: f"{_of(p, 'by')} has {_a(p, 'found')} at {_of(p, 'path')}, and {_of(p, 'need')} is asked",
    "has-attestation.other-value": lambda p, s: f"{_of(p, 'by')} says {_of(p, 'found') or 'an empty text'} at {_of(p, 'path')}, and {_of(p, 'need')} is asked",
    "has-attestation.too-few": lambda p, s: f"said by {_of(p, 'have')} of {_of(p, 'need')}: {_signers(p)} may",
    "has-attestation.too-old": lambda p, s: f"what was said of {_artifact(p)} is older than {written(_of(p, 'max-age'))}",
    "has-attestation.no-time": lambda p, s: f"when it was said of {_artifact(p)} is not known, and it may be {written(_of(p, 'max-age'))} old at most",
    "has-attestation.unreadable": lambda p, s: f"what is attached could not be read ({_of(p, 'because')})",
    "tested": lambda p, s: f"{count(_number(p, 'tests'), 'test')} passed, and none failed",
    "tested.no-result": lambda p, s: f"{_signers(p)} ran no tests on {_artifact(p)}{_suite(p)}",
    "tested.no-good-result": lambda p, s: f"nothing attached to {_artifact(p)} is a test result by {_kinds(p)}{_suite(p)} ({_of(p, 'because')})",
    "tested.failed": lambda p, s: f"{_tests(p, 'failed')} failed{_suite(p)}",
    "tested.warned": lambda p, s: f"{_tests(p, 'warned')} passed with warnings{_suite(p)}, which the policy does not take",
    "tested.nothing-ran": lambda p, s: f"the test result of {_artifact(p)} names no test that ran",
    "tested.missing": lambda p, s: f"{_tests(p, 'missing')} did not pass: no result names {'it' if _number(p, 'missing') == 1 else 'them'}",
    "tested.too-few": lambda p, s: f"{_of(p, 'have')} tests passed, and {_of(p, 'need')} are asked",
    "tested.too-old": lambda p, s: f"the test results of {_artifact(p)} are older than {written(_of(p, 'max-age'))}",
    "tested.no-time": lambda p, s: f"when {_artifact(p)} was tested is not known, and that may be {written(_of(p, 'max-age'))} ago at most",
    "tested.unreadable": lambda p, s: f"what is attached could not be read ({_of(p, 'because')})",
    "not-revoked": lambda p, s: f"none of the {_number(p, 'standing')} revocations that stand concerns it",
    "not-revoked.elsewhere": lambda p, s: f"{brief(_of(p, 'digest'))} is revoked in {_of(p, 'in')}{_revoked(p)}",
    "not-revoked.material": lambda p, s: f"{_of(p, 'uri') or brief(_of(p, 'digest'))} went into {_artifact(p)}, and is revoked{_revoked(p)}",
    "not-revoked.evidence": lambda p, s: f"evidence about {_artifact(p)}, {brief(_of(p, 'digest'))}, is revoked{_revoked(p)}",
    "not-revoked.unknown-materials": lambda p, s: f"nobody says what went into {_artifact(p)}",
    "not-revoked.unreadable": lambda p, s: f"history or evidence could not be read ({_of(p, 'because')})",
    "within-hours": lambda p, s: f"{_of(p, 'now')} in {_of(p, 'zone')}",
    "within-hours.closed": lambda p, s: f"no change window is open: it is {_of(p, 'now')} in {_of(p, 'zone')}",
    "within-hours.frozen": lambda p, s: f"frozen {_frozen(p)}: it is {_of(p, 'now')} in {_of(p, 'zone')}",
    "within-hours.unreadable": lambda p, s: (
        f"what the clocks show in {_of(p, 'zone') or 'that zone'} could not be told ({_of(p, 'because') or 'zone.unreadable'})"
    ),
    "policy.all-waived": lambda p, s: "everything that is required was waived: one requirement at least has to hold",
    "policy.no-environment": lambda p, s: f"the policy in force has no environment {_of(p, 'environment')}",
    "policy.requires-nothing": lambda p, s: f"{_of(p, 'environment')} requires nothing, and that allows nothing",
    "root.expired": lambda p, s: f"root version {_of(p, 'version')} has ended",
    **advisories.WORDS,
    "scanned": lambda p, s: f"by {_of(p, 'tools')}: {_at_most(p)}",
    "scanned.no-scan": lambda p, s: f"no scan by {_signers(p)} for {_artifact(p)}",
    "scanned.no-good-scan": lambda p, s: f"no good scan by {_signers(p)} for {_artifact(p)} ({_of(p, 'because')})",
    "scanned.other-tool": lambda p, s: f"scanned by {_of(p, 'found')}, not by {_of(p, 'need')}",
    "scanned.found": lambda p, s: _found(p),
    "scanned.too-many": lambda p, s: f"{_of(p, 'tool')} found more than is read, and how severe the rest is nobody can say",
    "scanned.no-date": lambda p, s: f"the scan of {_artifact(p)} by {_of(p, 'tools')} does not say when it was done",
    "scanned.too-old": lambda p, s: f"the scan of {_artifact(p)} by {_of(p, 'tools')} is older than {written(_of(p, 'max-age'))}",
    "scanned.no-database-date": lambda p, s: f"the scan of {_artifact(p)} by {_of(p, 'tools')} does not say of when its data was",
    "scanned.database-too-old": lambda p, s: f"{_of(p, 'tools')} scanned {_artifact(p)} with data older than {written(_of(p, 'database-max-age'))}",
    "scanned.unreadable": lambda p, s: f"scans could not be read ({_of(p, 'because')})",
    **soaks.WORDS,
    **sboms.WORDS,
    **dict.fromkeys(_DROPPED, lambda p, s: _too_few(p)),
}
