"""What changed since the review: a release that was allowed today is refused tomorrow, because an advisory landed.

A real registry with an image; what it is made of as syft tells it, attested by lockgate and by cosign; real advisories, of which one is not known yet.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cosigning
import debian_registry
import real_sboms
import scanners
from advisory_data import advisories, export
from cosigning import OFFLINE, cosigned, push
from debian_registry import COPY
from house import SRC
from own_process import lockgate, well

scanners.require(scanners.SYFT, cosigning.COSIGN)
for program in ("docker-registry", "skopeo", "faketime"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)

VULNERABLE = "vulnerable: {refuse: high, max-age: 3650d, kev: ignore, sbom-keys: [maker], uncovered: [deb]}"
POLICY = f"""\
version: 1
project: shop
environments:
  staging:
    requires:
      - has-sbom: {{keys: [maker]}}
      - {VULNERABLE}
  production:
    from: staging
    requires:
      - has-sbom: {{keys: [maker]}}
      - {VULNERABLE}
      - approved: {{duties: {{security: 1}}, independent-of: [requester, deployer]}}
keys:
  maker: {{file: maker.pub}}
"""
PACKAGES = {"Flask": "2.3.2", "Jinja2": "2.11.3", "Werkzeug": "3.0.0", "certifi": "2023.7.22", "requests": "2.31.0", "urllib3": "2.0.7"}
LANDS, ALIAS, FIXED = "PYSEC-2023-221", "CVE-2023-46136", "3.0.1"
"""The one advisory that is about any of them, the name it is told by, and the version without it."""

Json = dict[str, Any]


class Shop(NamedTuple):
    """A gate, and an image in a registry beside it.

    Attributes:
        place: of the image, without a tag. digest: the image's.
    """

    place: str
    digest: str

    @property
    def image(self) -> str:
        return f"{self.place}:1"


def tomorrow(*words: str) -> subprocess.CompletedProcess[str]:
    """lockgate, a day later."""
    return subprocess.run(
        ["faketime", "-f", "+1d", sys.executable, "-m", "lockgate.cli.main", *words],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(SRC), "DONT_FAKE_MONOTONIC": "1"},
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> Json:
    """What a command said to machines, where it ended so."""
    assert done.returncode == code, done
    found: Json = json.loads(done.stdout)
    return found


def codes(outcomes: list[Json]) -> dict[str, str]:
    """Of what did not hold: requirement -> code."""
    return {each["requirement"]: each["code"] for each in outcomes if each["result"] != "pass"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Advisories are imported, all but the one."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SYFT_REGISTRY_INSECURE_USE_HTTP", "true")
    monkeypatch.chdir(tmp_path)
    layout, digest = real_sboms.image(tmp_path / "image", PACKAGES)
    with debian_registry.registry(tmp_path) as host:
        push(layout.path, f"{host}/shop/app:1")
        yield Shop(f"{host}/shop/app", digest)


def begin(public: str) -> None:
    """A gate that believes this key's bills of materials."""
    shutil.copy(public, "maker.pub")
    Path("policy.yaml").write_text(POLICY)
    well("init", "--origin", "example.com/changed-since", "--name", "Ada")
    well("policy", "apply", "policy.yaml")
    well("people", "add", "Ada", "--duty", "production=request", "--duty", "production=deploy", "--duty", "staging=deploy")
    well("key", "new", "bob.key")
    well("people", "add", "Bob", "--public", "bob.key.pub", "--duty", "production=approve:security")
    well("advisories", "import", str(export(Path("today.zip"), (each for each in advisories() if each["id"] != LANDS))))


def deploy(shop: Shop) -> int:
    """To staging and, approved, to production; the decision that let it into production."""
    well("deploy", shop.image, "--to", "staging", "--", *COPY[:-1], "dir:staging")
    request = well("request", shop.image, "--to", "production")
    well("approve", request, "--key", "bob.key")
    said = told(lockgate("deploy", shop.image, "--to", "production", "--permit-out", "permit.json", "--format", "json", "--", *COPY))
    index: int = said["gated"]["index"]
    return index


