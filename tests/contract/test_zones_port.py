"""Port `Zones`: the package's, and the one that tests change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.fake_zones import FakeZones
from lockgate.adapters.zones import PackagedZones
from lockgate.core.zones import MAX_ZONE, ZoneData, Zones
from lockgate.errors import UnreadableError
from lockgate.evidence.tzif import read_zone


@pytest.fixture(params=["package", "fake"])
def zones(request: pytest.FixtureRequest) -> Zones:
    return PackagedZones() if request.param == "package" else FakeZones()


class TestZones:
    def test_those_it_names_are_there(self, zones: Zones) -> None:
        names = zones.names()
        assert list(names) == sorted(set(names))
        assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/UTC", "Etc/GMT+12"} <= set(names)
        for name in names[::40]:
            found = zones.read(name)
            assert 0 < len(found.data) <= MAX_ZONE
            assert found.version[:2] == "20"
            read_zone(found.data, name, found.version, datetime(2026, 11, 22, tzinfo=UTC))

    @pytest.mark.parametrize(
        "name", ["Europe/Berln", "", "..", "../zones", "zones", "Europe", "Europe/", "/etc/localtime", "tzdata.zi", "Europe/Berlin/", "europe/berlin", "\0"]
    )
    def test_others_are_unknown(self, zones: Zones, name: str) -> None:
        with pytest.raises(UnreadableError) as err:
            zones.read(name)
        assert err.value.code == "zone.unknown"


def test_a_package_that_is_damaged_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    zones = PackagedZones()

    def code(name: str = "") -> str:
        with pytest.raises(UnreadableError) as err:
            zones.read(name) if name else zones.names()
        return err.value.code

    assert code() == code("Europe/Berlin") == "zone.unreadable"
    (tmp_path / "zones").write_bytes(b"\xff")
    assert code() == "zone.unreadable"
    (tmp_path / "zones").write_text("Europe/Berlin\nX\n")
    assert (code("Europe/Berlin"), code("Europe/Paris")) == ("zone.unreadable", "zone.unknown")
    (tmp_path / "zoneinfo").mkdir()
    (tmp_path / "zoneinfo" / "X").write_bytes(bytes(MAX_ZONE + 1))
    assert code("X") == "zone.unreadable"
    (tmp_path / "zoneinfo" / "X").write_bytes(bytes(MAX_ZONE))
    assert len(zones.read("X").data) == MAX_ZONE


def test_the_fake_takes_away_and_changes() -> None:
    zones = FakeZones()
    zones.said["Europe/Berlin"] = ZoneData(data=b"x", version="2099a")
    assert zones.read("Europe/Berlin").version == "2099a"
    zones.lost = True
    for ask in (zones.names, lambda: zones.read("Europe/Berlin")):
        with pytest.raises(UnreadableError) as err:
            ask()
        assert err.value.code == "zone.unreadable"
