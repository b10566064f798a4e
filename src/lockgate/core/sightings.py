"""Where digests run and ran, as far as history and its evidence tell: what `lockgate recall` lists."""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.facts import Stay
from lockgate.core.identity import Name
from lockgate.core.rechecked import Mark
from lockgate.core.revocation import Revocation
from lockgate.core.state import Permit


class Sighting(Noun, frozen=True, kw_only=True):
    """A release that holds what is looked for, in one environment.

    Attributes:
        stay: since when, until when (None: it runs), by which decision and deployer.
        through: the artifact or configuration by which it holds it. how: whether that is it, or an index it is inside.
        rechecked: what a recheck made of it, where it runs or perhaps does.
    """

    environment: Name
    stay: Stay
    through: Digest
    how: Literal["itself", "inside"]
    rechecked: Mark | None = None


class Holding(Noun, frozen=True, kw_only=True):
    """A live permit for a release that holds what is looked for."""

    environment: Name
    permit: Permit
    through: Digest
    how: Literal["itself", "inside"]


class Blank(Noun, frozen=True, kw_only=True):
    """What could not be looked at.

    Attributes:
        environment: where. artifact: the index whose images are not known; empty where nothing of the environment is.
        code: why.
    """

    environment: Name
    artifact: str = ""
    code: str


class Located(Noun, frozen=True, kw_only=True):
    """Where digests run and ran.

    Attributes:
        digests: that were looked for: the one that was named, and the images inside it as far as they are known.
        size: of the history that was looked at. unpinned: nobody vouches for it.
        running, ran: stays, of every environment; of each the newest `KEPT_STAYS` are known.
        permits: live ones. revoked: revocations of these digests that stand. unknown: what could not be looked at.
    """

    digests: tuple[Digest, ...]
    size: int
    unpinned: bool
    running: tuple[Sighting, ...] = ()
    ran: tuple[Sighting, ...] = ()
    permits: tuple[Holding, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    unknown: tuple[Blank, ...] = ()

    def answer(self) -> Literal["found", "nowhere", "unknown"]:
        """``unknown`` where an environment could not be read, or nothing was found and something was not known."""
        if any(not one.artifact for one in self.unknown):
            return "unknown"
        if self.running or self.ran or self.permits:
            return "found"
        return "unknown" if self.unknown else "nowhere"


class Revoking(Noun, frozen=True, kw_only=True):
    """What came of revoking in one environment.

    Attributes:
        environment: ``house`` for everywhere.
        id, leaf: the revocation; empty and -1 where `code` says why there is none.
    """

    environment: Name
    id: str = ""
    leaf: int = -1
    code: str = ""
