"""SLSA levels: of a track the higher implies the lower, and a name that is no level of one implies nothing."""

from __future__ import annotations

import pytest

from lockgate.core.levels import missing, track


@pytest.mark.parametrize(
    ("level", "is_"),
    [
        ("SLSA_BUILD_LEVEL_3", ("BUILD", 3)),
        ("SLSA_SOURCE_LEVEL_0", ("SOURCE", 0)),
        ("SLSA_BUILD_ENV_LEVEL_2", ("BUILD_ENV", 2)),
        ("SLSA_BUILD_LEVEL_UNEVALUATED", None),
        ("SLSA_LEVEL_3", None),
        ("slsa_build_level_3", None),
        ("SLSA_BUILD_LEVEL_3 ", None),
        ("SLSA_BUILD_LEVEL_\u0663", None),
        ("SLSA_BUILD_LEVEL_-3", None),
        ("SLSA_BUILD_LEVEL_9999", None),
        ("XSLSA_BUILD_LEVEL_3", None),
        ("", None),
    ],
)
def test_what_is_a_level_of_a_track(level: str, is_: tuple[str, int] | None) -> None:
    assert track(level) == is_


@pytest.mark.parametrize(
    ("held", "wanted", "lacks"),
    [
        ((), (), ()),
        (("SLSA_BUILD_LEVEL_3",), ("SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"), ()),
        (("SLSA_BUILD_LEVEL_2",), ("SLSA_BUILD_LEVEL_3",), ("SLSA_BUILD_LEVEL_3",)),
        (("SLSA_BUILD_LEVEL_10",), ("SLSA_BUILD_LEVEL_9",), ()),
        ((), ("SLSA_BUILD_LEVEL_0",), ("SLSA_BUILD_LEVEL_0",)),
        (("SLSA_SOURCE_LEVEL_3",), ("SLSA_BUILD_LEVEL_1",), ("SLSA_BUILD_LEVEL_1",)),
        (("X", "SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"), ("X", "SLSA_BUILD_LEVEL_2"), ()),
        (("X_LEVEL_3",), ("X_LEVEL_2", "Y"), ("X_LEVEL_2", "Y")),
        (("SLSA_BUILD_LEVEL_UNEVALUATED",), ("SLSA_BUILD_LEVEL_UNEVALUATED", "SLSA_BUILD_LEVEL_0"), ("SLSA_BUILD_LEVEL_0",)),
    ],
)
def test_what_is_missing(held: tuple[str, ...], wanted: tuple[str, ...], lacks: tuple[str, ...]) -> None:
    assert missing(held, wanted) == lacks
