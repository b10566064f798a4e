from __future__ import annotations

from lockgate.errors import UsageError


class MemoryDirectory:
    """Port `Directory` in memory."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def names(self) -> dict[str, str]:
        return dict(self.held)

    def set(self, person: str, name: str | None) -> None:
        if name is None:
            self.held.pop(person, None)
        elif name.isprintable() and 0 < len(name) <= 200:
            self.held[person] = name
        else:
            raise UsageError("directory.bad-name", "not a name")
