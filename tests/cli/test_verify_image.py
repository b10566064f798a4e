"""``lockgate verify`` of an image with all that is attached, without a gate: the example of docs/trust.md, with evidence of every format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from command_line import call, move_to
from house import ROOT

WHO, ISSUER = "https://ci.example/shop/release@refs/heads/main", "https://issuer.example"
BY = ("--trusted-root", "trusted_root.json", "--identity", WHO, "--issuer", ISSUER)
IMAGE = "oci:shop:1.0"


@pytest.fixture(autouse=True)
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)
    shutil.copytree(ROOT / "examples/trust", Path(), dirs_exist_ok=True)


def seen(*words: str, exit_code: int = 0) -> dict[str, Any]:
    said = call("verify", *words, "--format", "json")
    assert said.code == exit_code, said
    found: dict[str, Any] = json.loads(said.out)
    return found


def pieces(*words: str) -> list[tuple[str, str, str]]:
    return sorted((one.get("format", ""), one.get("name", ""), one.get("code", "")) for one in seen(IMAGE, *BY, *words)["pieces"])


def test_every_piece_is_told_by_format_kind_and_code() -> None:
    assert pieces() == [
        ("cosign-attestation", "SLSA provenance", "log-entry.no-inclusion-proof"),
        ("cosign-signature", "cosign signature", "log-entry.no-inclusion-proof"),
        ("dsse", "SLSA verification summary", "dsse.unknown-key"),
        ("dsse", "cosign signature", "dsse.unknown-key"),
        ("sigstore-bundle", "CycloneDX bill of materials", ""),
        ("sigstore-bundle", "SLSA provenance", ""),
        ("sigstore-bundle", "cosign signature", ""),
        ("sigstore-bundle", "cosign signature", "identity.other-subject"),
        ("sigstore-bundle", "cosign signature", "log-entry.not-included"),
        ("sigstore-bundle", "release", ""),
    ]
    assert {code for format_, _, code in pieces("--log", "promise") if format_.startswith("cosign")} == {""}


def test_who_when_by_whose_word_and_in_which_logs_is_there_for_machines() -> None:
    found = seen(IMAGE, *BY)
    (one,) = [one for one in found["pieces"] if one["name"] == "SLSA provenance" and one["proves"]]
    assert one["shown"] == {
        "certificateLogs": ["ct.example"],
        "included": "proof",
        "log": "rekor.example",
        "logged": 1,
        "times": [{"at": "2026-11-20T12:00:00Z", "by": "log"}],
    }
    (fact,) = one["facts"]
    assert (fact["by"]["subject"], fact["by"]["issuer"], fact["by"]["claims"]["build-trigger"]) == (WHO, ISSUER, "push")
    assert (found["good"], {step["result"] for step in one["steps"]}) == (True, {"pass"})


def test_nobody_else_ends_with_0() -> None:
    for other in (("--identity", WHO + "x", "--issuer", ISSUER), ("--identity", WHO, "--issuer", ISSUER + "x")):
        assert not seen(IMAGE, "--trusted-root", "trusted_root.json", *other, exit_code=1)["good"]
    assert not seen("file:app", *BY, exit_code=1).get("pieces")
    assert not seen("app", *BY, exit_code=1).get("pieces")
    layer = next(path for path in Path("shop/blobs/sha256").iterdir() if path.read_bytes() == b"the shop")
    layer.write_bytes(b"The shop")
    assert seen(IMAGE, *BY, exit_code=1)["measured"]["problem"] == "digest.mismatch"
    shutil.copy(ROOT / "examples/trust/shop/blobs/sha256" / layer.name, layer)
    Path("trusted_root.json").write_bytes((ROOT / "tests/evidence/sigstore/public-good.json").read_bytes())
    assert not any(one["proves"] for one in seen(IMAGE, *BY, exit_code=1).get("pieces", []))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((*BY, "--public", "release.pub"), "sigstore.whose"),
        (("--trusted-root", "trusted_root.json", "--public", "release.pub"), "sigstore.whose"),
        (("--trusted-root", "trusted_root.json"), "sigstore.whose"),
        ((*BY, "--witness", "w.example/one+f17a0ee7+BEzF0D1HFlFd7rpPneGe8ceLF1DYdwSrul0gK0iU4kgV"), "sigstore.whose"),
        (("--log", "promise"), "sigstore.whose"),
        (("--certificate-log", "no", "--public", "release.pub"), "sigstore.whose"),
        (("--trusted-root", "gone.json", *BY[2:]), "trusted-root.unreadable"),
        (("--trusted-root", "app", *BY[2:]), "json.malformed"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: tuple[str, ...], code: str) -> None:
    said = call("verify", IMAGE, *words, "--format", "json")
    assert said.code != 0
    assert json.loads(said.out)["error"]["code"] == code


def test_what_counts_comes_first_and_its_claims_are_told_with_the_steps() -> None:
    said = call("verify", IMAGE, *BY, "--steps", "--log", "promise")
    assert said.code == 0
    assert "claim build-trigger: push" in said.out
    assert said.out.index("  FAIL  evidence") > said.out.rindex("  pass  provenance")
    assert said.out.index("  skip  other") > said.out.rindex("  FAIL  evidence")


def test_a_refusal_points_to_the_steps() -> None:
    words = (IMAGE, "--trusted-root", "trusted_root.json", "--identity", "x", "--issuer", ISSUER)
    assert "--steps" in call("verify", *words).err
    assert "--steps" not in call("verify", *words, "--steps").err
    assert "--steps" not in call("verify", IMAGE, *BY).err
