"""A Sigstore bundle in a file, for `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.cli import arguments
from lockgate.errors import UsageError

if TYPE_CHECKING:
    from lockgate.app.inspect_bundle import SeenBundle
    from lockgate.cli.session import Session
    from lockgate.core.identity import Witnesses

MAX_BUNDLE, MAX_ROOT = 4 << 20, 1 << 20


def verify_bundle(
    session: Session,
    what: str,
    trusted_root: str,
    artifacts: tuple[str, ...],
    platform: str,
    who: tuple[str, str],
    publics: tuple[str, ...],
    witnesses: Witnesses,
) -> None:
    """Check a bundle against a trusted root, and say who signed what, when, and how that is known.

    Raises:
        UsageError: ``sigstore.no-artifact``, ``sigstore.whose``. EvidenceError: as `inspect_bundle`.
    """
    from lockgate.app.artifacts import artifacts_of
    from lockgate.app.inspect_bundle import Wanted, inspect_bundle

    if len(artifacts) != 1:
        raise UsageError("sigstore.no-artifact", "a bundle is about one artifact: name it with --artifact")
    if (bool(who[0]), bool(who[1]), len(publics)) not in {(True, True, 0), (False, False, 1)}:
        raise UsageError("sigstore.whose", "a bundle shows who signed: say who had to, with --identity and --issuer, or with one --public")
    key = arguments.evidence_key(publics[0])[1] if publics else ""
    data, root = arguments.read(what, "verify.unreadable", MAX_BUNDLE), arguments.read(trusted_root, "trusted-root.unreadable", MAX_ROOT)
    ((digest,), _) = artifacts_of(session.bench(), artifacts, platform)
    seen = inspect_bundle(data, root, digest, Wanted(identity=who[0], issuer=who[1], key=key, witnesses=witnesses))
    session.say(seen, "\n".join(_lines(seen)))


def _lines(seen: SeenBundle) -> list[str]:
    from lockgate.render.words import plain, when

    lines = ["verified  a signature by " + (plain(seen.identity) if seen.identity else "the key that was named")]
    if seen.issuer:
        lines.append(f"by word   of {plain(seen.issuer)}")
    lines.append(f"artifact  {seen.artifact}")
    if seen.predicate:
        lines.append(f"says      {plain(seen.predicate)}")
    lines += [f"when      {when(one.at)}, by {'a time stamp' if one.by == 'time-stamp' else 'the log'}" for one in seen.times]
    lines.append(f"logged    entry {seen.logged} of the transparency log" if seen.logged >= 0 else "logged    nowhere")
    lines += [f"witnessed by {plain(one.witness)}, {_second(one.at)}" for one in seen.cosigned]
    lines += [f"          {name}: {plain(text)}" for name, text in seen.claims.items()]
    return lines


def _second(at: int) -> str:
    from datetime import UTC, datetime

    from lockgate.render.words import when

    try:
        return when(datetime.fromtimestamp(at, UTC))
    except (OverflowError, OSError, ValueError):
        return f"{at} s after 1970"
