"""``lockgate trusted-root``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.group import Group
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.inspect_root import Believed, Change, SeenRoot

MAX_ROOT = 1 << 20
TITLES = {
    "certificate-authority": "certificate authority",
    "certificate-log": "certificate log",
    "transparency-log": "transparency log",
    "time-stamper": "time-stamping authority",
}


@click.group("trusted-root", cls=Group)
def command() -> None:
    """Whom Sigstore bundles are believed from: show it, compare it, or fetch what is new by TUF."""


@command.command("show")
@click.argument("file")
@with_session()
def show(session: Session, file: str) -> None:
    """The authorities and logs of the trusted root in FILE, and when each is believed."""
    from lockgate.app.inspect_root import KINDS

    seen = _read(file)
    lines = [f"trusted root  {seen.digest}"]
    for kind in KINDS:
        found = [one for one in seen.believed if one.kind == kind]
        lines += ["", f"{TITLES[kind]}: none"] if not found else [line for one in found for line in ("", f"{TITLES[kind]}  {_who(one)}", f"  {_when(one)}")]
    session.say(seen, "\n".join(lines))


@command.command("diff")
@click.argument("old")
@click.argument("new")
@with_session()
def diff(session: Session, old: str, new: str) -> None:
    """What the trusted root in NEW changes about the one in OLD: who is believed, who no more, who at another time."""
    from lockgate.app.inspect_root import changes

    before, after = _read(old), _read(new)
    found = changes(before, after)
    session.say({"old": before.digest, "new": after.digest, "changes": found}, "\n".join(_changed(before, after, found)))


@command.command("fetch", short_help="Fetch a trusted root by TUF, from a pinned root.json.")
@click.option("--from", "url", required=True, metavar="URL", help="The TUF repository, as https://HOST/PATH.")
@click.option("--root", "root_file", required=True, metavar="FILE", help="A root.json of that repository that you trust: it is never taken from there.")
@click.option("--out", default="trusted_root.json", metavar="FILE", help="Where it is written (default: trusted_root.json).")
@click.option("--target", default="trusted_root.json", metavar="NAME", help="What it is called in the repository (default: trusted_root.json).")
@arguments.plain_http_option
@with_session()
def fetch(session: Session, url: str, root_file: str, out: str, target: str) -> None:
    """Fetch the trusted root from a TUF repository, and say what it changes.

    Trust begins with the root.json you name. Versions that were seen before are remembered in your account: older ones are refused. A policy keeps
    its trusted roots by value, so nothing is believed otherwise before a policy with the new file is proposed and approved.
    """
    from lockgate.app.inspect_root import changes, inspect_root
    from lockgate.render.words import when
    from lockgate.wire.trusted_roots import fetch_target, there

    pinned = arguments.read(root_file, "tuf.root-unreadable", MAX_ROOT)
    old = _read(out) if there(out) else None  # before anything is asked: another file is not written over
    with session.busy(f"asking {url}"):
        fetched = fetch_target(session.config, url, pinned, target)
    new = inspect_root(fetched.data)
    if old is None or old.digest != new.digest:
        arguments.write(out, "trusted-root.unwritable", fetched.data)
    found = changes(old, new) if old is not None else ()
    versions = ", ".join(f"{role} {version}" for role, version in fetched.versions.items())
    lines = [f"fetched   {out}  {new.digest}", f"by        {versions}; the first of them ends {when(fetched.expires)}"]
    if old is not None:
        lines += ["", *_changed(old, new, found)]
    told = {"out": out, "digest": new.digest, "old": old.digest if old else "", "changes": found, "versions": fetched.versions, "expires": fetched.expires}
    session.say(told, "\n".join(lines))
    if old is None:
        session.next(f"lockgate trusted-root show {out}")


def _read(file: str) -> SeenRoot:
    from lockgate.app.inspect_root import inspect_root
    from lockgate.errors import EvidenceError

    try:
        return inspect_root(arguments.read(file, "trusted-root.unreadable", MAX_ROOT + 1))
    except EvidenceError as err:
        raise EvidenceError(err.code, f"{file}: {err.message}", err.remedy) from None


def _who(one: Believed) -> str:
    from lockgate.render.words import brief, plain

    return "  ".join(filter(None, (plain(one.name) or "without a name", one.algorithm, brief(one.key))))


def _when(one: Believed) -> str:
    return f"believed {_span(one.start, one.end)}"


def _span(start: object, end: object) -> str:
    from datetime import datetime

    from lockgate.render.words import when

    words = [f"{word} {when(at)}" for word, at in (("from", start), ("to", end)) if isinstance(at, datetime)]
    return " ".join(words) + ("" if end else " on") if words else "at any time"


def _changed(old: SeenRoot, new: SeenRoot, found: tuple[Change, ...]) -> list[str]:
    if old.digest == new.digest:
        return ["unchanged"]
    if not found:
        return ["the bytes differ, and whom they believe does not"]
    lines = []
    for one in found:
        lines += [f"{one.what.replace('-', ' '):<12} {TITLES[one.who.kind]}  {_who(one.who)}", f"  {_when(one.who)}"]
        if one.then is not None:
            lines.append(f"  before: {_span(*one.then)}")
    return lines
