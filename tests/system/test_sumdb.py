"""A foreign reader of an exported log: Go's own sumdb `note` and `tlog` packages (tests/system/sumdb/main.go)."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.core.ports import Entry, Log
from lockgate.ledger.note import SignerKey
from lockgate.ledger.tiles import entries_path, entry_bundle, tile_path, tiles_of

SOURCES = Path(__file__).parent / "sumdb"
KEY = SignerKey(name="example.com/log", seed=bytes(range(32)))
VKEY = str(KEY.verifier)
SIZE = 256 * 256 + 700
"""Three levels of tiles."""


@pytest.fixture(scope="session")
def reader() -> Path:
    digest = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    binary = cache / "lockgate-dev" / f"sumdb-{digest[:16]}"
    if not binary.exists():
        pytest.skip("the foreign reader of the log is not built: run dev/servers")
    return binary


def export(log: Log, folder: Path) -> None:
    """The log as tlog-tiles serves it: checkpoint, tiles, entry bundles."""
    head = log.head()
    for tile in tiles_of(head.size):
        write(folder / tile_path(tile), log.tile(tile.level, tile.index, tile.width))
        if tile.level == 0:
            first = tile.index * 256
            write(folder / entries_path(tile.index, tile.width), entry_bundle(list(log.leaves(first, first + tile.width))))
    write(folder / "checkpoint", head.note)


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    path = tmp_path_factory.mktemp("log") / "ledger.db"
    with SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY) as log:
        log.append_many([Entry(leaf=b"leaf %d" % number, stream="house", key=f"{number}") for number in range(SIZE)])
        export(log, folder)
    return folder


def read(reader: Path, folder: Path, vkey: str = VKEY) -> str:
    return subprocess.run([reader, folder, vkey], capture_output=True, text=True, check=False).stdout.strip()


def test_go_reads_every_leaf_of_our_log(reader: Path, exported: Path) -> None:
    assert read(reader, exported) == f"ok {SIZE}"


def test_go_refuses_another_key(reader: Path, exported: Path) -> None:
    stranger = SignerKey(name=KEY.name, seed=bytes(32))
    assert read(reader, exported, str(stranger.verifier)).startswith("FAIL ")


@pytest.mark.parametrize("kind", ["checkpoint", "tile/0/*", "tile/0/*/*", "tile/1/*", "tile/2/**/*", "tile/entries/*", "tile/entries/*.p/*"])
def test_go_finds_one_flipped_byte(kind: str, reader: Path, exported: Path, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    folder = tmp_path / "export"
    shutil.copytree(exported, folder, copy_function=os.link)
    path = draw.choice(sorted(each for each in folder.glob(kind) if each.is_file()))
    data = bytearray(path.read_bytes())
    at = draw.randrange(len(data))
    data[at] ^= 1 << draw.randrange(8)
    path.unlink()  # the export itself keeps its own
    path.write_bytes(data)
    assert read(reader, folder).startswith("FAIL "), f"seed {seed}: byte {at} of {path.relative_to(folder)}"
