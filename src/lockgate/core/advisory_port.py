"""The port to what is known of packages; as `ports`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from lockgate.core.advisories import Advisory, Exploited, Extract, Package
from lockgate.core.findings import Database


class Advisories(Protocol):
    """What is known of packages: a copy of other people's databases, imported and looked up here."""

    def databases(self) -> tuple[Database, ...]:
        """What was imported, ``osv`` first; none where nothing was. Raises UnreadableError ``advisories.unreadable``."""

    def lookup(self, packages: Sequence[Package]) -> Extract:
        """All that is known of these packages, each once and sorted, at one time.

        Raises:
            UnreadableError: ``advisories.none`` where no advisories were imported; ``advisories.unreadable``, ``advisories.too-much``.
        """

    def replace(self, entries: Iterable[Advisory], settle: Callable[[Database], Database]) -> Database:
        """Put these entries in the place of all that are there; of two with one id the one that was modified last counts.

        Durable when it returns; where anything raises, or the process dies, what was there stays, whole.

        Args:
            entries: read once, in bounded memory but for what joins them.
            settle: given what was counted, says what is told of it from now on, or raises.

        Raises:
            EvidenceError: ``advisories.twice``: two entries of one id and one time differ. LedgerError: ``advisories.busy``, ``advisories.unwritable``.
        """

    def replace_exploited(self, exploited: Sequence[Exploited], database: Database) -> None:
        """Put these in the place of those that are there, durably and all or none. Raises LedgerError as `replace`."""
