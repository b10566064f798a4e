"""``lockgate init --from``: look at what an artifact carries, and write the policy that it would pass."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lockgate.cli import arguments
from lockgate.cli.session import Session

if TYPE_CHECKING:
    from lockgate.core.identity import PublicKey
    from lockgate.evidence.carried import Survey
    from lockgate.evidence.policy_proposal import Offered, Proposal


class Looked(NamedTuple):
    """What was seen, before anything is made.

    Attributes:
        survey: of the artifact. offered: the keys that might have signed -> how each is called.
        made: the command line that looked. file: where the policy goes. at: when, UTC.
    """

    survey: Survey
    offered: dict[PublicKey, Offered]
    made: str
    file: Path
    at: datetime


def look(session: Session, ref: str, platform: str, publics: Sequence[str], file: str) -> Looked:
    """Read the artifact, under the keys that were named and those at hand here.

    Raises:
        UsageError: ``policy.exists``. LockgateError: from the source.
    """
    from lockgate.app.survey import survey
    from lockgate.evidence.policy_proposal import Offered
    from lockgate.wire import now, publics_at_hand

    made = ["lockgate", "init", "--from", ref, *(["--platform", platform] if platform else []), *(word for each in publics for word in ("--public", each))]
    if os.path.lexists(file):
        raise _exists(file, shlex.join(made))
    offered = {key: Offered(said, "at hand here") for key, said in publics_at_hand(session.config).items()}
    offered.update((key, Offered(path, "named with --public")) for path, key in map(arguments.evidence_key, publics))
    return Looked(survey(session.bench(), ref, platform, list(offered)), offered, shlex.join(made), Path(file), now())


def write(session: Session, looked: Looked, own: Callable[[], PublicKey], place: str) -> Proposal:
    """Write the proposal into its file.

    Args:
        session, looked: this run.
        own: the user's own public key.
        place: the options that name the gate, for the command that applies it.

    Raises:
        UsageError: ``policy.exists``, ``policy.unwritable``. EvidenceError: ``key.unsupported``.
    """
    from lockgate.errors import UsageError
    from lockgate.evidence.policy_proposal import Wording, propose
    from lockgate.wire.files import write_file

    project, apply = arguments.project_name(session.config.here.name), apply_command(session, looked.file, place)
    proposal = propose(looked.survey, looked.offered, Wording(project=project, made=looked.made, apply=apply, at=looked.at), own)
    try:
        write_file(looked.file, proposal.text.encode(), new=True)
    except FileExistsError:
        raise _exists(str(looked.file), looked.made) from None
    except OSError as err:
        raise UsageError("policy.unwritable", f"{looked.file} cannot be written: {err.strerror}", f"{looked.made} --write-policy OTHER-FILE") from None
    return proposal


def apply_command(session: Session, file: Path, place: str) -> str:
    """What proposes the file to the owners."""
    return f"lockgate policy apply {shlex.quote(str(file))}{session.own_key}{place}"


def tell(session: Session, looked: Looked, proposal: Proposal) -> dict[str, object]:
    """Tell what was found and written, for people; the same for JSON."""
    from lockgate.core.model import Release
    from lockgate.evidence.policy_proposal import UNKNOWN_KEY
    from lockgate.render.words import artifacts, count, listing, plain

    pieces, asked = len(looked.survey.claims), len(proposal.required)
    image = artifacts(Release(artifacts=(looked.survey.digest,)), [looked.survey.pinned])
    session.lines("image", f"{image} carries {count(pieces, 'piece')} of evidence, of which {asked} can be asked for")
    session.lines("keys", listing(f"{name} is {plain(where)}" for name, where in proposal.keys.items()))
    if unknown := sum(one.why in UNKNOWN_KEY for one in proposal.unused):
        session.lines("unknown", f"{count(unknown, 'piece is', 'pieces are')} by keys not known here: the file says which, and how to add one")
    session.lines(
        "policy", f"{plain(str(looked.file))} proposes what was found. It proves nothing until you have read it, and is in force once the owners approve it"
    )
    return {
        "image": looked.survey.pinned,
        "platforms": looked.survey.platforms,
        "file": plain(str(looked.file)),
        "required": proposal.required,
        "unused": proposal.unused,
        "keys": proposal.keys,
    }


def _exists(file: str, made: str) -> Exception:
    from lockgate.errors import UsageError

    return UsageError("policy.exists", f"{file} is there already, and no policy is written over", f"{made} --write-policy OTHER-FILE")
