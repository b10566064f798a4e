"""Where a deployment's command finds what was decided on: the words that stand for it, and the private copies behind them.

``{ref}``         the one artifact: an image in a registry by its pinned reference, everything else as the path of a private copy
``{ref.2}``       of several, the second as they were named; ``{ref.web}`` the one that a release file calls web
``{refs}``        a word of its own: all of them, one word each
``{config}``      the directory of private copies of the configuration's files

What was decided on is deployed whole: a command that leaves one of them out is not run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from lockgate.app.gate import Resolved
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core.digest import pinned
from lockgate.core.model import DigestOrNone, config_digest
from lockgate.errors import EvidenceError, UsageError

_WORD = re.compile(r"\{(refs|config|ref(?:\.([a-z0-9][a-z0-9-]{0,63}))?)\}")
REFS, CONFIG = "{refs}", "{config}"


class ConfigFile(Noun, frozen=True, kw_only=True):
    """A file of the configuration.

    Attributes:
        name: its path as the configuration's digest has it.
        place: where it is.
    """

    name: str
    place: str


def require_whole(command: Sequence[str], names: Sequence[str], files: Sequence[ConfigFile]) -> None:
    """The command says where everything goes that is decided on, and nothing else.

    Args:
        command: argv.
        names: of the artifacts, in order; empty for one that has none.
        files: of the configuration.

    Raises:
        UsageError: ``deploy.no-ref``, ``deploy.which-ref``, ``deploy.unknown-ref``, ``deploy.no-config``; ``config.twice`` where two files
            would be copied to one place.
    """
    said = [match for word in command for match in _WORD.finditer(word)]
    wanted = {match[1] for match in said}
    words = (REFS if len(names) > 1 else "{ref}") + (f" {CONFIG}" if files or "config" in wanted else "")
    remedy = f"lockgate deploy REF --to ENV -- CMD {words}"
    if "refs" in wanted and any(REFS in word and word != REFS for word in command):
        raise UsageError("deploy.which-ref", "{refs} is a word of its own in the command: it stands for as many words as there are artifacts", remedy)
    if "ref" in wanted and len(names) > 1:
        raise UsageError("deploy.which-ref", f"{{ref}} is one of {len(names)} artifacts: say which, {_listed(names)}", remedy)
    for match in said:
        if match[2] and not _index(match[2], names):
            raise UsageError("deploy.unknown-ref", f"there is no artifact {match[0]}: {_listed(names)}", remedy)
    told = {_index(match[2], names) for match in said if match[2]}
    missing = [number for number in range(1, len(names) + 1) if number not in told]
    if "refs" not in wanted and missing and not ("ref" in wanted and len(names) == 1):
        which = "{ref}" if len(names) == 1 else " and ".join(_called(number, names) for number in missing)
        why = "it would deploy something other than what was decided on"
        raise UsageError("deploy.no-ref", f"the command does not say {which} anywhere: {why}", remedy)
    if files and "config" not in wanted:
        why = "it would run with another configuration than what was decided on"
        raise UsageError("deploy.no-config", f"the command does not say {CONFIG} anywhere: {why}", remedy)
    if "config" in wanted and not files:
        raise UsageError("deploy.no-config", "the command says {config}, and no configuration is named", remedy.replace(" --", " --config FILE --", 1))
    places = [below(one.name) for one in files]
    if len(set(places)) < len(places) or any(one in other.parents for one in places for other in places):
        raise UsageError("config.twice", "two of the configuration files would be copied to one place: name them from one directory above both")


def _called(number: int, names: Sequence[str]) -> str:
    return f"{{ref.{names[number - 1] or number}}}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_called(number, names) for number in range(1, min(len(names), 8) + 1)) if len(names) > 1 else "there is one, {ref}"


def _index(name: str, names: Sequence[str]) -> int:
    """Which artifact a name or number means, from 1; 0 for none."""
    if name in names:
        return names.index(name) + 1
    return int(name) if name.isdigit() and not name.startswith("0") and int(name) <= len(names) else 0


def below(name: str) -> PurePath:
    """Where a configuration file's copy stands below ``{config}``: its path, without what leads out of here."""
    return PurePath(*(part for part in PurePath(name).parts if part not in {"..", "/", "//"}))


def placed(
    ports: Ports, command: Sequence[str], names: Sequence[str], files: Sequence[ConfigFile], config: DigestOrNone, resolved: Resolved, into: PurePath
) -> list[str]:
    """The command to run, once everything it names is in place: copied privately and hashed on the way, or pinned.

    Raises:
        EvidenceError: ``digest.mismatch``, ``config.changed``: the bytes are others than what was decided on.
        UnreadableError: from the source; ``config.unreadable``.
    """
    refs = [pinned(ref, digest) if ref.scheme == "registry" else str(ports.source.copy(ref, digest, into)) for digest, ref in resolved.places.items()]
    folder = into / "config"
    if files:
        found = ports.scratch.copies([(one.place, below(one.name)) for one in files], folder)
        if config_digest(dict(zip([one.name for one in files], found, strict=True))) != config:
            raise EvidenceError("config.changed", "the configuration files are not what they were when they were hashed: nothing was run")

    def put(match: re.Match[str]) -> str:
        if match[1] == "config":
            return str(folder)
        return refs[_index(match[2], names) - 1] if match[2] else refs[0]

    return [out for word in command for out in (refs if word == REFS else [_WORD.sub(put, word)])]
