"""``lockgate verify``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from lockgate.cli import arguments
from lockgate.cli.bundle_file import MAX_ROOT, LogAsked, YesOrNo, is_artifact, verify_bundle, wanted
from lockgate.cli.exits import OK, OUTCOMES, REFUSED, UNDECIDED
from lockgate.cli.permit_file import presented, terms_of
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.app.inspect import Anchor
    from lockgate.app.inspect_bundle import Wanted
    from lockgate.app.present import Terms
    from lockgate.app.world import Ports
    from lockgate.core.requirements import AnyRequirement
    from lockgate.core.signers import Believed
    from lockgate.render.words import Sheet

MAX_FILE = 4 << 20


@click.command("verify")
@click.argument("what", metavar="REF|FILE")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key to believe, instead of the policy's; of RSA, ALGORITHM:FILE.")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--artifact", "artifacts", multiple=True, metavar="REF|DIGEST", help="Of a permit: that it names this artifact; a REF is read, every byte.")
@click.option("--environment", default="", metavar="ENV", help="Of a permit: that it is for this environment. Of an artifact: what counts there.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Of a permit: that it is for this configuration, or none.")
@click.option("--status", default="", metavar="FILE", help="Of a permit: that this signed list of `log status` has not revoked it.")
@click.option("--run", is_flag=True, help="Of a permit: that it lets run what the list says runs there, past its end too.")
@click.option("--trusted-root", default="", metavar="FILE", help="Believe whom this trusted root of Sigstore's names: of a bundle, or of what is attached.")
@click.option("--identity", default="", metavar="TEXT", help="With a trusted root: who had to sign, exactly as the certificate names them.")
@click.option("--issuer", default="", metavar="URL", help="With a trusted root: by whose word.")
@click.option("--log", type=click.Choice(["proof", "promise", "none"]), help="With a trusted root: what has to be known of the log (default: proof).")
@click.option("--certificate-log", type=click.Choice(["yes", "no"]), help="With a trusted root: whether the certificate was shown to a log (default: yes).")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Of a bundle: who may have cosigned its log's checkpoint.")
@click.option("--quorum", default=0, metavar="N", help="Of a bundle: how many of these witnesses have to (default: all).")
@click.option("--steps", is_flag=True, help="Show every step that was taken, and where one failed.")
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
    log: LogAsked | None,
    certificate_log: YesOrNo | None,
    witnesses: tuple[str, ...],
    quorum: int,
    steps: bool,
) -> None:
    """Check an artifact and what is attached to it, or a proof or signed event in a file.

    A proof file is checked offline with nothing but itself and the pinned root (--trust), and a decision's proof ends as the decision did: 0
    only where it allowed, and still does. A signed event ends with 0 where the key is enrolled under the pinned root. With --public or
    --platform, or written oci:…, file:… or HOST/…, it is an artifact that is checked, whatever it looks like.

    With --artifact, --config, --status or --run, or a file with --environment, it is a permit: 0 only where all of that holds, and nothing that this
    account saw is newer.

    With --trusted-root it is a Sigstore bundle, over the artifact named with --artifact: 0 only where --identity and --issuer, or the key of --public, signed.
    Or it is an artifact in a registry, a layout or a file: 0 only where something attached to it was signed by --identity, by the word of --issuer.
    """
    from lockgate.core.digest import is_registry
    from lockgate.core.identity import Witnesses
    from lockgate.errors import UsageError

    if trusted_root:
        witnessed = Witnesses(quorum=quorum or len(witnesses), keys=witnesses)
        asked = wanted((identity, issuer), publics, witnessed, log or "proof", certificate_log or "yes")
        if is_artifact(what, platform, artifacts):
            _artifact(session, what, _named(trusted_root, asked), platform, steps=steps)
        else:
            verify_bundle(session, what, trusted_root, artifacts, platform, asked, steps=steps)
        return
    if identity or issuer or witnesses or quorum or log or certificate_log:
        raise UsageError("sigstore.whose", "--identity, --issuer, --log, --certificate-log, --witness and --quorum go with a --trusted-root: name it")
    attached = bool(publics or platform) or what.startswith(("oci:", "file:")) or is_registry(what)
    of_permit = bool(artifacts or config_files or status or run)
    if of_permit or (environment and (publics or not attached)):
        if publics:
            raise UsageError("permit.no-public", "a permit is checked against the pinned root, by --trust, and by no key named with --public")
        _proof(session, what, terms_of(session, artifacts, platform, environment, config_files, status, run=run), status)
        return
    head = b"" if attached else _head(what)
    if head.startswith(b"c2sp.org/tlog-proof"):
        _proof(session, what, None)
    elif head.lstrip().startswith(b"{") and what.endswith(".json"):
        _event(session, what)
    else:
        _artifact(session, what, _by_keys(publics) if publics else _by_policy(session, what, platform, environment), platform, steps=steps)


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


def _proof(session: Session, what: str, terms: Terms | None, status: str = "") -> None:
    """A proof; with terms, or where it is of a decision that allowed, as the permit it is. `status`: the file with the list, if there is one."""
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
        newer = f"status --out {shlex.quote(status)}" if status else f"prove {seen.index} --out {shlex.quote(what)}"  # with a list, the list speaks
        session.next(f"lockgate log {newer}{session.place}")
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


class Judges(NamedTuple):
    """Who is believed of what is attached: keys and others, for which `root` vouches, unless they were named. `vouched`: whether anybody does.

    `requires`: what asks for statements of further types.
    """

    keys: dict[str, str]
    others: Believed
    root: Anchor | None = None
    vouched: bool = True
    requires: tuple[AnyRequirement, ...] = ()


def _artifact(session: Session, what: str, judges: Callable[[], Judges], platform: str, *, steps: bool) -> None:
    from lockgate.app.inspect import find_artifact, inspect_artifact
    from lockgate.render.evidence_text import artifact_text

    found = find_artifact(session.bench(), what, platform)  # before the gate: what is not there is said of a file first
    keys, others, root, vouched, requires = judges()
    seen = inspect_artifact(session.bench(), found, keys, root, others, requires)
    sheet = session.sheet(result=True)
    told = artifact_text(seen.pinned, seen.measured, seen.pieces, keys, sheet, steps=steps)
    session.say(seen, "\n".join(filter(None, (told, _anchor(seen.root, sheet)))))
    if not steps and not seen.good and seen.pieces:
        session.note("with --steps, all that was asked of each piece, and where it failed")
    if seen.measured.problem or not seen.good:
        sys.exit(REFUSED)
    if not vouched:  # these are the policy's keys, and nobody vouches for the policy
        sys.exit(UNDECIDED)


def _by_keys(publics: tuple[str, ...]) -> Callable[[], Judges]:
    from lockgate.core.signers import KEYS_ALONE

    return lambda: Judges({Path(path).stem: key for path, key in map(arguments.evidence_key, publics)}, KEYS_ALONE)


def _by_policy(session: Session, what: str, platform: str, environment: str = "") -> Callable[[], Judges]:
    """The policy in force, and what counts in an environment of it, where one is named."""
    from lockgate.app.gate import require_environment
    from lockgate.app.inspect import anchor
    from lockgate.app.project import project
    from lockgate.core.policy import believed
    from lockgate.errors import UsageError

    def judges() -> Judges:
        try:
            ports = session.ports()
        except UsageError as err:
            if err.code == "gate.none":
                err.remedy = f"lockgate verify {shlex.quote(what)}{f' --platform {shlex.quote(platform)}' if platform else ''} --public FILE"
            raise
        own = project(ports, "")
        if environment:
            require_environment(own, environment)
        policy = own.policy_in_force()
        root = anchor(ports.pinned, _trust_file(session)) if ports.pinned is not None else None
        sections = [policy.environments[environment]] if environment else policy.environments.values()
        requires = tuple(one for section in sections for one in section.requires)
        return Judges(policy.keys, believed(policy, environment), root, ports.pinned is not None, requires)

    return judges


def _named(trusted_root: str, asked: Wanted) -> Callable[[], Judges]:
    """Whom the command line names, under a trusted root."""
    from lockgate.app.inspect_bundle import believing
    from lockgate.core.identity import Witnesses
    from lockgate.errors import UsageError

    if asked.key or asked.witnesses != Witnesses():
        raise UsageError("sigstore.whose", "of an artifact with what is attached to it, a --trusted-root goes with --identity and --issuer alone")
    root = arguments.read(trusted_root, "trusted-root.unreadable", MAX_ROOT)
    return lambda: Judges({}, believing(root, asked))


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
