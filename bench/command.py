"""What a command costs, as a whole process: CPU and memory, against bare Python and a click hello-world in the same run.

    python bench/command.py [--repeat 11] [--sizes 1000,10000,100000,1000000] [--plot FILE.svg] [--json FILE]

The input is fixed: an OCI layout of a 30 MB image with five signatures, in a gate with ten events of history. Then the
same gate is grown with other environments' leaves to each of `--sizes`, and `gate` is measured again: its time should
not grow. Everything is done through the installed `lockgate` command; there is no special path for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
POLICY = """version: 1
project: bench
environments:
  staging:
    requires:
      - signed-by: {keys: [k0, k1, k2, k3, k4], threshold: 5}
      - came-through: {environment: first}
  first:
    requires:
      - signed-by: {keys: [k0]}
keys:
"""
MEASURE = """import os, sys
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
used = os.wait4(process, 0)[2]
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""Run by a small process of its own: a child starts with its parent's resident set on its account."""
HELLO = """import click
@click.group()
def cli():
    pass
@cli.command()
def hello():
    click.echo("hello")
cli()
"""

Row = dict[str, Any]


class Place:
    """A directory with its own home, and a way to run commands in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKGATE", "XDG", "SSH", "PYTHON"))}
        self.env = {**clean, "HOME": str(root), "XDG_STATE_HOME": str(root / "state"), "XDG_CONFIG_HOME": str(root / "config")}

    def run(self, *command: str) -> str:
        return subprocess.run(command, cwd=self.root, env=self.env, check=True, capture_output=True, text=True).stdout

    def lockgate(self, *words: str) -> str:
        return self.run(str(BIN / "lockgate"), *words)

    def cost(self, command: Sequence[str], repeat: int) -> Row:
        """Median CPU milliseconds and the largest resident set, MB, of a whole process (its exit code does not matter)."""
        cpu, size = list[float](), 0
        for _ in range(repeat + 2):
            seconds, kilobytes = self.run(sys.executable, "-S", "-c", MEASURE, *command).split()
            cpu.append(float(seconds) * 1000)
            size = max(size, int(kilobytes))
        return {"cpu_ms": statistics.median(cpu[2:]), "rss_mb": size / 1024}


def image(folder: Path) -> None:
    """An image layout of one 30 MB layer, by hand."""
    import hashlib

    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, media_type: str) -> dict[str, Any]:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(data)}

    layer = put(os.urandom(30 << 20), "application/vnd.oci.image.layer.v1.tar")
    config = put(
        b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["' + layer["digest"].encode() + b'"]}}',
        "application/vnd.oci.image.config.v1+json",
    )
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = put(json.dumps({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer]}).encode(), media_type)
    tagged = {**manifest, "annotations": {"org.opencontainers.image.ref.name": "v1"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tagged]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def fixed_input(place: Place) -> None:
    """The gate, the image, its five signatures, and about ten events."""
    image(place.root / "image")
    place.lockgate("init", "--origin", "bench.example/log")
    for number in range(5):
        place.lockgate("key", "new", f"k{number}")
        place.lockgate("sign", "oci:image:v1", "--key", f"k{number}")
    (place.root / "policy.yaml").write_text(POLICY + "".join(f"  k{number}: {{file: k{number}.pub}}\n" for number in range(5)))
    place.lockgate("policy", "apply", "policy.yaml")
    place.lockgate("people", "add", "owner", "--duty", "first=deploy")
    place.lockgate("deploy", "oci:image:v1", "--to", "first", "--", "true", "{ref}")


def grow(place: Place, size: int) -> None:
    """Append other environments' leaves up to `size`, and file them, as the commands that wrote them would have."""
    from lockgate.adapters.keys.files import load_key
    from lockgate.adapters.store.sqlite_log import SqliteLog
    from lockgate.canon import encode
    from lockgate.core.envelope import Leaf
    from lockgate.core.ports import Entry
    from lockgate.evidence import record

    gate = place.root / ".lockgate"
    vkey = (gate / "log.vkey").read_text().strip()
    with SqliteLog(gate / "ledger.db", origin="bench.example/log", signer=load_key(str(gate / "keys" / "log.key")), vkey=vkey) as log:
        now = record.read_leaf(log.leaf(log.head().size - 1)).at
        begin = log.head().size
        filler = record.read_leaf(log.leaf(begin - 1)).event
        previous = -1
        for start in range(begin, size, 20_000):
            entries = []
            for index in range(start, min(size, start + 20_000)):
                leaf = Leaf(at=now, event=filler, stream="env:other", previous=previous)
                entries.append(Entry(leaf=encode(leaf), stream="env:other", key=f"filler-{index}"))
                previous = index
            log.append_many(entries)
    place.lockgate("status")


