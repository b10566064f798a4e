"""CISA's catalogue of known exploited vulnerabilities (``known_exploited_vulnerabilities.json``) -> what it lists, and as of when."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from lockgate import canon
from lockgate.core.advisories import Exploited
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign

MAX_CATALOGUE = 64 << 20
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z").match
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z").match


class Catalogue(NamedTuple):
    """What is listed, sorted, each CVE once; and when the catalogue was released."""

    exploited: tuple[Exploited, ...]
    released: datetime


def read(data: bytes) -> Catalogue:
    """The catalogue in these bytes; all of it or nothing, for what is left out would be taken for not exploited.

    Raises:
        EvidenceError: ``kev.malformed``: it is not one, is cut short, or does not hold as many entries as it says.
    """
    try:
        value = foreign.mapping(canon.parse_foreign(data, max_bytes=MAX_CATALOGUE, what="catalogue"), "the catalogue")
        released = foreign.instant(value, "dateReleased")
        found: dict[str, str] = {}
        entries = foreign.items(value, "vulnerabilities")
        for one in entries:
            entry = foreign.mapping(one, "an entry")
            cve, day = foreign.text(entry, "cveID").strip(), foreign.text(entry, "dateAdded")
            if not _CVE(cve) or not _DAY(day):
                raise ValueError(f"{cve[:40]!r}, added {day[:40]!r}, is no entry")
            found[cve] = min(day, found.get(cve, day))
        if released is None or not found or value.get("count", len(entries)) != len(entries):
            raise ValueError("it does not say when it was released, is empty, or holds another number of entries than it says")
    except ValueError as err:
        raise EvidenceError("kev.malformed", f"this is no catalogue of exploited vulnerabilities: {err}") from None
    except EvidenceError as err:
        raise EvidenceError("kev.malformed", f"this is no catalogue of exploited vulnerabilities: {err.message}") from None
    return Catalogue(tuple(Exploited(cve=cve, added=day) for cve, day in sorted(found.items())), released)