def attest(maker: str, shop: Shop, bill: str) -> None:
    """Attach what it is made of to the image, signed by lockgate or cosign."""
    place = f"{shop.place}@{shop.digest}"
    if maker == "lockgate":
        well("attest", place, "--sbom", bill, "--key", "maker.key")
    else:
        cosigned("attest", "--key", "cosign.key", *OFFLINE, "--type", "spdxjson", "--predicate", bill, place)


@pytest.mark.parametrize("maker", ["lockgate", "cosign"])
def test_an_advisory_lands_after_the_review(shop: Shop, maker: str) -> None:
    if maker == "lockgate":
        scanners.syft(f"registry:{shop.image}", "cyclonedx-json@1.6=bom.json")
        well("key", "new", "maker.key")
        begin("maker.key.pub")
    else:
        scanners.syft(f"registry:{shop.image}", "spdx-json@2.3=bom.json")
        cosigned("generate-key-pair", "--output-key-prefix", "cosign")
        begin("cosign.pub")
    assert codes(told(lockgate("gate", shop.image, "--to", "staging", "--format", "json"), 1)["decision"]["outcomes"]) == {
        "has-sbom": "has-sbom.no-sbom",
        "vulnerable": "vulnerable.no-sbom",
    }
    attest(maker, shop, "bom.json")

    # Today it is allowed, and runs; what runs is still allowed.
    decision = deploy(shop)
    assert Path("running/manifest.json").exists()
    assert lockgate("recheck").returncode == 0
    well("log", "status", "--out", "today.json")
    runs = ("verify", "permit.json", "--run", "--artifact", shop.image, "--environment", "production", "--status")
    assert lockgate(*runs, "today.json").returncode == 0

    # Tomorrow the advisory lands: what runs is refused, wherever it does.
    export(Path("tomorrow.zip"), advisories())
    told(tomorrow("advisories", "import", "tomorrow.zip", "--format", "json"))
    looks = told(tomorrow("recheck", "--format", "json"), 1)["looks"]
    assert {each["environment"] for each in looks} == {"production", "staging"}
    assert {(each["outcome"], each["code"], each["fetched"]) for each in looks} == {("refused", "vulnerable.found", True)}
    (found,) = [each for each in looks[0]["outcomes"] if each["result"] == "fail"]
    assert (found["requirement"], found["params"]["worst"]) == ("vulnerable", [f"{ALIAS} high pkg:pypi/werkzeug@3.0.0 {FIXED}"])

    # Its permit falls.
    told(tomorrow("log", "status", "--out", "tomorrow.json", "--format", "json"))
    assert told(tomorrow(*runs, "tomorrow.json", "--format", "json"), 1)["code"] == "permit.revoked"
    again = told(tomorrow("deploy", shop.image, "--to", "production", "--format", "json", "--", *COPY[:-1], "dir:again"), 1)["gated"]
    assert codes(again["decision"]["outcomes"]) == {"vulnerable": "vulnerable.found"}
    assert not Path("again").exists()

    # Recall names where it runs, and the record shows why.
    running = told(tomorrow("recall", shop.digest, "--format", "json"))["located"]["running"]
    assert [(each["environment"], each["rechecked"]["code"]) for each in running] == [("production", "vulnerable.found"), ("staging", "vulnerable.found")]
    leaf = next(each["leaf"] for each in looks if each["environment"] == "production")
    why = tomorrow("why", str(leaf))
    assert f"{ALIAS} (high) in pkg:pypi/werkzeug@3.0.0, fixed in {FIXED}" in why.stdout + why.stderr
    assert "rechecked" in tomorrow("log", "show").stdout
    for index in (decision, leaf, again["index"]):
        assert "same" in tomorrow("log", "replay", str(index)).stdout, "each by what was known then"
    assert tomorrow("log", "check").returncode == 0

    # What mends it goes the same way, past the same advisories.
    layout, digest = real_sboms.image(Path("mended"), {**PACKAGES, "Werkzeug": FIXED})
    push(layout.path, f"{shop.place}:2")
    scanners.syft(f"registry:{shop.place}:2", "cyclonedx-json@1.6=mended.json" if maker == "lockgate" else "spdx-json@2.3=mended.json")
    attest(maker, Shop(shop.place, digest), "mended.json")
    assert told(tomorrow("gate", f"{shop.place}:2", "--to", "staging", "--format", "json"))["decision"]["outcome"] == "allowed"
