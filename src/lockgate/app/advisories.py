"""advisories: other people's databases of weaknesses, taken in whole or not at all, and what is there.

Who is believed is whoever runs this: a file is taken at its word, and nobody's signature is on it. What is checked is that it is whole, that it
is no older and no smaller than what it replaces, and that it does not come from the future. How new it is, it says itself: by the newest time any
entry was modified, so that an old copy does not look fresh for being imported today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core.advisories import Advisory, Exported
from lockgate.core.digest import digest_of
from lockgate.core.findings import Database
from lockgate.errors import EvidenceError, UnreadableError, UsageError
from lockgate.evidence.advisories import kev, osv

SKEW = timedelta(minutes=5)
"""How far ahead of ours the clock of whoever wrote an export may be."""
SHOWN = 20


class Refused(Noun, frozen=True, kw_only=True):
    """An entry that is none: where it was found, and what is wrong with it."""

    origin: str
    why: str


class Taken(Noun, frozen=True, kw_only=True):
    """What was taken in.

    Attributes:
        databases: what was imported, as it is told of from now on. refused: entries that could not be read, the first 20; the database says how many there are.
        partly: how many entries have parts that could not be read.
    """

    databases: tuple[Database, ...]
    refused: tuple[Refused, ...] = ()
    partly: int = 0


def take_in(ports: Ports, exports: Iterable[Exported] | None, catalogue: bytes | None, *, anyway: bool = False) -> Taken:
    """Put an export, a catalogue of what is exploited, or both in the place of what is there. Each is taken in whole, or nothing of it.

    Args:
        ports: the world.
        exports: the entries' files. catalogue: CISA's file. None for what stays as it is.
        anyway: also where it is older or smaller than what is there.

    Raises:
        EvidenceError: ``advisories.export-cut``, ``advisories.export-empty``, ``advisories.twice``, ``advisories.from-future``, ``kev.malformed``.
        UsageError: ``advisories.older``, ``advisories.fewer``. LedgerError, UnreadableError: as the port; or from where `exports` come.
    """
    now, present = ports.clock.now(), _present(ports, anyway=anyway)
    found = _catalogue(catalogue) if catalogue is not None else None
    listed = _database(found) if found is not None else None
    if listed is not None:
        _require_sane(listed, present.get("kev"), now, anyway=anyway)
    reading, taken = _Reading(), list[Database]()
    if exports is not None:

        def settle(counted: Database) -> Database:
            database = replace(counted, refused=reading.count)
            if not database.entries:
                others = f", but {reading.count:,} of something else" if reading.count else ""
                raise EvidenceError("advisories.export-empty", f"no advisory is in what was named{others}; nothing was imported")
            _require_sane(database, present.get("osv"), now, anyway=anyway)
            return database

        taken.append(ports.advisories.replace(reading.entries(exports), settle))
    if found is not None and listed is not None:
        ports.advisories.replace_exploited(found.exploited, listed)
        taken.append(listed)
    return Taken(databases=tuple(taken), refused=tuple(reading.refused), partly=reading.partly)


def _catalogue(data: bytes) -> kev.Catalogue:
    try:
        return kev.read(data)
    except EvidenceError as err:
        raise EvidenceError(err.code, f"{err.message}; nothing was imported") from None


def _present(ports: Ports, *, anyway: bool) -> dict[str, Database]:
    """What is there; nothing, where it cannot be read and is replaced whatever it is."""
    try:
        return {one.name: one for one in ports.advisories.databases()}
    except UnreadableError:
        if not anyway:
            raise
        return {}


def _database(found: kev.Catalogue) -> Database:
    return Database(name="kev", digest=digest_of(encode(found.exploited)), as_of=found.released, entries=len(found.exploited))


class _Reading:
    """Reads entries one by one, and remembers those that are none."""

    def __init__(self) -> None:
        self.refused: list[Refused] = []
        self.count = self.partly = 0

    def entries(self, exports: Iterable[Exported]) -> Iterator[Advisory]:
        for each in exports:
            try:
                entry = osv.read(each.data, yaml=each.yaml)
            except EvidenceError as err:
                if err.code == "advisories.export-cut":
                    raise EvidenceError(err.code, f"{each.origin}: {err.message}; nothing was imported") from None
                self.count += 1
                if len(self.refused) < SHOWN:
                    self.refused.append(Refused(origin=each.origin, why=err.message))
                continue
            self.partly += bool(entry.unread)
            yield entry


def _require_sane(new: Database, old: Database | None, now: datetime, *, anyway: bool) -> None:
    if new.as_of > now + SKEW:
        raise EvidenceError("advisories.from-future", f"this {new.name} data is of {_at(new)}, and it is {now:%Y-%m-%dT%H:%M:%SZ} here: nothing was imported")
    if old is None or anyway:
        return
    if new.as_of < old.as_of:
        raise UsageError("advisories.older", f"this {new.name} data is of {_at(new)}, and what is there is of {_at(old)}: nothing was imported")
    gone = sorted(set(old.ecosystems) - set(new.ecosystems))
    if new.entries * 10 < old.entries * 9 or gone:
        what = f"{gone[0]} is not in it any more" if gone else f"it has {new.entries} entries, and what is there has {old.entries}"
        raise UsageError("advisories.fewer", f"this {new.name} data may be a part of an export: {what}; nothing was imported")


def _at(database: Database) -> str:
    return f"{database.as_of:%Y-%m-%dT%H:%M:%SZ}"
