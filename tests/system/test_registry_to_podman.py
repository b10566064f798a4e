"""A foreign image, from a registry to a running deployment, on real servers: pushed by skopeo, signed by cosign, asked for, approved by two, run by podman."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cosigning
import machines
from debian_registry import free_port
from machines import LOCKGATE, POLICY, TARGETS, Done, Gate, Machine

pytestmark = pytest.mark.usefixtures("containers")
if not cosigning.COSIGN.exists():
    pytest.skip("cosign is not here: dev/servers builds it", allow_module_level=True)
if shutil.which("openssl") is None:
    pytest.skip("openssl is not here: dev/servers installs it", allow_module_level=True)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What the story is about.

    Attributes:
        image: ``HOST/REPOSITORY``. builds: the machine that builds and pushes. gate: on the machine that deploys. ports: by environment.
    """

    image: str
    builds: Machine
    gate: Gate
    ports: dict[str, str]

    def deploy(self, ref: str, environment: str) -> Done:
        command = ("podman.sh", "{ref}", f"shop-{environment}", self.ports[environment])
        return self.gate.run("deploy", ref, "--to", environment, "--key", "pipeline.key", "--", *command)

    def outcomes(self, ref: str, environment: str) -> dict[str, str]:
        """What the gate says to the pipeline: requirement -> ``pass``, or the code."""
        said: Any = self.gate.read("gate", ref, "--to", environment, "--key", "pipeline.key")
        return {each["requirement"]: each.get("code", each["result"]) for each in said["decision"]["outcomes"]}

    def runs(self, environment: str) -> tuple[str, str, list[str]]:
        """What is there: the digest that podman runs, what the page says, and the digests that lockgate says run there."""
        _, digest, running = self.gate.machine.container(f"shop-{environment}")
        assert running
        status: Any = self.gate.read("status")
        (found,) = [each for each in status["environments"] if each["name"] == environment]
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[environment]}/") as said:
            return digest, said.read().decode(), found["occupant"]["release"]["artifacts"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with (
        machines.registry(tmp_path / "registry") as host,
        machines.machine(tmp_path / "builds", host, LOCKGATE) as builds,
        machines.machine(tmp_path / "deploys", host, TARGETS, LOCKGATE) as deploys,
    ):
        for there in (builds, deploys):
            machines.log_in(there, host)
        builds.well("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "release.pem")
        (deploys.home / "release.pub.pem").write_text(builds.well("openssl", "pkey", "-in", "release.pem", "-pubout"))
        gate = Gate(deploys, "example.com/story", POLICY.replace("release.key.pub", "../release.pub.pem").replace(", max-age: 30d", ""))
        yield Shop(image=f"{host}/shop/app", builds=builds, gate=gate, ports={name: str(free_port()) for name in ("staging", "production")})


def pushed(shop: Shop, version: str) -> str:
    """Built into a layout and pushed by skopeo; the digest."""
    there = shop.builds
    machines.shop(there.home / "shop", f"version {version}")
    there.well("podman", "build", "--quiet", "--tag", f"shop:{version}", "shop")
    there.well("podman", "push", "--quiet", f"shop:{version}", f"oci:{there.home}/layout:{version}")
    there.well("skopeo", "copy", "--quiet", "--preserve-digests", f"oci:layout:{version}", f"docker://{shop.image}:{version}")
    return there.well("skopeo", "inspect", "--format", "{{.Digest}}", f"docker://{shop.image}:{version}")


def signed(shop: Shop, digest: str) -> None:
    """By cosign with the release key, on the machine that builds: the machine that deploys has its public half alone."""
    if not (shop.builds.home / "cosign.key").exists():
        shop.builds.well(cosigning.COSIGN, "import-key-pair", "--key", "release.pem", "--output-key-prefix", "cosign", COSIGN_PASSWORD="")
    shop.builds.well(cosigning.COSIGN, "sign", "--key", "cosign.key", *cosigning.OFFLINE, f"{shop.image}@{digest}", COSIGN_PASSWORD="")


def through_staging(shop: Shop, version: str, digest: str) -> None:
    """Unsigned it stays outside; signed it runs, and is what was decided on."""
    assert shop.outcomes(f"{shop.image}:{version}", "staging") == {"digest": "pass", "signed-by": "signed-by.no-signature"}
    assert shop.deploy(f"{shop.image}:{version}", "staging").code == 1
    signed(shop, digest)
    done = shop.deploy(f"{shop.image}:{version}", "staging")
    assert done.code == 0, done
    assert shop.runs("staging") == (digest, f"version {version}", [digest])


def into_production(shop: Shop, version: str, digest: str) -> None:
    """Asked for by the pipeline and approved by two people; one is not enough, and an image that takes over the tag is another."""
    ref = f"{shop.image}:{version}"
    assert shop.outcomes(ref, "production")["approved"] == "approved.no-request"
    request = shop.gate.well("request", ref, "--to", "production", "--key", "pipeline.key")
    shop.gate.well("approve", request, "--key", "bob.key")
    assert shop.outcomes(ref, "production")["approved"] == "approved.too-few-people"
    assert shop.deploy(ref, "production").code != 0
    shop.gate.well("approve", request, "--key", "carol.key")
    machines.until(lambda: shop.outcomes(ref, "production")["soaked"] == "pass")

    shop.builds.well("skopeo", "copy", "--quiet", f"oci:layout:{version}", f"docker://{ref}", "--format", "v2s2")
    assert shop.deploy(ref, "production").code == 1
    shop.builds.well("skopeo", "copy", "--quiet", "--preserve-digests", f"oci:layout:{version}", f"docker://{ref}")

    done = shop.deploy(ref, "production")
    assert done.code == 0, done
    assert shop.runs("production") == (digest, f"version {version}", [digest])


def recalled(shop: Shop, digest: str) -> None:
    """Revoked everywhere, by an owner: nobody deploys it any more. What runs is told, and runs on."""
    before = shop.runs("production")
    told = shop.gate.run("recall", digest)
    assert (told.code, "in production since" in told.out, "in staging since" in told.out) == (0, True, True), told
    shop.gate.well("recall", digest, "--revoke", "--reason", "vulnerable")
    for environment in ("staging", "production"):
        assert shop.outcomes(f"{shop.image}@{digest}", environment)["release"] == "release.recalled"
        assert shop.deploy(f"{shop.image}@{digest}", environment).code == 1
    assert shop.gate.run("request", f"{shop.image}@{digest}", "--to", "production", "--key", "pipeline.key").code == 1
    assert shop.runs("production") == before


def rolled_back(shop: Shop, version: str, digest: str) -> None:
    """What ran before comes back as a rollback that two people approved, and in no other way."""
    ref = f"{shop.image}@{digest}"
    assert shop.deploy(ref, "production").code == 1
    request = shop.gate.well("request", "--to", "production", "--rollback", "--key", "pipeline.key")
    shop.gate.well("approve", request, "--key", "bob.key")
    assert shop.deploy(ref, "production").code == 1
    shop.gate.well("approve", request, "--key", "carol.key")
    done = shop.deploy(ref, "production")
    assert done.code == 0, done
    assert shop.runs("production") == (digest, f"version {version}", [digest])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_from_a_registry_to_a_running_deployment_and_back(shop: Shop) -> None:
    first = pushed(shop, "1.0")
    through_staging(shop, "1.0", first)
    into_production(shop, "1.0", first)

    second = pushed(shop, "2.0")
    through_staging(shop, "2.0", second)
    assert shop.runs("production") == (first, "version 1.0", [first])
    into_production(shop, "2.0", second)

    recalled(shop, second)
    rolled_back(shop, "1.0", first)

    assert "everything adds up" in shop.gate.well("log", "check")
