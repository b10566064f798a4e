"""The one command that comes next after a refusal, with real values in it."""

from __future__ import annotations

import shlex

from lockgate.core import events
from lockgate.core.outcome import Outcome, Params
from lockgate.render.words import when


def after(decided: events.Decided, refs: tuple[str, ...], config: tuple[str, ...] = ()) -> str:
    """What to type after this refusal: for the first outcome that does not hold and that somebody can mend.

    Args:
        decided: the refusal.
        refs: the references as the user gave them. config: the configuration files as given.
    """
    open_ = [one for one in decided.outcomes if one.result != "pass"]
    if not open_:
        return ""
    # What only time mends comes last: while it soaks, approvals can be gathered.
    first = min(open_, key=lambda one: (_RANK.get(one.code.partition(".")[0], 3), one.opens_at is not None))
    named = " ".join(shlex.quote(ref) for ref in refs)
    return _command(first, decided, named, config)


_RANK = {"digest": 0, "policy": 0, "root": 0, "signed-by": 1, "built-by": 1, "came-through": 2, "approved": 3, "soaked": 4}


def _command(one: Outcome, decided: events.Decided, named: str, config: tuple[str, ...]) -> str:
    params, environment = one.params, decided.environment
    more = "".join(f" --config {shlex.quote(path)}" for path in config)
    match one.code:
        case "signed-by.no-signature" | "signed-by.no-good-signature" | "signed-by.too-few-keys" | "signed-by.too-old":
            return f"lockgate sign {named} --key {_first(params, 'keys')}.key"
        case "built-by.no-provenance" | "built-by.no-good-provenance":
            return f"lockgate attest {named} --type slsaprovenance1 --predicate provenance.json --key {_first(params, 'keys')}.key"
        case "came-through.never-there":
            return f"lockgate deploy {named} --to {params.get('environment')}{more} -- CMD {{ref}}"
        case "soaked.never-there" | "soaked.replaced":
            return f"lockgate deploy {named} --to {params.get('in')}{more} -- CMD {{ref}}"
        case "soaked.too-young" | "approved.permit-outstanding":
            at = when(one.opens_at) if one.opens_at else "later"
            return f"lockgate gate {named} --to {environment}{more}    # from {at}"
        case "approved.no-request" | "approved.other-release" | "approved.request-withdrawn" | "approved.spent":
            return f"lockgate request {named} --to {environment}{more}"
        case "approved.too-few-people" | "approved.expired" | "approved.policy-changed" | "approved.from-changed" | "approved.withdrawn":
            return f"lockgate approve {params.get('request')} --duty {_first(params, 'missing')}"
        case "approved.not-independent" | "approved.not-enrolled":
            return "lockgate people list"
        case "approved.deployer-unknown":
            return f"lockgate gate {named} --to {environment}{more} --key YOUR-KEY"
        case "policy.no-environment" | "policy.requires-nothing" | "time.unattested" | "approved.author-unknown":
            return "lockgate policy show"
        case _:
            return f"lockgate verify {named}"


def _first(params: Params, name: str) -> str:
    value = params.get(name, "")
    return str(value[0]) if isinstance(value, tuple) and value else str(value)
