"""Small words people read: times, spans, short digests, names, marks; and text of others, made harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from lockgate.canon import Noun
from lockgate.core.digest import Digest, short
from lockgate.core.model import Release

MARKS = {"pass": "pass", "fail": "FAIL", "unknown": "????", "waived": "WAIV"}
GREEN, RED, YELLOW, BOLD, DIM, RESET = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
COLOURS = {"pass": GREEN, "fail": RED, "unknown": YELLOW, "waived": YELLOW, "allowed": GREEN, "refused": RED, "undecided": YELLOW}
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_WRITTEN = {"s": "s", "m": "min", "h": "h", "d": "d"}


class Sheet(Noun, frozen=True, kw_only=True):
    """What text is laid out for.

    Attributes:
        width: columns; longer lines are broken. 0 breaks nothing, as a file or a pipe wants it.
        colour: whether it takes colours.
        now: for "3 h ago"; None leaves such words out.
        names: person id -> name, for a person's own eyes; others see ids.
    """

    width: int = 0
    colour: bool = False
    now: datetime | None = None
    names: dict[str, str] = {}


def plain(text: str) -> str:
    """Text of others in one line, with everything a terminal might obey escaped: control characters, line ends, bidirectional marks."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in text)


def harmless(text: str) -> str:
    """As `plain`, but for lines: what keeps its line ends."""
    return text if text.isprintable() else "\n".join(map(plain, text.split("\n")))


def _escaped(one: str) -> str:
    """As YAML and, below U+10000, JSON read it back in double quotes."""
    number = ord(one)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def painted(text: str, colour: str, sheet: Sheet) -> str:
    """The text in a colour, where the sheet takes colours."""
    return f"{colour}{text}{RESET}" if sheet.colour else text


def when(at: datetime) -> str:
    """``2026-11-22 20:14:03 UTC``, as every time is written for people; machines get RFC 3339."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment(at: str) -> datetime:
    """The time in a record, which is RFC 3339 there."""
    return datetime.fromisoformat(at)


def how_long(seconds: int, largest: str = "d") -> str:
    """``5 h 14 min``, ``2 d 3 h``, ``40 s``: the two largest units, none larger than `largest`."""
    parts = []
    for name, size in _UNITS[[unit for unit, _ in _UNITS].index(largest) :]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def written(duration: str) -> str:
    """A policy's duration as people write it: ``24h`` is ``24 h``, ``30m`` is ``30 min``."""
    return f"{duration[:-1]} {unit_of(duration)}"


def unit_of(duration: str) -> str:
    """The unit a policy's duration is written in: ``h`` of ``24h``, ``min`` of ``30m``."""
    return _WRITTEN.get(duration[-1:], "s")


def ago(at: datetime, sheet: Sheet) -> str:
    """``, 3 h ago``, ``, just now`` or ``, in 20 min``; empty where now is not known."""
    if sheet.now is None:
        return ""
    seconds = round((sheet.now - at) / timedelta(seconds=1))
    if 0 <= seconds < 2:
        return ", just now"
    return f", {how_long(seconds)} ago" if seconds >= 0 else f", in {how_long(-seconds)}"


def brief(digest: Digest) -> str:
    """``sha256:9f2c12345678…``."""
    return short(digest) + "…" if len(digest) > len(short(digest)) else digest


def artifacts(release: Release, refs: Iterable[str] = ()) -> str:
    """The release's artifacts: ``image@sha256:9f2c…``, with the last part of its path where `refs`, pinned, name one."""
    places = {digest: place for place, _, digest in (ref.rpartition("@") for ref in refs)}
    return " ".join(_named(places.get(digest, ""), digest) for digest in release.artifacts)


def _named(place: str, digest: Digest) -> str:
    name = plain(place.rstrip("/").rpartition("/")[2].rpartition(":")[2])
    return f"{name}@{brief(digest)}" if name else brief(digest)


def called(person: str, names: Mapping[str, str]) -> str:
    """A person's name, or their id where there is none."""
    return plain(names.get(person, person))


def listing(items: Iterable[str], word: str = "and") -> str:
    """``one, two and three``."""
    all_ = list(items)
    return f" {word} ".join([", ".join(all_[:-1]), all_[-1]] if len(all_) > 1 else all_)


def count(number: int, one: str, many: str = "") -> str:
    """``1 leaf``, ``2 leaves``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
