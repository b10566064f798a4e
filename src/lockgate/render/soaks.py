"""What outcomes of `soaked` say about dependencies, in words."""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.outcome import Params
from lockgate.render.words import Sheet, brief, count, how_long, listing, plain, unit_of, written


def _texts(params: Params, name: str) -> list[str]:
    value = params.get(name, ())
    return [plain(str(one)) for one in (value if isinstance(value, tuple) else (value,))]


def _of(params: Params, name: str) -> str:
    return ", ".join(_texts(params, name))


def _number(params: Params, name: str) -> int:
    value = params.get(name, 0)
    return value if isinstance(value, int) else 0


def _named(params: Params, name: str, total: str = "count") -> str:
    """The first few of them, and how many more there are."""
    named = _texts(params, name)
    more = _number(params, total) - len(named)
    return f"{listing(named)}{f' and {more} more' if more > 0 else ''}"


def _stayed(params: Params) -> str:
    wanted = _of(params, "for")
    return f"{how_long(_number(params, 'seconds'), unit_of(wanted))} of {written(wanted)} in {_of(params, 'in')}" if wanted else ""


def _side(params: Params) -> str:
    return "what runs" if params.get("side") == "running" else "what is proposed"


def _asked(params: Params, why: str) -> str:
    """How far the stay is, where the outcome is about a stay, and why so much is asked."""
    return ": ".join(filter(None, (_stayed(params), why)))


def _unproven(params: Params) -> str:
    if "unproven" in params:
        return f"{_of(params, 'unproven')} is not known to be in what runs and gone from what is proposed, so that this is no security fix"
    return f"that it fixes {_of(params, 'fixes')} could not be held against anything ({_of(params, 'because')})"


def passed(params: Params) -> str:
    """What made the soak as long as it is; empty where nothing but the policy did."""
    lane = f"as a security fix of {_of(params, 'fixes')}" if params.get("lane") == "security-fix" else ""
    changed = f"{count(_number(params, 'changed'), 'changed dependency', 'changed dependencies')}" if params.get("dependencies") == "changed" else ""
    unknown = "what changed of its dependencies is not known" if params.get("dependencies") == "unknown" else ""
    return "; ".join(filter(None, (lane, changed, unknown)))


WORDS: dict[str, Callable[[Params, Sheet], str]] = {
    "soaked.dependencies-changed": lambda p, s: _asked(p, f"its dependencies changed: {_named(p, 'packages', 'changed')}"),
    "soaked.no-sbom": lambda p, s: _asked(p, f"no bill of materials tells what {brief(_of(p, 'artifact'))} of {_side(p)} is made of"),
    "soaked.sbom-partial": lambda p, s: _asked(p, f"the bill of materials of {_side(p)} does not tell of everything"),
    "soaked.sbom-unreadable": lambda p, s: _asked(p, f"what {_side(p)} is made of could not be read ({_of(p, 'because')})"),
    "soaked.component-new": lambda p, s: f"never seen before this: {_named(p, 'components')}; {written(_of(p, 'component-age'))} are asked",
    "soaked.component-too-young": lambda p, s: f"first seen less than {written(_of(p, 'component-age'))} ago: {_named(p, 'components')}",
    "soaked.no-scan": lambda p, s: f"no scan of {brief(_of(p, 'artifact'))} is dated within its soak",
    "soaked.scan-found": lambda p, s: f"{_of(p, 'tool')} found {_named(p, 'ids') or 'more than it tells'} in {brief(_of(p, 'artifact'))} while it soaked",
    "soaked.fix-unproven": lambda p, s: _asked(p, _unproven(p)),
    "soaked.fix-unreadable": lambda p, s: _asked(p, f"whether it fixes {_of(p, 'fixes')} could not be looked at ({_of(p, 'because')})"),
}
