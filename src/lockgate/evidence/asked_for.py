"""Statements of the types that a policy asks for (`has-attestation`): what stands in them at the places it names.

Which types are read is the policy's to say, and so the table of readers is made for each section of it: `readers` with the types it asks for. A type that is
read anyway stays what it is, and is what is asked for besides; where its own reader refuses it, it is neither. Nothing else of a predicate is kept
than what stands at those places, so that a fact is as small as the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from lockgate.core.attested import LONGEST, MISSING, Attested, Field, Path, means, stands_at
from lockgate.core.digest import Digest
from lockgate.core.identity import Fingerprint
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.evidence import foreign
from lockgate.evidence.clock import not_later
from lockgate.evidence.readers import READERS, Reader
from lockgate.evidence.statement import Statement
from lockgate.evidence.stronger import Read


class ForSection(Mapping[str, Reader]):
    """The readers of a section of a policy: those of every policy, and of each type that it asks for, where one without its version is all of them."""

    def __init__(self, asking: Sequence[HasAttestation], always: Mapping[str, Reader]) -> None:
        self._asking, self._always = asking, always

    def __getitem__(self, type_: str) -> Reader:
        asking = [one for one in self._asking if means(one.type, type_)]
        always = self._always.get(type_)
        if not asking and always is None:
            raise KeyError(type_)
        paths = sorted({path for one in asking for path in one.paths()})
        times = {one.time for one in asking if one.time is not None}
        return _both(always, _reader(paths, times)) if asking and always else always or _reader(paths, times)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._always, *(one.type for one in self._asking)]))

    def __len__(self) -> int:
        return len(list(iter(self)))


def for_section(requires: Sequence[AnyRequirement], always: Mapping[str, Reader] = READERS) -> Mapping[str, Reader]:
    """The readers of a section with these requirements."""
    asking = [one for one in requires if isinstance(one, HasAttestation)]
    return ForSection(asking, always) if asking else always


def _both(first: Reader, second: Reader) -> Reader:
    def read(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
        return [*first(said, subject, keys, source, now), *second(said, subject, keys, source, now)]

    return read


def _reader(paths: Sequence[Path], times: set[Path]) -> Callable[[Statement, Digest, tuple[Fingerprint, ...], Digest, datetime], list[Read]]:
    def read(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
        fields = []
        for path in paths:
            value = stands_at(said.predicate, path)
            if value is not MISSING:
                fields.append(_field(path, value, now, dated=path in times))
        return [Attested(subject=subject, source=source, keys=keys, type=said.predicate_type, fields=tuple(fields))]

    return read


def _field(path: Path, value: Any, now: datetime, *, dated: bool) -> Field:  # noqa: ANN401  a JSON value
    match value:
        case None:
            return Field(path=path, kind="null")
        case bool():
            return Field(path=path, kind="truth", text="true" if value else "false")
        case int() | float():
            return Field(path=path, kind="number", text=repr(value))
        case str():
            return Field(path=path, kind="text", text=value[: LONGEST + 1], at=_instant(value, now) if dated else None)
        case list():
            return Field(path=path, kind="list")
        case _:
            return Field(path=path, kind="object")


def _instant(text: str, now: datetime) -> datetime | None:
    """The time that a text is; None for another text. Raises EvidenceError ``evidence.from-future``."""
    try:
        at = foreign.instant({"time": text}, "time")
    except ValueError:
        return None
    not_later(at, now)
    return at
