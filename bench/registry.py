"""What a registry costs: whole commands against bare Python, a large layer against sha256sum, twenty attestations against one, and 1,000 gates in one process.

    python bench/registry.py [--repeat 7] [--large 1024] [--gates 1000] [--json FILE]

The registry is Debian's (`dev/servers` installs it), on loopback, with a 30 MB image and one of `--large` MB. For the attestations it is a
made-up one that takes 50 ms for each answer. cosign is measured beside it where dev/servers has built it, and named as absent where not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import debian_registry
from lockgate.adapters.sources.registry_images import Registries
from lockgate.core.digest import Ref

BIN = Path(sys.executable).parent
POLICY = """version: 1
project: bench
environments:
  production:
    requires:
      - signed-by: {keys: [k]}
keys:
  k: {file: k.pub}
"""
MEASURE = """import os, sys
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
_, status, used = os.wait4(process, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""Run by a small process of its own: a child starts with its parent's resident set on its account."""

MANY = """import sys
from lockgate import config, wire
from lockgate.app.filing import catch_up
from lockgate.app.gate import GateRequest, gate
def size():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024
most, ref = int(sys.argv[1]), sys.argv[2]
ports, marks = wire.open_gate(config.load()), []
for number in range(1, most + 1):
    catch_up(ports)
    done = gate(ports, GateRequest(refs=(ref,), environment="production", config="none", key=f"gate-{number}", nonce=f"{number:032x}"), None)
    assert done.decision.outcome == "allowed", done.decision
    if number == most // 10 or number == most:
        marks.append(size())
print(*marks)
"""
"""So many gates in one process: MB resident after a tenth of them, and after all."""

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
DELAY = 0.05
Row = dict[str, Any]


class Place:
    """A directory with its own home, and a way to run commands in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKGATE", "XDG", "SSH", "PYTHON", "DOCKER", "REGISTRY"))}
        self.env = {**kept, "HOME": str(root), "XDG_STATE_HOME": str(root / "state"), "XDG_CONFIG_HOME": str(root / "config"), "COSIGN_PASSWORD": ""}

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.root, env=self.env, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{command[0]} {command[1]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def lockgate(self, *words: str) -> str:
        return self.run(str(BIN / "lockgate"), *words)

    def cost(self, command: tuple[str, ...], repeat: int) -> Row:
        """Median CPU and wall milliseconds, and the largest resident set, MB, of a whole process, which has to succeed."""
        cpu, wall, size = list[float](), list[float](), 0
        for _ in range(repeat + 1):
            started = time.perf_counter()
            seconds, kilobytes, status = self.run(sys.executable, "-S", "-c", MEASURE, *command).split()
            wall.append((time.perf_counter() - started) * 1000)
            if int(status):
                raise SystemExit(f"{' '.join(command)} ended with {status}: the benchmark measures something else")
            cpu.append(float(seconds) * 1000)
            size = max(size, int(kilobytes))
        return {"cpu_ms": statistics.median(cpu[1:]), "wall_ms": statistics.median(wall[1:]), "rss_mb": size / 1024}


def image(folder: Path, megabytes: int) -> Path:
    """An image layout of one layer, by hand; the layer's file."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layer, sha = blobs / "layer", hashlib.sha256()
    with layer.open("wb") as out:
        for _ in range(megabytes):
            chunk = os.urandom(1 << 20)
            out.write(chunk)
            sha.update(chunk)
    layer = layer.rename(blobs / sha.hexdigest())

    def put(data: bytes, media_type: str) -> Row:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(data)}

    config = put(
        json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.name}"]}}).encode(),
        "application/vnd.oci.image.config.v1+json",
    )
    listed = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": f"sha256:{layer.name}", "size": megabytes << 20}
    manifest = put(json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [listed]}).encode(), MANIFEST)
    tagged = {**manifest, "annotations": {"org.opencontainers.image.ref.name": "v1"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tagged]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return layer


def commands(place: Place, large: int, repeat: int) -> tuple[dict[str, Row], dict[str, Any]]:
    """What `gate` and `verify` cost, beside bare Python, sha256sum, openssl and cosign; and the rates of the large layer."""
    layers = {name: image(place.root / name, size) for name, size in (("small", 30), ("large", large))}
    place.lockgate("init", "--origin", "bench.example/registry")
    place.lockgate("key", "new", "k")
    (place.root / "policy.yaml").write_text(POLICY)
    place.lockgate("policy", "apply", "policy.yaml")
    rows = {"python -c pass": place.cost((sys.executable, "-c", "pass"), repeat)}
    with debian_registry.registry(place.root) as host:
        for name in layers:
            place.run("skopeo", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false", f"oci:{name}:v1", f"docker://{host}/shop/{name}:v1")
            place.lockgate("sign", f"{host}/shop/{name}:v1", "--key", "k")
            times = repeat if name == "small" else 3
            rows[f"lockgate gate, {name} image"] = place.cost((str(BIN / "lockgate"), "gate", f"{host}/shop/{name}:v1", "--to", "production"), times)
        verify = (str(BIN / "lockgate"), "verify", f"{host}/shop/large:v1", "--public", "k.pub")
        rows["lockgate verify, large image"] = place.cost(verify, 3)
        rows["sha256sum of its layer"] = place.cost(("sha256sum", str(layers["large"])), 3)
        rows["openssl dgst -sha256 of its layer"] = place.cost(("openssl", "dgst", "-sha256", str(layers["large"])), 3)
        cosign(place, host, rows)
        flat = place.run(sys.executable, "-c", MANY, str(ARGUMENTS.gates), f"{host}/shop/small:v1") if ARGUMENTS.gates else "0 0"
    return rows, {"after_a_tenth_mb": float(flat.split()[0]), "after_all_mb": float(flat.split()[1])}


def cosign(place: Place, host: str, rows: dict[str, Row]) -> None:
    """`cosign verify` of the same image, which reads its manifest and signature and none of its layers."""
    built = sorted((Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockgate-dev").glob("cosign-*/cosign"))
    if not built:
        return
    program, flags = str(built[-1]), ("--allow-http-registry", "--allow-insecure-registry")
    digest = json.loads((place.root / "small/index.json").read_text())["manifests"][0]["digest"]
    named = f"{host}/shop/small@{digest}"
    place.run(program, "generate-key-pair")
    place.run(program, "sign", "--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", *flags, "-y", named)
    rows["cosign verify, small image"] = place.cost((program, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", *flags, named), 7)


class Slow(BaseHTTPRequestHandler):
    """Serves blobs, manifests and one list of referrers, each after `DELAY`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    served: dict[str, tuple[str, bytes]]

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        time.sleep(DELAY)
        kind, data = self.served.get(self.path.rpartition("/")[2] if "/referrers/" not in self.path else "referrers", ("text/plain", b""))
        self.send_response(200 if data else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def attestations(number: int) -> float:
    """Median seconds to gather so many."""
    served: dict[str, tuple[str, bytes]] = {}

    def put(data: bytes, kind: str) -> Row:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        served[digest] = kind, data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    subject = put(b"{}", MANIFEST)
    listed = []
    for each in range(number):
        piece = put(b'{"payload":"","payloadType":"x","signatures":[],"n":%d}' % each, DSSE)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": DSSE, "config": put(b"{}", EMPTY), "layers": [piece], "subject": subject}
        listed.append(put(json.dumps(manifest).encode(), MANIFEST))
    served["referrers"] = INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    with Server(("127.0.0.1", 0), type("Serving", (Slow,), {"served": served})) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        ref = Ref(scheme="registry", path=f"127.0.0.1:{server.server_address[1]}/shop/app")
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            found = Registries().attached(ref, subject["digest"])
            seconds.append(time.perf_counter() - started)
            if len(found) != number:
                raise SystemExit(f"{len(found)} attestations were gathered, and there are {number}")
        server.shutdown()
    return statistics.median(seconds)


def table(rows: dict[str, Row], flat: dict[str, Any], one: float, twenty: float, large: int) -> dict[str, Any]:
    """Print the figures, and give them for JSON."""
    base = rows["python -c pass"]["cpu_ms"]
    for name, row in rows.items():
        row["of_base"] = row["cpu_ms"] / base
        print(f"{name:<36} {row['cpu_ms']:8.1f} ms CPU {row['of_base']:6.1f}x base {row['wall_ms']:8.0f} ms {row['rss_mb']:5.0f} MB")
    if "cosign verify, small image" not in rows:
        print("cosign verify                        absent: dev/servers builds it")
    timed = ("lockgate verify, large image", "sha256sum of its layer", "openssl dgst -sha256 of its layer")
    verified, summed, openssl = (large / (rows[name]["wall_ms"] / 1000) for name in timed)
    small, big = rows["lockgate gate, small image"], rows["lockgate gate, large image"]
    print(f"\ngate of 30 MB is {small['of_base']:.1f}x base (target 40x), {small['rss_mb']:.0f} MB; of {large} MB {big['rss_mb']:.0f} MB (target 80)")
    said = f"{verified / summed:.0%} of sha256sum's {summed:.0f} (target 70%) and {verified / openssl:.0%} of openssl's {openssl:.0f}"
    print(f"{large} MB from the registry are verified at {verified:.0f} MB/s, the whole command: {said}")
    trips = (twenty - one) / DELAY
    print(f"gathering 20 attestations takes {twenty * 1000:.0f} ms, one {one * 1000:.0f} ms: {trips:.1f} round trips of {DELAY * 1000:.0f} ms more (target 3)")
    if ARGUMENTS.gates:
        after = f"{flat['after_a_tenth_mb']:.1f} MB after a tenth, {flat['after_all_mb']:.1f} MB after all"
        print(f"{ARGUMENTS.gates} gates in one process: {after} (target: flat, 10% at most)")
    rates = {"verify_mb_s": verified, "sha256sum_mb_s": summed, "openssl_mb_s": openssl}
    return {"bench": "registry", "rows": rows, "rates": rates, "gates": flat, "one_s": one, "twenty_s": twenty, "round_trips_more": trips}


def main() -> None:
    missing = [program for program in ("docker-registry", "skopeo", "openssl") if shutil.which(program) is None]
    if missing:
        print(f"nothing was measured: {', '.join(missing)} is absent, and dev/servers installs it")
        return
    root = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    try:
        rows, flat = commands(Place(root), ARGUMENTS.large, ARGUMENTS.repeat)
        found = table(rows, flat, attestations(1), attestations(20), ARGUMENTS.large)
        if ARGUMENTS.json:
            ARGUMENTS.json.write_text(json.dumps(found, indent=1) + "\n")
    finally:
        shutil.rmtree(root)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--large", type=int, default=1024, help="megabytes")
    parser.add_argument("--gates", type=int, default=1000, help="0 leaves them out")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    ARGUMENTS = arguments()
    main()
