"""Whoever takes permits away from the gate, with `lockgate verify`: they have the pinned root, and remember the newest head that was shown to them."""

from __future__ import annotations

from typing import Any

from attack.stage import NEXT, Stage
from lockgate.app import inspect, present, prove, status_list
from lockgate.errors import LockgateError

HERE = {"environment": "production", "artifacts": NEXT, "config": "none"}


class Taker:
    """An agent in production that lets ``next`` in on a permit."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.remembered: bytes | None = None

    def takes(self, permit: bytes, status: bytes | None = None, **terms: Any) -> str:
        """``taken``, or the code it is refused with."""
        root, now = self.stage.pinned, self.stage.clock.at
        assert root is not None
        try:
            seen = inspect.inspect_proof(permit, root, "lockgate.trust", now)
            found, newest = present.present(permit, seen, present.Terms(**{**HERE, "status": status, **terms}), root, now, self.remembered)
        except LockgateError as err:
            return err.code
        self.remembered = self.remembered if found.code == "permit.smaller-tree" else newest
        return found.code or "taken"


def permit_file(stage: Stage, index: int) -> bytes:
    """The file of a permit, as `lockgate gate --permit` writes it."""
    return prove.prove(stage.ports, index)


def list_now(stage: Stage, max_age: str = "1h") -> bytes:
    """The status list of now, as `lockgate log status` writes it."""
    return status_list.issue(stage.ports, max_age)[1]
