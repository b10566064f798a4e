"""Real advisories for twenty Python packages, as OSV has them, from the data beside the project; and whatever made them their own export."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from house import ROOT

DATA = ROOT.parent / "shared" / "data" / "osv-pypi"
Advisory = dict[str, Any]


@cache
def advisories() -> tuple[Advisory, ...]:
    """All of them, in the order of their ids; where the data is missing, the test is skipped."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not here: it lies beside the project, not in it")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar is text: versions and times stay as they are written
    found = [yaml.load(path.read_bytes(), Loader=loader) for path in DATA.glob("*/*.yaml")]
    return tuple(sorted(found, key=lambda each: str(each["id"])))


def export(place: Path, records: Iterable[Advisory]) -> Path:
    """The records as OSV exports an ecosystem: a zip of JSON documents."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as out:
        for each in records:
            out.writestr(f"{each['id']}.json", json.dumps(each))
    return place


def named(records: Iterable[Advisory]) -> dict[str, list[str]]:
    """Package -> every version that any of the records names, affected or not, sorted as text."""
    found: dict[str, set[str]] = {}
    for each, event in ((affected, event) for record in records for affected in record["affected"] for event in _events(affected)):
        versions = found.setdefault(each["package"]["name"], set())
        versions |= {*each.get("versions", ()), *event.values()} - {"0"}
    return {name: sorted(versions) for name, versions in sorted(found.items())}


def _events(affected: Advisory) -> Iterator[dict[str, str]]:
    return (event for span in affected.get("ranges", ()) if span["type"] != "GIT" for event in span["events"])
