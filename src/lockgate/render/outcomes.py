"""One line for each outcome: what was found, in words, from codes and parameters."""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.digest import short
from lockgate.core.duration import span
from lockgate.core.outcome import Outcome, Params
from lockgate.render.words import how_long, when


def line(outcome: Outcome) -> str:
    """What an outcome says, without its mark; ``opens …`` at the end where time alone will mend it."""
    key = outcome.code or outcome.requirement
    words = _WORDS.get(key, _default(outcome))(outcome.params)
    return f"{words}; opens {when(outcome.opens_at)}" if outcome.opens_at else words


def _default(outcome: Outcome) -> Callable[[Params], str]:
    because = outcome.params.get("because")
    tail = f" ({_list(because)})" if because else ""
    return lambda _: (outcome.code or "holds") + tail


def _list(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _of(params: Params, name: str) -> str:
    return _list(params.get(name, ""))


def _artifact(params: Params) -> str:
    return short(str(params.get("artifact", "")))


def _span(params: Params) -> str:
    wanted = how_long(int(span(str(params.get("for", "1s"))).total_seconds()))
    return f"{how_long(int(str(params.get('seconds', 0))))} of {wanted} in {_of(params, 'in')}"


def _too_few(p: Params) -> str:
    able = int(str(p.get("able", 0)))
    who = "can be given by nobody enrolled" if not able else f"can be given by {able} {'person' if able == 1 else 'people'}"
    dropped = p.get("dropped")
    tail = f"; not counted: {_list(dropped)}" if dropped else ""
    return f"{_of(p, 'have')} of {_of(p, 'need')} duties: {_of(p, 'missing')} is missing ({who}){tail}"


_WORDS: dict[str, Callable[[Params], str]] = {
    "digest": lambda p: "every byte matches",
    "digest.mismatch": lambda p: f"the bytes of {short(_of(p, 'where') or _of(p, 'artifact'))} are not what the digest says",
    "digest.missing": lambda p: f"{short(_of(p, 'where') or _of(p, 'artifact'))} is not there",
    "digest.truncated": lambda p: f"{short(_of(p, 'where') or _of(p, 'artifact'))} is shorter or longer than it says",
    "digest.unreadable": lambda p: f"the artifact could not be read ({_of(p, 'because')})",
    "signed-by": lambda p: f"key {_of(p, 'keys')}",
    "signed-by.no-signature": lambda p: f"no signature by {_of(p, 'keys')} on {_artifact(p)}",
    "signed-by.no-good-signature": lambda p: f"no good signature by {_of(p, 'keys')} on {_artifact(p)} ({_of(p, 'because')})",
    "signed-by.too-few-keys": lambda p: f"{_of(p, 'have')} of {_of(p, 'need')} keys signed {_artifact(p)}: {_of(p, 'signed')}",
    "signed-by.too-old": lambda p: f"the signature on {_artifact(p)} is older than {_of(p, 'max-age')}, or does not say when it was made",
    "signed-by.unreadable": lambda p: f"signatures could not be read ({_of(p, 'because')})",
    "built-by": lambda p: f"{_of(p, 'builder')} from {_of(p, 'source')}",
    "built-by.no-provenance": lambda p: f"no provenance by {_of(p, 'keys')} for {_artifact(p)}",
    "built-by.no-good-provenance": lambda p: f"no good provenance by {_of(p, 'keys')} for {_artifact(p)} ({_of(p, 'because')})",
    "built-by.other-builder": lambda p: f"built by {_of(p, 'found')}, not by {_of(p, 'need')}",
    "built-by.other-source": lambda p: f"built from {_of(p, 'found')}, not from {_of(p, 'need')}",
    "built-by.no-source": lambda p: f"the provenance of {_artifact(p)} does not say source and ref; need {_of(p, 'need')}",
    "built-by.unreadable": lambda p: f"provenance could not be read ({_of(p, 'because')})",
    "came-through": lambda p: f"{_of(p, 'environment')}, decision {_of(p, 'decision')}",
    "came-through.never-there": lambda p: f"was never recorded as deployed in {_of(p, 'environment')}",
    "came-through.unreadable": lambda p: f"history could not be read ({_of(p, 'because')})",
    "soaked": lambda p: f"{_of(p, 'for')} in {_of(p, 'in')}, since {_of(p, 'since')} ({_of(p, 'known')})",
    "soaked.too-young": _span,
    "soaked.replaced": lambda p: f"{_span(p)}, and then something else was deployed there",
    "soaked.never-there": lambda p: f"was never recorded as deployed in {_of(p, 'in')}: 0 of {_of(p, 'for')}",
    "soaked.only-claimed": lambda p: f"its stay in {_of(p, 'in')} is claimed by its deployer, and observed by nobody",
    "soaked.unreadable": lambda p: f"history could not be read ({_of(p, 'because')})",
    "time.unattested": lambda p: "the policy asks for attested time, and no time stamps are there",
    "approved": lambda p: f"{_of(p, 'request')} by {_of(p, 'by')}",
    "approved.no-request": lambda p: "nobody asked for this release here",
    "approved.other-release": lambda p: f"{_of(p, 'request')} asks for another release or configuration",
    "approved.request-withdrawn": lambda p: f"{_of(p, 'request')} was withdrawn",
    "approved.rejected": lambda p: f"{_of(p, 'request')} was rejected by {_of(p, 'by')}",
    "approved.spent": lambda p: f"{_of(p, 'request')} is spent: decision {_of(p, 'decision')} was deployed, and then something else was",
    "approved.permit-outstanding": lambda p: f"decision {_of(p, 'decision')} holds the one permit of {_of(p, 'request')}",
    "approved.too-few-people": _too_few,
    "approved.deployer-unknown": lambda p: "nobody enrolled signed the question, so approvers cannot be told from the deployer",
    "approved.author-unknown": lambda p: "who wrote the code is not known yet, so approvers cannot be told from the author",
    "approved.builder-unknown": lambda p: f"there is no provenance for {_artifact(p)}, so approvers cannot be told from its builder",
    "approved.unreadable": lambda p: f"history could not be read ({_of(p, 'because')})",
    "policy.no-environment": lambda p: f"the policy in force has no environment {_of(p, 'environment')}",
    "policy.requires-nothing": lambda p: f"{_of(p, 'environment')} requires nothing, and that allows nothing",
    "root.expired": lambda p: f"root version {_of(p, 'version')} has ended",
}


for _code in (
    "approved.withdrawn",
    "approved.not-independent",
    "approved.not-enrolled",
    "approved.policy-changed",
    "approved.expired",
    "approved.from-changed",
):
    _WORDS[_code] = _too_few
