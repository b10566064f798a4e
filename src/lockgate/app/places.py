"""doctor, around the log: whose the gate's files are, who may write to them, and where this user's own things are."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from lockgate.core.health import Finding, Place, fail, ok, warn

SCARCE, NONE_LEFT = 256 << 20, 16 << 20
"""Free bytes below which somebody should know, and below which an append may fail."""


def gate_place(place: Place, found: str, strange: str) -> Finding:
    """The gate's directory.

    Args:
        place: where it is, or should be.
        found: how it came to be this one.
        strange: why somebody else may have put it there, where it was found; empty for no reason.
    """
    said = f"{place.path}, {found}"
    if place.state == "absent":
        return fail("gate", f"there is none: {said}", code="gate.none", remedy="lockgate status --gate DIR" if found.startswith("named") else "")
    if place.state == "unreadable":
        return fail("gate", f"{said}, cannot be looked at: {place.why}", code="gate.unreadable")
    if strange:
        return fail("gate", f"{said}; {strange}", code="gate.not-yours")
    if not place.directory:
        return fail("gate", f"{said}, is no directory", code="gate.none")
    return ok("gate", said)


def files(places: Sequence[Place], needed: Sequence[str]) -> list[Finding]:
    """Who may write to the gate's files.

    Args:
        places: the gate's directory and what is in it.
        needed: paths of those without which there is no gate.
    """
    wrong = []
    for one in places:
        if one.state == "unreadable":
            wrong.append(fail("files", f"{one.path} cannot be looked at: {one.why}", remedy=f"ls -ld {shlex.quote(one.path)}"))
        elif one.state == "absent":
            if one.path in needed:
                wrong.append(fail("files", f"{one.path} is not there", remedy="restore it from a backup of the gate's directory"))
        elif one.mode & 0o002:
            wrong.append(fail("files", f"everybody may write to {one.path}", remedy=f"chmod o-w {shlex.quote(one.path)}"))
        elif one.mode & 0o020:
            wrong.append(warn("files", f"its group may write to {one.path}", remedy=f"chmod g-w {shlex.quote(one.path)}"))
        elif not one.ours:
            wrong.append(warn("files", f"{one.path} belongs to another account ({one.owner})", remedy=f"ls -ld {shlex.quote(one.path)}"))
    there = sum(one.state == "there" for one in places)
    return wrong or [ok("files", f"{there} looked at: nobody but their owner may write to them")]


def key_place(check: str, place: Place, without: str) -> Finding | None:
    """One of the gate's own keys, where there is something to say of its file; None for one that is there, and its owner's alone.

    Args:
        check: which. place: its file. without: what cannot be done without it.
    """
    if place.state == "absent":
        return warn(check, f"it is not here: {without}")
    if place.state == "unreadable":
        return warn(check, f"{place.path} cannot be looked at ({place.why}): for this account, {without}")
    if place.mode & 0o077:
        said = f"others than its owner may read {place.path}, so that it is not used: {without}"
        return fail(check, said, code="key.exposed", remedy=f"chmod 600 {shlex.quote(place.path)}")
    return None if place.readable else warn(check, f"{place.path} is another account's: for this one, {without}")


def state_place(place: Place | None, above: Place | None) -> Finding:
    """Where this account remembers the heads it saw.

    Args:
        place: the directory; None where this account has no home.
        above: the nearest directory above it that is there, where it is not.
    """
    if place is None:
        return fail("state", "this account has no home directory, and the heads it sees are remembered there", code="setting.no-home")
    if place.state == "unreadable":
        return fail("state", f"{place.path} cannot be looked at: {place.why}", code="head.unreadable")
    where = above if place.state == "absent" else place
    if where is None or not (where.directory and where.writable):
        return fail("state", f"{place.path} cannot be written to, and the heads that are seen are remembered there", code="head.unwritable")
    return ok("state", place.path if place.state == "there" else f"{place.path}, which is made when it is first needed")


def waiting(names: Sequence[str], why: str) -> Finding:
    """Signed events that could not be recorded when they were made.

    Args:
        names: the files that wait. why: where that cannot be told, what the system said.
    """
    if why:
        return warn("unrecorded", f"whether signed events wait to be recorded cannot be told: {why}")
    if names:
        return warn("unrecorded", f"{len(names)} signed by you and not recorded: {', '.join(names[:3])}", remedy=f"lockgate log record {shlex.quote(names[0])}")
    return ok("unrecorded", "nothing waits to be recorded")


def room(path: str, free: int | None) -> Finding:
    """Free space below a directory, bytes; None where it cannot be told."""
    if free is None:
        return warn("disk", f"how much is free at {path} cannot be told")
    said = f"{free >> 20:,} MiB free at {path}"
    if free < NONE_LEFT:
        return fail("disk", f"{said}: nothing may be recorded soon", code="log.full")
    return warn("disk", said, code="log.full") if free < SCARCE else ok("disk", said)
