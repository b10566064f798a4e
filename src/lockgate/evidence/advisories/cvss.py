"""CVSS base scores out of vectors: v2, v3.0, v3.1 (FIRST's specification documents, their sections on equations) and v4.0 (`cvss4`).

Only base metrics count: what a vector says besides of exploits or of somebody's environment would make most of them lower. All in whole numbers
or fractions, so that no score depends on how a machine rounds. A vector that is malformed has no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from lockgate.core.findings import Level
from lockgate.evidence.advisories import cvss4

MAX_VECTOR = 400
LEVELS: tuple[Level, ...] = ("none", "low", "medium", "high", "critical")
"""From the least to the worst; ``unknown`` is none of them."""

_V2 = {
    "AV": {"L": Fraction("0.395"), "A": Fraction("0.646"), "N": Fraction("1")},
    "AC": {"H": Fraction("0.35"), "M": Fraction("0.61"), "L": Fraction("0.71")},
    "Au": {"M": Fraction("0.45"), "S": Fraction("0.56"), "N": Fraction("0.704")},
    **{name: {"N": Fraction(0), "P": Fraction("0.275"), "C": Fraction("0.660")} for name in ("C", "I", "A")},
}
_V3 = {
    "AV": {"N": Fraction("0.85"), "A": Fraction("0.62"), "L": Fraction("0.55"), "P": Fraction("0.2")},
    "AC": {"L": Fraction("0.77"), "H": Fraction("0.44")},
    "PR": {"N": Fraction("0.85"), "L": Fraction("0.62"), "H": Fraction("0.27")},
    "UI": {"N": Fraction("0.85"), "R": Fraction("0.62")},
    "S": {"U": Fraction(0), "C": Fraction(1)},
    **{name: {"H": Fraction("0.56"), "L": Fraction("0.22"), "N": Fraction(0)} for name in ("C", "I", "A")},
}
_PR_CHANGED = {"N": Fraction("0.85"), "L": Fraction("0.68"), "H": Fraction("0.5")}


@lru_cache(maxsize=1 << 14)
def score(vector: str) -> int | None:
    """The base score in tenths, 0 to 100; None for what is no vector of these versions."""
    if len(vector) > MAX_VECTOR:
        return None
    head, _, rest = vector.partition("/")
    try:
        if head in {"CVSS:3.0", "CVSS:3.1"}:
            return _v3(metrics(rest), head[-1])
        if head == "CVSS:4.0":
            return cvss4.score(metrics(rest))
        return _v2(metrics(vector.removeprefix("(").removesuffix(")")))
    except (KeyError, ValueError):
        return None


def metrics(text: str) -> dict[str, str]:
    """Metric -> value. Raises ValueError where one stands twice or has no value."""
    found: dict[str, str] = {}
    for part in text.split("/"):
        name, colon, value = part.partition(":")
        if not colon or not value or name in found:
            raise ValueError(name)
        found[name] = value
    return found


def level(tenths: int) -> Level:
    """The qualitative severity of a score (CVSS v3.1 section 5; v4.0 section 6)."""
    for least, named in ((90, "critical"), (70, "high"), (40, "medium"), (1, "low")):
        if tenths >= least:
            return LEVELS[LEVELS.index(named)]
    return "none"


def _v3(found: Mapping[str, str], minor: str) -> int:
    """CVSS v3.0 section 8.1, v3.1 section 7.1; they differ in how they round."""
    weight = {name: values[found[name]] for name, values in _V3.items()}
    changed = weight["S"] == 1
    lost = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = Fraction("7.52") * (lost - Fraction("0.029")) - Fraction("3.25") * (lost - Fraction("0.02")) ** 15 if changed else Fraction("6.42") * lost
    if impact <= 0:
        return 0
    privileges = _PR_CHANGED[found["PR"]] if changed else weight["PR"]
    exploitability = Fraction("8.22") * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    whole = min((impact + exploitability) * (Fraction("1.08") if changed else 1), Fraction(10))
    if minor == "0":
        return ceil(whole * 10)
    nearest = floor(whole * 100_000 + Fraction(1, 2))  # v3.1 appendix A, "Floating Point Rounding"
    return nearest // 10_000 if nearest % 10_000 == 0 else nearest // 10_000 + 1


def _v2(found: Mapping[str, str]) -> int:
    """CVSS v2 section 3.2.1."""
    weight = {name: values[found[name]] for name, values in _V2.items()}
    impact = Fraction("10.41") * (1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"]))
    exploitability = 20 * weight["AV"] * weight["AC"] * weight["Au"]
    factor = Fraction("1.176") if impact else Fraction(0)
    whole = (Fraction("0.6") * impact + Fraction("0.4") * exploitability - Fraction("1.5")) * factor
    return max(0, min(100, floor(whole * 10 + Fraction(1, 2))))
