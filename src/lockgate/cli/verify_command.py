"""``lockgate verify``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.bundle_file import verify_bundle
from lockgate.cli.exits import OK, OUTCOMES, REFUSED, UNDECIDED
from lockgate.cli.permit_file import presented, terms_of
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.inspect import Anchor
    from lockgate.app.present import Terms
    from lockgate.app.world import Ports
    from lockgate.render.words import Sheet

MAX_FILE = 4 << 20


@click.command("verify")
@click.argument("what", metavar="REF|FILE")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key to believe, instead of the policy's; of RSA, ALGORITHM:FILE.")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--artifact", "artifacts", multiple=True, metavar="REF|DIGEST", help="Of a permit: that it names this artifact; a REF is read, every byte.")
@click.option("--environment", default="", metavar="ENV", help="Of a permit: that it is for this environment.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Of a permit: that it is for this configuration, or none.")
@click.option("--status", default="", metavar="FILE", help="Of a permit: that this signed list of `log status` has not revoked it.")
@click.option("--run", is_flag=True, help="Of a permit: that it lets run what the list says runs there, past its end too.")
@click.option("--trusted-root", default="", metavar="FILE", help="It is a Sigstore bundle, to be checked against this trusted root.")
@click.option("--identity", default="", metavar="TEXT", help="Of a bundle: who had to sign, exactly as the certificate names them.")
@click.option("--issuer", default="", metavar="URL", help="Of a bundle: by whose word.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Of a bundle: who may have cosigned its log's checkpoint.")
@click.option("--quorum", default=0, metavar="N", help="Of a bundle: how many of these witnesses have to (default: all).")
@with_session()
def command(
    session: Session,
    what: str,
    publics: tuple[str, ...],
    platform: str,
    artifacts: tuple[str, ...],
    environment: str,
    config_files: tuple[str, ...],
    status: str,
    run: bool,
    trusted_root: str,
    identity: str,
    issuer: str,
    witnesses: tuple[str, ...],
    quorum: int,
) -> None:
    """Check an artifact and what is attached to it, or a proof or signed event in a file.

    A proof file is checked offline with nothing but itself and the pinned root (--trust), and a decision's proof ends as the decision did: 0
    only where it allowed, and still does. A signed event ends with 0 where the key is enrolled under the pinned root. With --public or
    --platform, or written oci:…, file:… or HOST/…, it is an artifact that is checked, whatever it looks like.

    With --artifact, --environment, --config, --status or --run it is a permit: 0 only where all of that holds, and nothing that this account saw is newer.

    With --trusted-root it is a Sigstore bundle, over the artifact named with --artifact: 0 only where --identity and --issuer, or the key of --public, signed.
    """
    from lockgate.core.digest import is_registry
    from lockgate.core.identity import Witnesses
    from lockgate.errors import UsageError

    if trusted_root:
        asked = Witnesses(quorum=quorum or len(witnesses), keys=witnesses)
        verify_bundle(session, what, trusted_root, artifacts, platform, (identity, issuer), publics, asked)
        return
    if identity or issuer or witnesses or quorum:
        raise UsageError("sigstore.whose", "--identity, --issuer, --witness and --quorum are said of a Sigstore bundle: name its --trusted-root")
    if artifacts or environment or config_files or status or run:
        if publics:
            raise UsageError("permit.no-public", "a permit is checked against the pinned root, by --trust, and by no key named with --public")
        _proof(session, what, terms_of(session, artifacts, platform, environment, config_files, status, run=run))
        return
    head = b"" if publics or platform or what.startswith(("oci:", "file:")) or is_registry(what) else _head(what)
    if head.startswith(b"c2sp.org/tlog-proof"):
        _proof(session, what, None)
    elif head.lstrip().startswith(b"{") and what.endswith(".json"):
        _event(session, what)
    else:
        _artifact(session, what, publics, platform)


def _head(what: str) -> bytes:
    """The first bytes of a file of that name; none where there is no such file. Raises UsageError ``verify.unreadable`` where it is empty."""
    from lockgate.errors import UsageError
    from lockgate.wire.files import read_head

    try:
        head = read_head(what, 64)
    except OSError:
        return b""
    if not head:
        raise UsageError("verify.unreadable", f"{what} is empty: neither a proof nor a signed event, and an artifact only where it is written file:{what}")
    return head


def _proof(session: Session, what: str, terms: Terms | None) -> None:
    """A proof; with terms, or where it is of a decision that allowed, as the permit it is."""
    from lockgate.app.inspect import inspect_proof
    from lockgate.app.present import Terms
    from lockgate.errors import EvidenceError, LedgerError, TrustError
    from lockgate.render.leaves import event_text, proven_text, standing_text
    from lockgate.wire import now, pinned_root

    root = pinned_root(session.config)
    if root is None:
        raise TrustError(
            "root.unpinned",
            "a proof is checked against a pinned root, and none was found: nothing is proven",
            f"lockgate verify {shlex.quote(what)} --trust FILE",
        )
    try:
        data = arguments.read(what, "verify.unreadable", MAX_FILE)
        seen = inspect_proof(data, root, _trust_file(session), now())
        if terms is not None or seen.outcome == "allowed":
            seen = presented(session, data, seen, terms or Terms(), root)
    except LedgerError as err:  # nobody's record is at fault here: a file does not prove what it should
        raise EvidenceError(err.code, err.message, err.remedy) from None
    sheet = session.sheet(result=True)
    parts = (
        proven_text(seen.index, seen.size, seen.root.origin, seen.at, seen.ignored, sheet),
        _anchor(seen.root, sheet),
        standing_text(seen.event, seen.code, sheet, because=seen.because, listed=seen.listed, runs=seen.runs),
        event_text(seen.kind, seen.event, seen.subjects, seen.signed, sheet),
    )
    session.say(seen, "\n".join(filter(None, parts)))
    if seen.code == "permit.smaller-tree":
        session.next(f"lockgate log prove {seen.index} --out {shlex.quote(what)}{session.place}")
    sys.exit(REFUSED if seen.code else OUTCOMES.get(seen.outcome, OK))


def _event(session: Session, what: str) -> None:
    from lockgate.app.inspect import anchor, inspect_event, vouch
    from lockgate.app.project import project
    from lockgate.render.leaves import event_text, vouched_text
    from lockgate.wire import pinned_root

    seen = inspect_event(arguments.read(what, "verify.unreadable", MAX_FILE))
    ports = _gate_if_any(session)
    pinned = pinned_root(session.config) if ports is None else ports.pinned
    if pinned is not None:
        house = project(ports, "") if ports is not None else None
        seen = vouch(seen, house.root if house else pinned, house.roster if house else None, anchor(pinned, _trust_file(session)))
    sheet = session.sheet(ports, result=True)
    event = event_text(seen.kind, seen.event, seen.subjects, seen.signed, sheet)
    session.say(seen, "\n".join(filter(None, (vouched_text(seen.by, seen.code, seen.beside, sheet), _anchor(seen.root, sheet), event))))
    if seen.code:
        sys.exit(UNDECIDED if seen.code == "event.unvouched" else REFUSED)
    session.note("whether it counts where it would stand is for the gate to say:")
    session.next(f"lockgate log record {shlex.quote(what)}{session.place}")


def _artifact(session: Session, what: str, publics: tuple[str, ...], platform: str) -> None:
    from lockgate.app.inspect import anchor, find_artifact, inspect_artifact
    from lockgate.app.project import project
    from lockgate.core.policy import believed
    from lockgate.core.signers import KEYS_ALONE
    from lockgate.errors import UsageError
    from lockgate.render.leaves import artifact_text

    found = find_artifact(session.bench(), what, platform)  # before the gate: what is not there is said of a file first
    root, vouched, others = None, True, KEYS_ALONE
    if publics:
        keys = {Path(path).stem: key for path, key in map(arguments.evidence_key, publics)}
    else:
        try:
            ports = session.ports()
        except UsageError as err:
            if err.code == "gate.none":
                err.remedy = f"lockgate verify {shlex.quote(what)}{f' --platform {shlex.quote(platform)}' if platform else ''} --public FILE"
            raise
        policy = project(ports, "").policy_in_force()
        keys, others = policy.keys, believed(policy)
        vouched = ports.pinned is not None
        root = anchor(ports.pinned, _trust_file(session)) if ports.pinned is not None else None
    seen = inspect_artifact(session.bench(), found, keys, root, others)
    sheet = session.sheet(result=True)
    session.say(seen, "\n".join(filter(None, (artifact_text(seen.pinned, seen.measured, seen.facts, keys, sheet), _anchor(seen.root, sheet)))))
    if seen.measured.problem or not seen.good:
        sys.exit(REFUSED)
    if not vouched:  # these are the policy's keys, and nobody vouches for the policy
        sys.exit(UNDECIDED)


def _gate_if_any(session: Session) -> Ports | None:
    from lockgate.errors import UsageError

    try:
        return session.ports()
    except UsageError as err:
        if err.code != "gate.none":
            raise
        return None


def _trust_file(session: Session) -> str:
    from lockgate.render.words import plain

    return plain(str(session.config.trust))


def _anchor(root: Anchor | None, sheet: Sheet) -> str:
    from lockgate.render.leaves import anchor_text

    return anchor_text(root.file, root.origin, root.version, root.digest, sheet) if root is not None else ""
