"""What outcomes of `has-sbom` and `no-component` say, in words."""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.outcome import Params
from lockgate.render.words import Sheet, brief, count, listing, plain, written


def _texts(params: Params, name: str) -> list[str]:
    value = params.get(name, ())
    return [plain(str(one)) for one in (value if isinstance(value, tuple) else (value,))]


def _of(params: Params, name: str) -> str:
    return ", ".join(_texts(params, name))


def _number(params: Params, name: str) -> int:
    value = params.get(name, 0)
    return value if isinstance(value, int) else 0


def _artifact(params: Params) -> str:
    return brief(_of(params, "artifact"))


def _whose(params: Params) -> str:
    """Whose word is asked for, or where was looked."""
    if "inside" in params:
        return f"at {_of(params, 'inside')} inside"
    names = ", ".join(filter(None, (_of(params, "keys"), _of(params, "identities"))))
    return f"by {names} for" if names else "attached to"


def _some(params: Params) -> str:
    """The first few, and how many more there are."""
    named = _texts(params, "found")
    more = _number(params, "count") - len(named)
    return f"{listing(named)}{f' and {more} more' if more > 0 else ''}"


def _unsaid(params: Params) -> str:
    skipped = _number(params, "skipped")
    says = {"incomplete": "says that it is incomplete", "unsaid": "does not say that it is complete"}.get(_of(params, "says"), "")
    held = f"has {count(skipped, 'component')} that cannot be taken in" if skipped else ""
    return " and ".join(filter(None, (says, held))) or "cannot be told to be complete"


def _shared(kind: str) -> dict[str, Callable[[Params, Sheet], str]]:
    """What both say alike."""
    return {
        f"{kind}.no-sbom": lambda p, s: f"no bill of materials {_whose(p)} {_artifact(p)}",
        f"{kind}.no-good-sbom": lambda p, s: f"no good bill of materials {_whose(p)} {_artifact(p)} ({_of(p, 'because')})",
        f"{kind}.not-looked": lambda p, s: f"nobody could look at {_of(p, 'inside')} inside {_artifact(p)} ({_of(p, 'because')})",
        f"{kind}.too-old": lambda p, s: f"the bill of materials of {_artifact(p)} is older than {written(_of(p, 'max-age'))}, or does not say when it was made",
        f"{kind}.empty": lambda p, s: f"a bill of materials of {_artifact(p)} lists nothing at all",
        f"{kind}.unreadable": lambda p, s: f"bills of materials could not be read ({_of(p, 'because')})",
    }


WORDS: dict[str, Callable[[Params, Sheet], str]] = {
    **_shared("has-sbom"),
    **_shared("no-component"),
    "has-sbom": lambda p, s: f"{_of(p, 'format')}, {count(_number(p, 'components'), 'component')}",
    "has-sbom.other-format": lambda p, s: f"the bill of materials is {_of(p, 'found')}, not {_of(p, 'need')}",
    "has-sbom.disagree": lambda p, s: (
        f"{_of(p, 'sboms')} bills of materials of {_artifact(p)} disagree on {count(_number(p, 'apart'), 'package')}"
        f", such as {_of(p, 'first') or 'one without a name'}"
    ),
    "has-sbom.lacks": lambda p, s: f"the bill of materials of {_artifact(p)} lacks, for a package at least: {_of(p, 'lacks')}",
    "has-sbom.incomplete": lambda p, s: f"the bill of materials of {_artifact(p)} {_unsaid(p)}",
    "has-sbom.no-versions": lambda p, s: f"the bill of materials of {_artifact(p)} lists {count(_number(p, 'without'), 'package')} without a version",
    "no-component": lambda p, s: f"{count(_number(p, 'components'), 'component')} looked at, none forbidden",
    "no-component.forbidden": lambda p, s: f"{_artifact(p)} holds what is forbidden: {_some(p)}",
    "no-component.forbidden-licence": lambda p, s: f"{_artifact(p)} holds what comes under a forbidden licence ({_of(p, 'licences')}): {_some(p)}",
    "no-component.incomplete": lambda p, s: f"a bill of materials of {_artifact(p)} says that it is incomplete",
    "no-component.skipped": lambda p, s: f"bills of materials of {_artifact(p)} have {count(_number(p, 'count'), 'component')} that cannot be taken in",
    "no-component.unidentified": lambda p, s: f"{_artifact(p)} holds packages without a package URL: {_some(p)}",
    "no-component.unlicensed": lambda p, s: f"{_artifact(p)} holds packages under no licence that is known: {_some(p)}",
}
