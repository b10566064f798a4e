"""The base score of CVSS v4.0 (FIRST, "CVSS v4.0 Specification Document", section 8, "Scoring").

Exploit maturity and security requirements stand at their worst where a base score is asked for. So EQ5 is 0 and EQ6 follows from EQ3's metrics,
and of the 270 macro vectors of the specification's table those 60 are left that a base score meets.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

_ORDER = {"AV": "NALP", "PR": "NLH", "UI": "NPA", "AC": "LH", "AT": "NP", **dict.fromkeys(("VC", "VI", "VA", "SC", "SI", "SA"), "HLN")}
"""Each base metric's values, the worst first: a step in this order is a severity distance of one (section 8.2)."""
_GROUPS = (("AV", "PR", "UI"), ("AC", "AT"), ("VC", "VI", "VA"), ("SC", "SI", "SA"))
_WORST: tuple[Mapping[str, tuple[str, ...]], ...] = (
    {"0": ("NNN",), "1": ("ANN", "NLN", "NNP"), "2": ("PNN", "ALP")},
    {"0": ("LN",), "1": ("HN", "LP")},
    {"00": ("HHH",), "10": ("LHH", "HLH"), "21": ("LLL",)},
    {"1": ("HHH",), "2": ("LLL",)},
)
"""The highest severity vectors of each class's levels (section 8.2, tables of "highest severity vectors")."""
_DEPTH: tuple[Mapping[str, int], ...] = ({"0": 1, "1": 4, "2": 5}, {"0": 1, "1": 2}, {"00": 7, "10": 8, "21": 10}, {"1": 5, "2": 4})
"""How many steps each level is deep."""
_LOWER: tuple[Mapping[str, tuple[str, ...]], ...] = (
    {"0": ("1",), "1": ("2",), "2": ()},
    {"0": ("1",), "1": ()},
    {"00": ("01", "10"), "10": ("11",), "21": ()},
    {"1": ("2",), "2": ()},
)
"""The next lower level of each; where there are two, the one with the higher score counts."""
_JOINT = ("00", "01", "10", "11", "21")
_SCORES = {
    "00": ((100, 96, 93, 92, 79), (93, 90, 88, 80, 69)),
    "01": ((95, 91, 92, 82, 71), (92, 81, 84, 70, 63)),
    "10": ((94, 89, 86, 76, 65), (87, 75, 72, 57, 53)),
    "11": ((90, 77, 74, 59, 58), (77, 66, 61, 52, 23)),
    "20": ((86, 74, 72, 57, 47), (70, 54, 53, 36, 24)),
    "21": ((73, 55, 61, 51, 24), (54, 43, 46, 18, 10)),
}
"""EQ1 and EQ2 -> EQ4 (1, 2) -> EQ3 with EQ6, in tenths."""


def score(found: Mapping[str, str]) -> int:
    """The base score in tenths, 0 to 100.

    Args:
        found: metric -> value; others than the base metrics are not looked at.

    Raises:
        KeyError, ValueError: a base metric is missing, or has a value that it cannot have.
    """
    place = {name: order.index(found[name]) for name, order in _ORDER.items()}
    if all(found[name] == "N" for group in _GROUPS[2:] for name in group):
        return 0
    levels = _levels(found)
    whole = _table(levels)
    lost, count = Fraction(0), 1  # EQ5 has a lower level always, and no distance to it
    for number, group in enumerate(_GROUPS):
        lower = [_table([*levels[:number], each, *levels[number + 1 :]]) for each in _LOWER[number][levels[number]]]
        if not lower:
            continue
        count += 1
        lost += (whole - max(lower)) * Fraction(_distance(group, place, _WORST[number][levels[number]]), _DEPTH[number][levels[number]])
    return max(0, min(100, floor(whole - lost / count + Fraction(1, 2))))


def _levels(found: Mapping[str, str]) -> list[str]:
    """EQ1, EQ2, EQ3 with EQ6, EQ4 (section 8.2, tables 24 to 29)."""
    easy = [found["AV"] == "N", found["PR"] == "N", found["UI"] == "N"]
    first = "0" if all(easy) else "1" if any(easy) and found["AV"] != "P" else "2"
    second = "0" if found["AC"] == "L" and found["AT"] == "N" else "1"
    third = "00" if found["VC"] == found["VI"] == "H" else "10" if "H" in (found["VC"], found["VI"], found["VA"]) else "21"
    return [first, second, third, "1" if "H" in (found["SC"], found["SI"], found["SA"]) else "2"]


def _table(levels: list[str]) -> int:
    return _SCORES[levels[0] + levels[1]][int(levels[3]) - 1][_JOINT.index(levels[2])]


def _distance(group: tuple[str, ...], place: Mapping[str, int], worst: tuple[str, ...]) -> int:
    """Steps down from the first of the level's worst vectors that none of these metrics is above."""
    for vector in worst:
        steps = [place[name] - _ORDER[name].index(value) for name, value in zip(group, vector, strict=True)]
        if min(steps) >= 0:
            return sum(steps)
    raise ValueError(group[0])
