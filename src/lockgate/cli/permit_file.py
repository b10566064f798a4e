"""Permits in files: written once they are allowed, checked as far as a file can be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.released import config_of
from lockgate.cli.session import Session

if TYPE_CHECKING:
    from lockgate.app.gate import Gated
    from lockgate.app.inspect import SeenProof
    from lockgate.app.present import Terms
    from lockgate.app.world import Ports
    from lockgate.core.identity import Root

MAX_STATUS = 1 << 20

permit_out = click.option("--permit-out", default="", metavar="FILE", help="Where the permit goes, in one file for `verify`; only if allowed.")
"""``--permit-out``, on what gives permits."""


def require_place(path: str) -> None:
    """The permit could be written there: nothing is asked for one that nobody would have. Raises UsageError ``permit.unwritable``."""
    if path:
        from lockgate.errors import UsageError
        from lockgate.wire.files import require_writable

        try:
            require_writable(path)
        except OSError as err:
            raise UsageError("permit.unwritable", f"{path} cannot be written: {err.strerror}; nothing was asked") from None


def keep_permit(session: Session, ports: Ports, gated: Gated, path: str) -> None:
    """Write the permit of an allowed decision, whole or not at all. Raises UsageError ``permit.unwritable``: the permit is there, and its file is not."""
    if not path or gated.decision.outcome != "allowed":
        return
    from lockgate.app.prove import prove

    arguments.write(path, "permit.unwritable", prove(ports, gated.index))
    session.note(f"permit    in {path}: lockgate verify {shlex.quote(path)} --environment {gated.decision.environment}{session.place}")


def terms_of(session: Session, refs: tuple[str, ...], platform: str, environment: str, config_files: tuple[str, ...], status: str, *, run: bool) -> Terms:
    """What is asked of a permit, as options say it; artifacts named by reference are read, every byte."""
    from lockgate.app.artifacts import artifacts_of
    from lockgate.app.present import Terms

    artifacts, inside = artifacts_of(session.bench(), refs, platform) if refs else ((), ())
    return Terms(
        environment=environment,
        artifacts=artifacts,
        inside=inside,
        config=config_of([(name, name) for name in config_files])[0] if config_files else None,
        status=arguments.read(status, "status.unreadable", MAX_STATUS + 1) if status else None,
        run=run,
    )


def presented(session: Session, data: bytes, seen: SeenProof, terms: Terms, root: Root) -> SeenProof:
    """Check a permit against what is asked and against the newest head this account saw, which is remembered anew.

    Where nothing is asked, it is a proof that is looked at, as an auditor does, and an old tree proves what it proves. Where there is nothing to
    remember in, what was seen before is not known, and that is said.
    """
    from lockgate.app.present import present
    from lockgate.wire import heads, now

    memory = heads(session.config) if terms.asks() else None
    remembered = memory.recall(root.log) if memory is not None else None
    if remembered is None and terms.asks():
        session.warn("new", "head.unpinned", "this account remembers no head of this log: an older tree could not be told")
    found, newest = present(data, seen, terms, root, now(), remembered)
    if memory is not None and found.code != "permit.smaller-tree":
        memory.remember(root.log, newest)
    return found
