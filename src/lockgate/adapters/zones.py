"""The time zone database, as the package ``tzdata`` brings it: the machine's own is not asked, which may be of any age."""

from __future__ import annotations

from lockgate.core.zones import MAX_ZONE, ZoneData
from lockgate.errors import UnreadableError


class PackagedZones:
    """Zones out of the package (port `Zones`)."""

    def read(self, name: str) -> ZoneData:
        """A zone's file. Raises as `core.ports.Zones`."""
        from importlib.resources import files  # noqa: PLC0415  only a policy with change windows waits for it

        if name not in self.names():
            raise UnreadableError("zone.unknown", f"the time zone database has no zone {name[:80]!r}")
        try:
            from tzdata import IANA_VERSION  # type: ignore[import-untyped]  # noqa: PLC0415  it has no types

            data = files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
        except (ImportError, OSError) as err:
            raise UnreadableError("zone.unreadable", f"the time zone {name[:80]!r} cannot be read: {type(err).__name__}") from None
        if len(data) > MAX_ZONE:
            raise UnreadableError("zone.unreadable", f"the time zone {name[:80]!r} has more than {MAX_ZONE} bytes")
        return ZoneData(data=data, version=IANA_VERSION)

    def names(self) -> tuple[str, ...]:
        """The package's own list."""
        from importlib.resources import files  # noqa: PLC0415

        try:
            return tuple(sorted(files("tzdata").joinpath("zones").read_text(encoding="ascii").split()))
        except (ImportError, OSError, UnicodeDecodeError) as err:
            raise UnreadableError("zone.unreadable", f"the time zone database cannot be read: {type(err).__name__}") from None
