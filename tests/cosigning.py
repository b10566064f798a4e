"""Debian's registry with an image in it, and cosign in key mode beside it: for system tests, and for what makes cases of what cosign wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from layouts import INDEX, MANIFEST, Layout

BUILD = Path(__file__).parent / "system" / "cosign"
VERSION = re.search(r"^require github.com/sigstore/cosign/v3 (\S+)$", (BUILD / "go.mod").read_text(), re.MULTILINE)
assert VERSION
COSIGN = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockgate-dev" / f"cosign-{VERSION[1]}" / "cosign"
"""Where dev/servers builds it; read before a test gives itself another home."""

OFFLINE = ("--use-signing-config=false", "--tlog-upload=false", "--yes")
"""Signing without Sigstore's services: neither their addresses nor their log."""

OLDER = "--new-bundle-format=false"
NO_LOG = "--insecure-ignore-tlog=true"

PROVENANCE = {
    "buildDefinition": {
        "buildType": "https://example.com/build/v1",
        "externalParameters": {"source": "git+https://github.com/acme/shop@refs/heads/main"},
        "resolvedDependencies": [],
    },
    "runDetails": {"builder": {"id": "https://example.com/ci"}},
}


def image(path: Path) -> tuple[Layout, str]:
    """A layout with one image under the tag 1, and its digest, always the same."""
    layout = Layout(path)
    return layout, layout.image(b"layer one", b"layer two", tag="1")


def push(layout: Path, place: str) -> None:
    """Push the image by skopeo."""
    skopeo("copy", f"oci:{layout}:1", f"docker://{place}")


def skopeo(command: str, *words: str) -> None:
    """``skopeo copy``, byte for byte."""
    subprocess.run(
        ["skopeo", command, "-q", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", *words], check=True, capture_output=True
    )


def cosign(*words: str) -> subprocess.CompletedProcess[str]:
    """cosign, with keys that have no passphrase, and no network but the registry here."""
    return subprocess.run([COSIGN, *words], capture_output=True, text=True, check=False, env={**os.environ, "COSIGN_PASSWORD": ""})


def cosigned(*words: str) -> str:
    """The stdout of cosign where it has to succeed."""
    done = cosign(*words)
    assert done.returncode == 0, done
    return done.stdout


def get(url: str) -> bytes | None:
    """A document of a registry; None for 404."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": f"{INDEX}, {MANIFEST}"})) as answer:
            data: bytes = answer.read()
            return data
    except urllib.error.HTTPError as err:
        if err.code == 404:
            return None
        raise


def put(url: str, data: bytes, kind: str, method: str = "PUT") -> str:
    """Write to a registry; where it says that it put it."""
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": kind}, method=method)) as answer:
        return str(answer.headers.get("Location", ""))


def put_blob(base: str, data: bytes, digest: str) -> None:
    """Write a blob to the repository at `base`."""
    where = put(f"{base}/blobs/uploads/", b"", "application/octet-stream", "POST")
    put(f"{where}{'&' if '?' in where else '?'}digest={digest}", data, "application/octet-stream")


def manifest(base: str, name: str) -> dict[str, Any]:
    """A manifest or index of the repository at `base`, by tag or digest."""
    found = get(f"{base}/manifests/{name}")
    assert found is not None, name
    parsed: dict[str, Any] = json.loads(found)
    return parsed


def referring(base: str, digest: str) -> list[dict[str, Any]]:
    """The manifests that the index under the fallback tag lists, as JSON."""
    return [manifest(base, each["digest"]) for each in manifest(base, digest.replace(":", "-"))["manifests"]]


def layers(base: str, document: dict[str, Any]) -> list[tuple[dict[str, Any], bytes]]:
    """A manifest's layers: descriptor and bytes."""
    return [(each, get(f"{base}/blobs/{each['digest']}") or b"") for each in document["layers"]]
