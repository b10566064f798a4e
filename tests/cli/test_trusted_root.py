"""``lockgate trusted-root``: what is shown of a trusted root, and of the difference to another one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from command_line import call, move_to
from private_sigstore import Instance, b64

OURS = Instance()


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)
    Path("old.json").write_text(json.dumps(OURS.root_json))
    Path("root.json").write_text("{}")


def code(*words: str) -> str:
    said = call("trusted-root", *words, "--format", "json")
    assert said.code != 0
    found: str = json.loads(said.out)["error"]["code"]
    return found


def test_whom_a_root_believes_and_when() -> None:
    said = call("trusted-root", "show", "old.json")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("trusted root  sha256:")
    assert [line.partition("  ")[0] for line in lines[1:] if line and not line.startswith(" ")] == [
        "certificate authority", "certificate log", "transparency log", "transparency log", "time-stamping authority"
    ]  # fmt: skip
    assert "  believed from 2026-01-01 00:00:00 UTC on" in lines
    seen = json.loads(call("trusted-root", "show", "old.json", "--format", "json").out)
    assert [one["name"] for one in seen["believed"] if one["kind"] == "transparency-log"] == ["rekor.example", "log2.example"]
    assert [one["algorithm"] for one in seen["believed"]] == ["", "ecdsa-p256", "ecdsa-p256", "ed25519", ""]


def changed(path: list[str | int], value: object) -> list[tuple[str, str]]:
    """What `diff` says of the root with this changed: what, and of which kind."""
    document = json.loads(json.dumps(OURS.root_json))
    at = document
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    Path("new.json").write_text(json.dumps(document))
    found = json.loads(call("trusted-root", "diff", "old.json", "new.json", "--format", "json").out)["changes"]
    back = json.loads(call("trusted-root", "diff", "new.json", "old.json", "--format", "json").out)["changes"]
    turned = {"added": "removed", "removed": "added", "other-time": "other-time"}
    assert sorted((turned[one["what"]], one["who"]["key"]) for one in back) == sorted((one["what"], one["who"]["key"]) for one in found)
    return [(one["what"], one["who"]["kind"]) for one in found]


def test_a_difference_is_told_of_by_who_is_believed() -> None:
    other = Instance().root_json
    assert changed(["tlogs", 0], None) == [("removed", "transparency-log")]
    assert changed(["timestampAuthorities"], [*OURS.root_json["timestampAuthorities"], *other["timestampAuthorities"]]) == [("added", "time-stamper")]
    assert changed(["ctlogs"], other["ctlogs"]) == [("removed", "certificate-log"), ("added", "certificate-log")]
    assert changed(["certificateAuthorities", 0, "validFor", "end"], "2027-01-01T00:00:00Z") == [("other-time", "certificate-authority")]
    assert changed(["tlogs", 1, "logId", "keyId"], "AAAA" * 4) == [("removed", "transparency-log"), ("added", "transparency-log")]
    assert changed(["tlogs", 1, "baseUrl"], "https://elsewhere.example") == []
    assert changed(["tlogs", 1, "checkpointKeyId"], {"keyId": b64(OURS.id2[:4])}) == []
    assert changed(["tlogs", 1, "checkpointKeyId"], {"keyId": "AAAA" * 4}) == [("removed", "transparency-log"), ("added", "transparency-log")]
    both = OURS.root_json["tlogs"]
    again = {**both[0], "publicKey": {**both[0]["publicKey"], "validFor": {"start": "2027-01-01T00:00:00Z"}}}
    assert changed(["tlogs"], [*both, again]) == [("added", "transparency-log")]


def test_a_difference_for_people() -> None:
    Path("new.json").write_text(json.dumps({**OURS.root_json, "tlogs": OURS.root_json["tlogs"][1:]}))
    said = call("trusted-root", "diff", "old.json", "new.json")
    assert said.out.startswith("removed      transparency log  rekor.example  ecdsa-p256  sha256:")
    assert call("trusted-root", "diff", "old.json", "old.json").out == "unchanged\n"
    Path("new.json").write_text(json.dumps(OURS.root_json, indent=1))
    assert call("trusted-root", "diff", "old.json", "new.json").out == "the bytes differ, and whom they believe does not\n"


def test_what_is_no_trusted_root_is_neither_shown_nor_written_over() -> None:
    Path("notes.txt").write_text("mine")
    assert code("show", "gone.json") == "trusted-root.unreadable"
    assert code("show", "notes.txt") == "json.malformed"
    assert code("diff", "old.json", "root.json") == "trusted-root.malformed"
    assert code("fetch", "--from", "https://tuf.example", "--root", "root.json", "--out", "notes.txt") == "json.malformed"
    assert code("fetch", "--from", "https://tuf.example", "--root", "gone.json") == "tuf.root-unreadable"
    assert code("fetch", "--from", "ftp://tuf.example", "--root", "root.json") == "tuf.bad-url"
    assert code("fetch", "--from", "https://tuf.example", "--root", "root.json") == "tuf.root-malformed"
    assert Path("notes.txt").read_text() == "mine"


def test_no_root_is_ever_taken_from_the_repository() -> None:
    assert code("fetch", "--from", "https://tuf.example") == "usage.missing"


def test_without_the_extra_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tuf", None)
    for name in [name for name in sys.modules if name.startswith("tuf.") or name.endswith(".tuf_repository")]:
        monkeypatch.delitem(sys.modules, name)
    said = call("trusted-root", "fetch", "--from", "https://tuf.example", "--root", "root.json")
    assert said.code == 2
    assert "[tuf.not-installed]" in said.err
    assert "lockgate[tuf]" in said.err
