"""Build lockgate's own wheel, and an OCI image layout that holds it: the same bytes every time.

    build_image.py --out DIR --tag TAG

Makes ``DIR/<wheel>.whl`` and ``DIR/image``, an OCI image layout (image-spec v1.1) with one manifest under TAG for
linux/amd64, and prints both paths. DIR must not exist; it appears whole or not at all. All times are the commit's, or
SOURCE_DATE_EPOCH where that is set. Runs in the project's virtual environment, whose hatchling builds the wheel.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
OCI = "application/vnd.oci.image"
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # RFC 1952 2.3: deflate, no name, no time, unknown system


def commit_time() -> int:
    """Seconds since 1970 of the last commit, or SOURCE_DATE_EPOCH."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def build_wheel(into: Path, epoch: int) -> Path:
    """The wheel, built by hatchling without network or isolation."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"hatchling could not build the wheel:\n{done.stdout}{done.stderr}")
    (wheel,) = into.glob("*.whl")
    return wheel


def layer_tar(files: dict[str, bytes], epoch: int) -> bytes:
    """A tar of these files and their directories: sorted, owned by root, one time."""
    folders = {str(parent) for name in files for parent in Path(name).parents if str(parent) != "."}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(folders | set(files)):
            entry = tarfile.TarInfo(name)
            entry.mtime = epoch
            entry.type, entry.mode = (tarfile.DIRTYPE, 0o755) if name in folders else (tarfile.REGTYPE, 0o644)
            entry.size = len(files.get(name, b""))
            tar.addfile(entry, io.BytesIO(files.get(name, b"")))
    return out.getvalue()


def gzip(data: bytes) -> bytes:
    """RFC 1952, without a name or a time."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return GZIP_HEADER + deflate.compress(data) + deflate.flush() + trailer


def to_json(value: object) -> bytes:
    """JSON with sorted keys and no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """``sha256:…`` of these bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write_layout(into: Path, wheel: Path, tag: str, epoch: int) -> None:
    """An OCI image layout with the wheel under /wheels and a note of what it is."""
    created = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    blobs = into / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(data: bytes, media_type: str) -> dict[str, object]:
        (blobs / digest(data)[7:]).write_bytes(data)
        return {"digest": digest(data), "mediaType": media_type, "size": len(data)}

    tar = layer_tar({"etc/os-release": f'ID=lockgate-demo\nVERSION_ID="{tag}"\n'.encode(), f"wheels/{wheel.name}": wheel.read_bytes()}, epoch)
    layer = keep(gzip(tar), f"{OCI}.layer.v1.tar+gzip")
    config = {
        "architecture": "amd64",
        "config": {"Labels": {"org.opencontainers.image.title": "lockgate", "org.opencontainers.image.version": tag}},
        "created": created,
        "history": [{"created": created, "created_by": "demo/build_image.py"}],
        "os": "linux",
        "rootfs": {"diff_ids": [digest(tar)], "type": "layers"},
    }
    manifest = {
        "annotations": {"org.opencontainers.image.created": created},
        "config": keep(to_json(config), f"{OCI}.config.v1+json"),
        "layers": [layer],
        "mediaType": f"{OCI}.manifest.v1+json",
        "schemaVersion": 2,
    }
    entry = keep(to_json(manifest), f"{OCI}.manifest.v1+json")
    entry |= {"annotations": {"org.opencontainers.image.ref.name": tag}, "platform": {"architecture": "amd64", "os": "linux"}}
    (into / "index.json").write_bytes(to_json({"manifests": [entry], "mediaType": f"{OCI}.index.v1+json", "schemaVersion": 2}))
    (into / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))


def main() -> None:
    parser = argparse.ArgumentParser(description="Build lockgate's wheel and an OCI image layout that holds it, reproducibly.")
    parser.add_argument("--out", type=Path, required=True, help="the directory to make")
    parser.add_argument("--tag", required=True, help="the image's tag")
    asked = parser.parse_args()
    asked.out = asked.out.resolve()
    if asked.out.exists():
        sys.exit(f"{asked.out} is there already: name another directory, or remove it")
    epoch = commit_time()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.out.parent) as folder:
        whole = Path(folder) / "whole"
        whole.mkdir()
        wheel = build_wheel(whole, epoch)
        write_layout(whole / "image", wheel, asked.tag, epoch)
        shutil.move(whole, asked.out)
    print(asked.out / wheel.name)
    print(asked.out / "image")


if __name__ == "__main__":
    main()
