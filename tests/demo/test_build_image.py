"""The demo's artifacts: the same bytes each time, and an image layout as the specification has it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from house import ROOT, SRC

SCRIPT = ROOT / "demo" / "build_image.py"


def build(out: Path, *, umask: int = 0o022, epoch: str = "1790000000") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--out", str(out), "--tag", "0.1.0"]
    return subprocess.run(command, env={**os.environ, "SOURCE_DATE_EPOCH": epoch}, umask=umask, capture_output=True, text=True, check=False)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "one"
    done = build(out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(out / "lockgate-0.1.0-py3-none-any.whl"), str(out / "image")]
    return out


def blob(built: Path, descriptor: dict[str, Any]) -> bytes:
    data = (built / "image/blobs/sha256" / str(descriptor["digest"]).removeprefix("sha256:")).read_bytes()
    assert descriptor["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert descriptor["size"] == len(data)
    return data


def manifest(built: Path) -> dict[str, Any]:
    (entry,) = json.loads((built / "image/index.json").read_bytes())["manifests"]
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": "0.1.0"}
    found: dict[str, Any] = json.loads(blob(built, entry))
    assert found["mediaType"] == entry["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    return found


def test_two_builds_are_the_same_bytes(built: Path, tmp_path: Path) -> None:
    done = build(tmp_path / "deep" / "two", umask=0o077)
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "deep" / "two") == content(built)


def test_every_blob_is_reached_and_is_its_digest(built: Path) -> None:
    found = manifest(built)
    reached = [found["config"], *found["layers"]]
    for descriptor in reached:
        blob(built, descriptor)
    assert len(list((built / "image/blobs/sha256").iterdir())) == len(reached) + 1
    assert json.loads((built / "image/oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}


def test_the_layer_holds_the_wheel_and_says_nothing_of_who_built_it(built: Path) -> None:
    found = manifest(built)
    (layer,) = found["layers"]
    tar = gzip.decompress(blob(built, layer))
    config = json.loads(blob(built, found["config"]))
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(tar).hexdigest()]
    assert config["created"] == "2026-09-21T14:13:20Z"
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        members = opened.getmembers()
        wheel = opened.extractfile("wheels/lockgate-0.1.0-py3-none-any.whl")
        assert wheel is not None
        assert wheel.read() == (built / "lockgate-0.1.0-py3-none-any.whl").read_bytes()
    assert [member.name for member in members] == ["etc", "etc/os-release", "wheels", "wheels/lockgate-0.1.0-py3-none-any.whl"]
    assert {(member.uid, member.gid, member.uname, member.gname, member.mtime) for member in members} == {(0, 0, "", "", 1790000000)}


def test_the_wheel_holds_the_whole_package_and_the_command(built: Path) -> None:
    with zipfile.ZipFile(built / "lockgate-0.1.0-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
        assert {str(path.relative_to(SRC)) for path in SRC.rglob("*.py")} <= names
        assert "lockgate-0.1.0.dist-info/licenses/LICENSE" in names
        assert "lockgate = lockgate.cli.main:main" in wheel.read("lockgate-0.1.0.dist-info/entry_points.txt").decode()
        assert not any(name.startswith(("tests", "demo")) for name in names)


def test_an_existing_directory_is_left_alone(built: Path) -> None:
    before = content(built)
    done = build(built)
    assert done.returncode != 0
    assert "is there already" in done.stderr
    assert content(built) == before


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    done = build(tmp_path / "out", epoch="yesterday")
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []
