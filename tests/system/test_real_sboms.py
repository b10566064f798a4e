"""Bills of materials that syft and cyclonedx-py made, on their way through a gate: signed beside an image, or inside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import real_sboms
import scanners
from own_process import lockgate, well

scanners.require(scanners.SYFT)

INSIDE = "/usr/share/sbom/app.cdx.json"
ENVIRONMENTS = {
    "signed": "{keys: [maker]}",
    "ntia": "{keys: [maker], elements: [ntia]}",
    "complete": "{keys: [maker], complete: required}",
    "spdx": "{keys: [maker], formats: [spdx]}",
    "inside": f"{{inside: {INSIDE}}}",
}
POLICY = (
    "version: 1\nproject: shop\nenvironments:\n"
    + "".join(f"  {name}:\n    requires:\n      - has-sbom: {asks}\n" for name, asks in ENVIRONMENTS.items())
    + """\
  bare:
    requires:
      - no-component: {purls: ["pkg:pypi/pyyaml"], keys: [maker]}
keys:
  maker: {file: maker.key.pub}
"""
)


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    well("key", "new", "maker.key")
    well("init", "--origin", "example.com/sboms", "--name", "Ada")
    Path("policy.yaml").write_text(POLICY)
    well("policy", "apply", "policy.yaml")
    well("people", "add", "Ada", *(word for name in (*ENVIRONMENTS, "bare") for word in ("--duty", f"{name}=deploy")))
    return tmp_path


def decided(image: str, environment: str) -> tuple[str, dict[str, Any]]:
    """The code of the one requirement there, empty where it holds, and its parameters."""
    said = json.loads(lockgate("gate", f"oci:{image}:1", "--to", environment, "--format", "json").stdout)
    (outcome,) = [each for each in said["decision"]["outcomes"] if each["requirement"] != "digest"]
    return outcome.get("code", ""), outcome.get("params", {})


def test_six_forms_of_one_bill_agree(gate: Path) -> None:
    real_sboms.image(gate / "image")
    made = real_sboms.by_syft(gate, "oci-dir:image", "bom")
    assert decided("image", "signed")[0] == "has-sbom.no-sbom"
    assert decided("image", "bare")[0] == "no-component.no-sbom"
    for place in made.values():
        well("attest", "oci:image:1", "--sbom", place.name, "--key", "maker.key")
        assert decided("image", "signed") == ("", {"components": 23, "format": "cyclonedx"}), "those that are there already list the same packages"
    shown = [line for line in well("verify", "oci:image:1", "--public", "maker.key.pub").splitlines() if "pass  sbom" in line]
    told = {tuple(line.split(", made")[0].split()[2:]) for line in shown}
    assert told == {
        *(("cyclonedx", spec, "with", "23", "components") for spec in ("1.4", "1.5", "1.6")),  # with the system, by its name
        *(("spdx", spec, "with", "22", "components") for spec in ("2.2", "2.3", "3.0")),
    }
    assert decided("image", "spdx") == ("", {"components": 22, "format": "spdx"})
    code, because = decided("image", "ntia")
    assert (code, because["lacks"]) == ("has-sbom.lacks", ["author", "relationship", "supplier"]), "syft does not know them"
    assert decided("image", "complete")[0] == "has-sbom.incomplete", "and does not say that it saw everything"
    code, because = decided("image", "bare")
    assert (code, set(because["found"])) == ("no-component.forbidden", {"pkg:pypi/pyyaml@5.3"})


def test_one_that_lies_inside_the_image(gate: Path) -> None:
    Path("requirements.txt").write_text(real_sboms.LOCKS["requirements.txt"])
    bill = scanners.cyclonedx("requirements", "--of=JSON", "--sv=1.6", "requirements.txt")
    real_sboms.image(gate / "without")
    assert decided("without", "inside")[0] == "has-sbom.no-sbom"
    real_sboms.image(gate / "with", more={INSIDE.lstrip("/"): bill})
    assert decided("with", "inside") == ("", {"components": 20, "format": "cyclonedx"})
    assert decided("with", "signed")[0] == "has-sbom.no-sbom", "nobody signed that one"
    real_sboms.image(gate / "cut", more={INSIDE.lstrip("/"): bill[: len(bill) // 2]})
    assert decided("cut", "inside")[0] in {"has-sbom.no-good-sbom", "has-sbom.not-looked"}


def test_another_images_bill_is_none(gate: Path) -> None:
    real_sboms.image(gate / "image")
    real_sboms.image(gate / "other", {"Flask": "2.3.2"})
    scanners.syft("oci-dir:image", "cyclonedx-json@1.6=bom.json")
    said = lockgate("attest", "oci:other:1", "--sbom", "bom.json", "--key", "maker.key")
    assert (said.returncode, "sbom.other-digest" in said.stderr) == (1, True)
    well("attest", "oci:other:1", "--type", "https://cyclonedx.org/bom", "--predicate", "bom.json", "--key", "maker.key")
    code, because = decided("other", "signed")
    assert (code, because["because"]) == ("has-sbom.no-good-sbom", ["sbom.other-digest"])
