"""``lockgate deploy``."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OUTCOMES
from lockgate.cli.permit_file import keep_permit, permit_out, renew_permit, require_place
from lockgate.cli.released import Named, named, release_options
from lockgate.cli.session import Session, with_session
from lockgate.cli.spoken import spoken

if TYPE_CHECKING:
    from lockgate.app.deploy import Deployment, How
    from lockgate.app.gate import Gated
    from lockgate.render.next_step import Next

LONGEST = 24 * 3600


class WithCommand(click.Command):
    """A command line with another one behind ``--``: what stands there is nobody's option, and no artifact."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, of what stands before."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["argv"] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """With the command."""
        return [*super().collect_usage_pieces(ctx), "-- CMD {ref}…"]


@click.command("deploy", cls=WithCommand)
@click.argument("refs", nargs=-1, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it enters.")
@release_options
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@arguments.platform_option
@arguments.plain_http_option
@permit_out
@click.option("--timeout", default="1h", metavar="TIME", help="How long CMD may take, such as 30m (default: 1h; at most 1d).")
@click.option("--abandon", is_flag=True, help="Say of your own unfinished deployment there that its end is not known.")
@with_session(key=True)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    session: Session,
    timeout: str,
    environment: str,
    request: str,
    platform: str,
    permit_out: str,
    abandon: bool,
    refs: tuple[str, ...],
    config_files: tuple[str, ...],
    release_file: str,
) -> None:
    """Gate REF… and, if allowed, run CMD on exactly those bytes.

    \b
    In CMD
      {ref}              is an image in a registry by its digest, or the path
                         of a private copy;
      {ref.2} {ref.web}  of several, by number or by the name in the release file;
      {refs}             all of them, as a word of its own;
      {config}           is the directory of private copies of the configuration.

    CMD's streams and its exit code are deploy's own; what lockgate says comes on stderr. With --format json CMD's stdout comes on stderr too. A signed
    `deployed` is recorded only where CMD ended with 0 by itself.
    """  # noqa: D301  click's own mark for lines that stay as they are
    from lockgate.app.deploy import deploy
    from lockgate.app.gate import GateRequest
    from lockgate.cli.alarm import alarm
    from lockgate.cli.tell import tell_decision, with_next

    argv: tuple[str, ...] = ctx.meta["argv"]
    _require_command(argv)
    limit, about = _seconds(timeout), named(refs, config_files, release_file)
    nonce = arguments.fresh_nonce()
    ask = GateRequest(refs=about.refs, environment=environment, config=about.config, request=request, key=nonce, nonce=nonce, platform=platform)
    require_place(permit_out)
    signer = session.signer()
    ports = session.ports()
    alarm(session, ports, environment, holds=False)
    following: list[Next | None] = []

    def told(gated: Gated) -> None:
        place = f"decision {gated.index} · log {ports.log.origin}" + ("" if gated.new else " · recorded before")
        again = _again(session, gated, about, environment, argv, by_tag=not platform)
        following.append(tell_decision(session, ports, gated.decision, place=place, about=about, pinned=gated.pinned, by_tag=not platform, again=again))
        keep_permit(session, ports, gated, permit_out)

    done = deploy(
        ports, ask, argv, signer, told, _how(about, limit, abandon=abandon, to_stderr=session.json), lambda gated: renew_permit(ports, gated, permit_out)
    )
    if done.settled is not None:
        session.lines("settled", f"decision {done.settled.decision}'s deployment never told its end: that is recorded as deploy-unknown")
    if not done.outcome:
        session.say(with_next(done, following[-1]), "")
        sys.exit(OUTCOMES[done.gated.decision.outcome])
    _tell(session, done, environment, _again(session, done.gated, about, environment, argv, by_tag=not platform))
    session.say(done, "")
    sys.exit(done.exit_code)


def _require_command(argv: tuple[str, ...]) -> None:
    """There is one, as far as can be seen before. Raises UsageError ``usage.missing``, ``command.not-found``."""
    from lockgate.errors import UsageError

    if not argv:
        raise UsageError("usage.missing", "Missing argument '-- CMD {ref}…'", "lockgate deploy --help")
    if "{" not in argv[0] and shutil.which(argv[0]) is None:
        there = "/" in argv[0] and Path(argv[0]).is_file()
        why = f"{argv[0][:80]!r} may not be run" if there else f"there is no command {argv[0][:80]!r}"
        raise UsageError("command.not-found", f"{why}: nothing was asked, and nothing run", f"chmod +x {shlex.quote(argv[0])}" if there else "")


def _again(session: Session, gated: Gated, about: Named, environment: str, argv: tuple[str, ...], *, by_tag: bool) -> str:
    """The same command line once more."""
    release = " ".join([*map(shlex.quote, about.typed if by_tag else gated.pinned), *_config(about)])
    return f"lockgate deploy {release} --to {environment}{session.reach}{session.own_key}{session.place} -- {shlex.join(spoken(argv))}"


def _tell(session: Session, done: Deployment, environment: str, again: str) -> None:
    """How it ended; and, where it did not end well, the same again."""
    match done.outcome:
        case "deployed":
            session.note(f"deployed  {environment}, by decision {done.gated.index}, recorded as leaf {done.index}")
            return
        case "deploy-failed":
            session.note(f"failed    the command ended with {done.exit_status}; recorded as leaf {done.index}, and the permit is given back")
        case _:
            why = {"killed": "was killed", "timed-out": "took longer than it was given", "interrupted": "was asked to stop"}[done.because]
            session.lines("UNKNOWN", f"the command {why}: nobody knows what runs in {environment} until one ends well. Recorded as leaf {done.index}")
    session.note(f"try:   {again}")


def _how(about: Named, limit: int, *, abandon: bool, to_stderr: bool) -> How:
    from lockgate.app.deploy import How
    from lockgate.app.placing import ConfigFile

    files = tuple(ConfigFile(name=name, place=place) for name, place in about.files)
    return How(names=about.names, files=files, limit=limit, to_stderr=to_stderr, abandon=abandon)


def _config(about: Named) -> list[str]:
    return [f"--config {shlex.quote(path)}" for path in about.config_typed]


def _seconds(text: str) -> int:
    """Seconds of ``30m`` and its like. Raises UsageError ``deploy.bad-timeout``."""
    import msgspec

    from lockgate.core.duration import Duration, span
    from lockgate.errors import UsageError

    try:
        seconds = int(span(msgspec.convert(text, Duration)).total_seconds())
    except msgspec.ValidationError:
        seconds = 0
    if not 0 < seconds <= LONGEST:
        raise UsageError("deploy.bad-timeout", f"{text[:40]!r} is no time a command may take: write 90s, 30m or 2h, at most 1d")
    return seconds
