"""What lockgate knows against the components of a bill of materials, from the files to the findings, by the code the gate uses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from advisory_data import Advisory, export
from lockgate.adapters.sources.advisory_exports import exported
from lockgate.adapters.store.advisories import SqliteAdvisories
from lockgate.core.components import Sbom
from lockgate.core.digest import digest_of
from lockgate.core.findings import LookedUp
from lockgate.evidence import sbom
from lockgate.evidence.advisories import facts, osv

Match = tuple[str, str]
"""``name@version``, as the purl has them after its type and decoded, and an advisory's id."""


class Known(NamedTuple):
    """What was found.

    Attributes:
        certain: what matches. unsure: of what nobody can say whether it does. looked_up: what was not looked at, besides.
    """

    certain: set[Match]
    unsure: set[Match]
    looked_up: LookedUp


def imported(folder: Path, records: Iterable[Advisory]) -> SqliteAdvisories:
    """The records, exported and imported."""
    archive, index = export(folder / "export.zip", records), SqliteAdvisories(folder / "index")
    index.replace((osv.read(each.data, yaml=each.yaml) for each in exported([archive])), lambda database: database)
    return index


def components(place: Path) -> Sbom:
    """What a document lists."""
    data = place.read_bytes()
    document = sbom.parse(data)
    return sbom.fact(document, (*document.about, digest_of(data))[0], digest_of(data), datetime.now(UTC))


def known(place: Path, index: SqliteAdvisories) -> Known:
    """What the index knows against a document's components."""
    listed = components(place)
    found = facts.derive([listed], index.lookup(facts.packages_of([listed])))
    match = {(unquote(one.component.partition("/")[2].partition("?")[0]), one.advisory): one.certain for one in found.findings}
    sure = {each for each, certain in match.items() if certain}
    return Known(sure, match.keys() - sure, found.looked_up[0])
