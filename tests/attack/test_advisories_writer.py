"""Who may write ``advisories/``: the copy of other people's advisories that the gate looks in. Nobody signs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attack.desk import POLICY, Desk

FOUND = {
    "id": "OSV-1", "modified": "2024-11-21T08:00:00Z", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [{"package": {"ecosystem": "PyPI", "name": "app"}, "versions": ["1.0"]}],
}  # fmt: skip
OTHER = {**FOUND, "id": "OSV-2", "affected": [{"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["1.0"]}]}
SBOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "app", "version": "1.0", "purl": "pkg:pypi/app@1.0"}]}


def took_in(desk: Desk, *entries: object) -> None:
    """What the operator imports; or what who writes there makes of it."""
    folder = desk.work / "osv"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for number, entry in enumerate(entries):
        (folder / f"{number}.json").write_text(json.dumps(entry))
    assert desk.call("advisories", "import", "--replace", "osv").code == 0


@pytest.fixture
def asked(desk: Desk) -> Desk:
    """Staging asks for `vulnerable` too; what the app is made of has a weakness, and two advisories were imported."""
    (desk.work / "policy.yaml").write_text(POLICY.replace("[release]}\n", "[release]}\n      - vulnerable: {refuse: high, kev: ignore, max-age: 9999d}\n", 1))
    assert desk.call("policy", "apply", "policy.yaml").code == 0
    (desk.work / "sbom.json").write_text(json.dumps(SBOM))
    assert desk.call("attest", "file:app", "--type", "https://cyclonedx.org/bom", "--predicate", "sbom.json", "--key", "release.key").code == 0
    took_in(desk, FOUND, OTHER)
    return desk


def database(desk: Desk) -> Path:
    return desk.work / ".lockgate/advisories/osv.db"


def gate(desk: Desk) -> tuple[str, ...]:
    """How a question ends: the outcome and every code."""
    decision = json.loads(desk.call("gate", "file:app", "--to", "staging", "--format", "json").out)["decision"]
    return (decision["outcome"], *(one["code"] for one in decision["outcomes"] if "code" in one))


class TestForge:
    def test_cannot_change_what_a_decision_rested_on(self, asked: Desk) -> None:
        assert gate(asked) == ("refused", "vulnerable.found")
        index = json.loads(asked.call("gate", "file:app", "--to", "staging", "--format", "json").out)["index"]
        took_in(asked, OTHER)
        assert asked.call("log", "replay", str(index)).code == 0
        database(asked).unlink()
        assert asked.call("log", "replay", str(index)).code == 0

    def test_cannot_make_a_bill_of_materials_of_it(self, asked: Desk) -> None:
        (asked.work / "app.intoto.jsonl").write_text((asked.work / "app.intoto.jsonl").read_text().splitlines()[0] + "\n")
        assert gate(asked) == ("undecided", "vulnerable.no-sbom")


class TestHide:
    @pytest.mark.not_caught
    def test_can_leave_an_advisory_out(self, asked: Desk) -> None:
        """Nobody signs advisories. Each decision keeps the digest of the database it looked in, and what it found there."""
        shown = json.loads(asked.call("advisories", "show", "--format", "json").out)
        assert gate(asked) == ("refused", "vulnerable.found")
        took_in(asked, OTHER)
        assert gate(asked) == ("allowed",)
        assert json.loads(asked.call("advisories", "show", "--format", "json").out)[0]["digest"] != shown[0]["digest"]

    def test_cannot_hide_that_there_are_none(self, asked: Desk) -> None:
        database(asked).unlink()
        assert gate(asked) == ("undecided", "vulnerable.no-data")

    def test_cannot_put_in_what_is_cut_short(self, asked: Desk) -> None:
        (asked.work / "osv" / "0.json").write_text('{"id":"OSV-1","modi')
        assert asked.code("advisories", "import", "osv") == "advisories.export-cut"
        assert gate(asked) == ("refused", "vulnerable.found")


class TestDelay:
    def test_can_have_everything_refused(self, asked: Desk) -> None:
        database(asked).write_bytes(b"no database")
        assert gate(asked) == ("undecided", "vulnerable.unreadable")
        assert asked.code("advisories", "show") == "advisories.unreadable"
