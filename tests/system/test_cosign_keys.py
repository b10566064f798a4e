"""cosign with keys of every other kind that it imports: RSA, P-384, P-521. What it signs is verified by the one algorithm it really uses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import cosigning
import debian_registry
from cosigning import NO_LOG, OFFLINE, OLDER, cosign, cosigned
from own_process import lockgate

for program in ("docker-registry", "skopeo", "openssl"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)
if not cosigning.COSIGN.exists():
    pytest.skip("cosign is not here: dev/servers builds it", allow_module_level=True)

KINDS = {
    "rsa-2048": ("rsa-pkcs1-sha256", "RSA", "rsa_keygen_bits:2048"),
    "rsa-4096": ("rsa-pkcs1-sha256", "RSA", "rsa_keygen_bits:4096"),
    "p-384": ("ecdsa-p384", "EC", "ec_paramgen_curve:P-384"),
    "p-521": ("ecdsa-p521", "EC", "ec_paramgen_curve:P-521"),
}
POLICY = """\
version: 1
project: shop
environments:
  production:
    requires:
      - signed-by: {keys: [release]}
      - built-by: {builder: "https://example.com/ci", source: "git+https://github.com/acme/shop@refs/heads/main", keys: [release]}
keys:
  release: {file: release.pub, algorithm: ALGORITHM}
"""


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An image in a registry, by its digest; the working directory and home are the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
    _, digest = cosigning.image(tmp_path / "image")
    with debian_registry.registry(tmp_path) as host:
        cosigning.push(tmp_path / "image", f"{host}/shop/app:1")
        yield f"{host}/shop/app@{digest}"


@pytest.mark.parametrize("older", [(), (OLDER,)], ids=["bundle", "older"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_an_imported_key_signs(image: str, kind: str, older: tuple[str, ...]) -> None:
    algorithm, family, option = KINDS[kind]
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", family, "-pkeyopt", option, "-out", "own.pem"], check=True)
    cosigned("import-key-pair", "--key", "own.pem", "--output-key-prefix", "release")
    cosigned("sign", "--key", "release.key", *OFFLINE, *older, image)
    cosigned("attest", "--key", "release.key", *OFFLINE, *older, "--type", "slsaprovenance1", "--predicate", "provenance.json", image)

    Path("policy.yaml").write_text(POLICY.replace("ALGORITHM", algorithm))
    for words in (
        ("init", "--origin", "example.com/keys", "--name", "Ada"),
        ("policy", "apply", "policy.yaml"),
        ("people", "add", "Ada", "--duty", "production=deploy"),
    ):
        assert lockgate(*words).returncode == 0
    gate = lockgate("gate", image, "--to", "production")
    assert (gate.returncode, gate.stdout.strip()) == (0, image), gate

    seen = lockgate("verify", image, "--public", f"{algorithm}:release.pub")
    assert (seen.returncode, seen.stdout.count("key release")) == (0, 2), seen
    if family == "RSA":
        assert cosign("verify", "--key", "release.pub", NO_LOG, image).returncode == 0
        assert "key.no-algorithm" in lockgate("verify", image, "--public", "release.pub").stderr
        for other in ("rsa-pss-sha256", "rsa-pkcs1-sha384", "rsa-pkcs1-sha512"):
            assert lockgate("verify", image, "--public", f"{other}:release.pub").returncode == 1
    else:
        # cosign signs with the curve's own hash, and its `verify --key` takes SHA-256 for every key.
        assert cosign("verify", "--key", "release.pub", NO_LOG, image).returncode != 0
        assert lockgate("verify", image, "--public", "release.pub").returncode == 0
        assert "key.other-algorithm" in lockgate("verify", image, "--public", "ecdsa-p256:release.pub").stderr
