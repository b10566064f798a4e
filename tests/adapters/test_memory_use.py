"""Reading every byte of something large takes no more memory than reading something small."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from children import forked
from layouts import EMPTY, LAYER, MANIFEST, Layout
from lockgate.adapters.sources.local import LocalSource
from lockgate.core.digest import Ref

SIZE = 200 << 20
ALLOWED = 40 << 20


@pytest.fixture(scope="module")
def zeros() -> str:
    sha, chunk = hashlib.sha256(), bytes(1 << 20)
    for _ in range(SIZE >> 20):
        sha.update(chunk)
    return sha.hexdigest()


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SIZE)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("what", ["file", "layer"])
def test_measuring_200_mb_stays_flat(tmp_path: Path, zeros: str, what: str) -> None:
    if what == "file":
        sparse(tmp_path / "file")
        ref, digest = Ref(scheme="file", path=str(tmp_path / "file")), "sha256:" + zeros
    else:
        layout = Layout(tmp_path / "layout")
        sparse(layout.at(zeros))
        layer = {"mediaType": LAYER, "digest": "sha256:" + zeros, "size": SIZE}
        digest = layout.enlist(layout.json({"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST))["digest"]
        ref = Ref(scheme="oci", path=str(layout.path))

    def measure(_: int) -> None:
        clear = Path("/proc/self/clear_refs")
        clear.write_text("5")  # the peak so far, of the parent too, is forgotten
        before = peak_now()
        found = LocalSource().measure(ref, digest)
        (tmp_path / "said").write_text(json.dumps([found.problem, found.size, peak_now() - before]))

    assert forked(1, measure) == [0]
    problem, size, more = json.loads((tmp_path / "said").read_text())
    assert (problem, size >= SIZE) == ("", True)
    assert more < ALLOWED


def peak_now() -> int:
    """VmHWM of this process, bytes."""
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
