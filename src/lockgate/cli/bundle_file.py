"""A Sigstore bundle in a file, for `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lockgate.cli import arguments
from lockgate.errors import UsageError

if TYPE_CHECKING:
    from lockgate.app.inspect_bundle import Artifact, SeenBundle, Wanted
    from lockgate.cli.session import Session
    from lockgate.core.identity import Witnesses

LogAsked = Literal["proof", "promise", "none"]
YesOrNo = Literal["yes", "no"]
MAX_BUNDLE, MAX_ROOT = (3 << 20) + 1, (1 << 20) + 1
"""How much of a file is read: one byte more than may be there, so that one that is too large is told so, and not that it ends too early."""


def wanted(who: tuple[str, str], publics: tuple[str, ...], witnesses: Witnesses, log: LogAsked, certificate_log: YesOrNo) -> Wanted:
    """Who has to have signed, as the command line says it. Raises UsageError ``sigstore.whose``."""
    from lockgate.app.inspect_bundle import Wanted

    if (bool(who[0]), bool(who[1]), len(publics)) not in {(True, True, 0), (False, False, 1)}:
        raise UsageError("sigstore.whose", "say who had to sign: with --identity and --issuer, or of a bundle that a key signed, with one --public")
    key = arguments.evidence_key(publics[0])[1] if publics else ""
    return Wanted(identity=who[0], issuer=who[1], key=key, witnesses=witnesses, log=log, certificate_log=certificate_log)


def is_artifact(what: str, platform: str, artifacts: tuple[str, ...]) -> bool:
    """Whether what is to be verified is an artifact with all that is attached to it, and not a bundle in a file."""
    from lockgate.app.inspect_bundle import is_bundle
    from lockgate.core.digest import is_registry

    if artifacts:
        return False
    if platform or what.startswith(("oci:", "file:")) or is_registry(what):
        return True
    try:
        return not is_bundle(arguments.read(what, "verify.unreadable", MAX_BUNDLE))
    except UsageError:  # a directory, or nothing: whoever looks for the artifact says which
        return True


def verify_bundle(session: Session, what: str, trusted_root: str, artifacts: tuple[str, ...], platform: str, asked: Wanted, *, steps: bool) -> None:
    """Check a bundle against a trusted root, and say who signed what, when, and how that is known; with `steps`, what was asked of it.

    Raises:
        UsageError: ``sigstore.no-artifact``. EvidenceError: as `inspect_bundle`, after the steps are told.
    """
    from lockgate.app.inspect_bundle import inspect_bundle
    from lockgate.errors import EvidenceError
    from lockgate.render.evidence_text import steps_text
    from lockgate.render.layout import broken

    if len(artifacts) != 1:
        raise UsageError("sigstore.no-artifact", "a bundle is about one artifact: name it with --artifact")
    data, root = arguments.read(what, "verify.unreadable", MAX_BUNDLE), arguments.read(trusted_root, "trusted-root.unreadable", MAX_ROOT)
    artifact = _artifact(session, artifacts[0], platform)
    try:
        seen = inspect_bundle(data, root, artifact, asked)
    except EvidenceError as err:
        session.note("\n".join(steps_text(err.steps, session.sheet())))
        raise
    sheet = session.sheet(result=True)
    lines = [part for line in _lines(seen) for part in ([line] if line.startswith("artifact") else broken(line, sheet, 10))]
    session.say(seen, "\n".join(lines + (steps_text(seen.steps, sheet) if steps else [])))


def _artifact(session: Session, text: str, platform: str) -> Artifact:
    """What is known of it: of a plain file, which is read once, every digest that a signature may be over; of anything else, what its references go by."""
    from lockgate.app.artifacts import artifacts_of
    from lockgate.app.inspect_bundle import Artifact
    from lockgate.core.digest import parse_ref
    from lockgate.wire.files import read_for_signatures

    if not text.startswith("sha256:") and (found := read_for_signatures(parse_ref(text))) is not None:
        digest, others, content = found
        return Artifact(digest=digest, digests=others, content=content)
    ((digest,), _) = artifacts_of(session.bench(), (text,), platform)
    return Artifact(digest=digest)


def _lines(seen: SeenBundle) -> list[str]:
    from lockgate.render.words import listing, plain, when

    lines = ["verified  a signature by " + (plain(seen.identity) if seen.identity else "the key that was named")]
    if seen.issuer:
        lines.append(f"by word   of {plain(seen.issuer)}")
    lines.append(f"artifact  {seen.artifact}")
    if seen.predicate:
        lines.append(f"says      {plain(seen.predicate)}")
    lines += [f"when      {when(one.at)}, by {'a time stamp' if one.by == 'time-stamp' else 'the promise of the log'}" for one in seen.times]
    known = ", promised and not proven" if seen.included == "promise" else ""
    lines.append(f"logged    entry {seen.logged} of {plain(seen.log)}{known}" if seen.logged >= 0 else "logged    nowhere")
    if seen.identity:
        lines.append(f"shown     {f'to {listing(map(plain, seen.certificate_logs))}' if seen.certificate_logs else 'to no certificate log that was asked for'}")
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