def plot(path: Path, points: Sequence[tuple[int, float]]) -> None:
    """CPU against size, as a small SVG: x logarithmic."""
    import math

    top = max(cpu for _, cpu in points) * 1.3
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])
    marks = [(60 + 500 * (math.log10(size) - low) / max(high - low, 1e-9), 260 - 220 * cpu / top, size, cpu) for size, cpu in points]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y, _, _ in marks)
    labels = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3"/><text x="{x:.0f}" y="280" text-anchor="middle">{size:,}</text>'
        f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{cpu:.0f} ms</text>'
        for x, y, size, cpu in marks
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="620" height="300" font-family="sans-serif" font-size="12">'
        f'<text x="10" y="18">CPU of one `lockgate gate`, by leaves in the log</text><line x1="60" y1="260" x2="580" y2="260" stroke="gray"/>'
        f'<polyline points="{line}" fill="none" stroke="black"/>{labels}</svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    try:
        place = Place(root)
        fixed_input(place)
        (root / "hello.py").write_text(HELLO)
        gate = (str(BIN / "lockgate"), "gate", "oci:image:v1", "--to", "staging")
        rows: dict[str, Row] = {
            "python -c pass": place.cost((sys.executable, "-c", "pass"), args.repeat),
            "click hello": place.cost((sys.executable, "hello.py", "hello"), args.repeat),
            "sha256sum of the layer": place.cost(("sh", "-c", "sha256sum image/blobs/sha256/*"), args.repeat),
            "lockgate --help": place.cost((str(BIN / "lockgate"), "--help"), args.repeat),
        }
        if subprocess.run(gate, cwd=root, env=place.env, capture_output=True, check=False).returncode:
            raise SystemExit("the benchmark's gate does not allow: it measures something else")
        rows["lockgate gate"] = place.cost(gate, args.repeat)
        sizes = []
        for size in (int(text) for text in args.sizes.split(",")):
            grow(place, size)
            cost = place.cost(gate, args.repeat)
            sizes.append((size, cost["cpu_ms"]))
            rows[f"lockgate gate, {size:,} leaves"] = cost
        base, hello = rows["python -c pass"]["cpu_ms"], rows["click hello"]["cpu_ms"]
        for name, row in rows.items():
            row["of_base"] = row["cpu_ms"] / base
            print(f"{name:<32} {row['cpu_ms']:7.1f} ms CPU  {row['of_base']:5.1f}x base  {row['rss_mb']:5.0f} MB")
        print(f"--help is {rows['lockgate --help']['cpu_ms'] / hello:.2f}x a click hello-world (target 1.5x)")
        print(f"gate is {rows['lockgate gate']['of_base']:.1f}x base (target 20x) and {rows['lockgate gate']['rss_mb']:.0f} MB (target 60)")
        print(f"gate grows by {sizes[-1][1] / sizes[0][1]:.2f}x from {sizes[0][0]:,} to {sizes[-1][0]:,} leaves (target: flat)")
        if args.plot:
            plot(args.plot, sizes)
        if args.json:
            args.json.write_text(json.dumps(rows, indent=1) + "\n")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
