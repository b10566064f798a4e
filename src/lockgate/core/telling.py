"""The ports by which others are told of what was recorded: who takes an alert, and how far that got."""

from __future__ import annotations

from typing import Protocol


class Courier(Protocol):
    """Takes alerts to whoever is to hear them."""

    def deliver(self, alert: bytes) -> None:
        """Hand over one alert, JSON; when this returns, it was taken.

        Raises:
            LedgerError: ``alert.not-delivered``: nobody is known to have taken it.
        """


class Cursor(Protocol):
    """How far a follower of the log got: a leaf index, kept durably beside the gate."""

    def read(self) -> int:
        """The first leaf that was not followed yet; 0 for the first time. Raises UnreadableError ``alert.cursor-unreadable``."""

    def move(self, index: int) -> None:
        """Go on from this leaf; never back. Raises LedgerError ``alert.cursor-unwritable``."""
