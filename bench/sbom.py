"""What one reading of a large CycloneDX document costs, beside cyclonedx-python-lib's in the same run, and how it grows.

    python bench/sbom.py [--components 24000] [--repeat 5] [--json FILE]

Each reading is a process of its own, so that its memory is its own: CPU time of reading alone, the best of several for ours, one for theirs, which takes
half a minute; and the greatest resident size of the whole process. The document has what syft writes of a component: about 870 bytes each. Beside it
stand a tenth of the document, the whole way of a signed one (envelope, signature, Statement, document), and bare Python with the reader imported.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DIGEST = "sha256:" + "9f2c" * 16

RESULT = """
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"cpu": spent, "rss": int(peak) / 1024, "components": found}))
"""
OURS = """
import json, sys, time
from lockgate.evidence import sbom
data = open(sys.argv[1], "rb").read()
started = time.process_time()
found = len(sbom.parse(data).components) if data else 0
spent = time.process_time() - started
"""
SIGNED = """
import json, sys, time
from datetime import UTC, datetime
from lockgate.core.ports import Evidence
from lockgate.evidence import artifact, dsse
data, key = open(sys.argv[1], "rb").read(), open(sys.argv[2]).read()
started = time.process_time()
(fact,) = artifact.read([Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="")], {"ci": key}, {"%s"}, datetime.now(UTC))
found, spent = len(fact.components), time.process_time() - started
"""
THEIRS = """
import json, sys, time
from cyclonedx.model.bom import Bom
data = open(sys.argv[1], "rb").read()
started = time.process_time()
found = len(Bom.from_json(json.loads(data)).components)
spent = time.process_time() - started
"""


def document(components: int) -> bytes:
    """A document as syft writes it, with made-up names."""
    dice = random.Random(1)
    listed = []
    for number in range(components):
        name, version = f"lib-{number}", f"{number % 9}.{number % 7}.{number % 5}"
        purl = (
            f"pkg:pypi/{name}@{version}",
            f"pkg:npm/%40acme/{name}@{version}",
            f"pkg:maven/org.acme/{name}@{version}?type=jar",
            f"pkg:deb/debian/{name}@{version}%2Bdeb12u1?arch=amd64&distro=debian-12",
            f"pkg:golang/github.com/acme/{name}@v{version}",
        )[number % 5]
        listed.append({
            "bom-ref": f"{purl}#{number}", "type": "library", "name": name, "version": version, "supplier": {"name": "Acme"}, "purl": purl,
            "hashes": [{"alg": "SHA-256", "content": f"{dice.getrandbits(256):064x}"}], "licenses": [{"license": {"id": "MIT"}}],
            "externalReferences": [{"type": "website", "url": f"https://example.org/{name}"}],
            "properties": [{"name": f"syft:location:{at}:path", "value": f"/usr/lib/python3/site-packages/{name}/METADATA-{at}"} for at in range(3)],
        })  # fmt: skip
    dependencies = [{"ref": one["bom-ref"], "dependsOn": [listed[dice.randrange(components)]["bom-ref"]]} for one in listed]
    root = {"bom-ref": "root", "type": "container", "name": "shop", "version": DIGEST}
    metadata = {"timestamp": "2026-11-20T12:00:00Z", "tools": {"components": [{"type": "application", "name": "syft", "version": "1.50.0"}]}, "component": root}
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 1}
    return json.dumps({**head, "metadata": metadata, "components": listed, "dependencies": dependencies}).encode()


def measured(program: str, *files: Path, repeat: int = 1) -> dict[str, Any]:
    """The quickest of several processes, and the memory of the largest."""
    runs = []
    for _ in range(repeat):
        done = subprocess.run([sys.executable, "-c", program + RESULT, *map(str, files)], check=True, capture_output=True)
        runs.append(json.loads(done.stdout))
    return {**min(runs, key=lambda one: one["cpu"]), "rss": max(one["rss"] for one in runs)}


def signed(data: bytes, folder: Path) -> tuple[Path, Path]:
    """The document in an envelope, and the key that signed it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from lockgate.evidence import attestation, sbom_types

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    envelope, key = folder / "envelope.json", folder / "key.pub"
    envelope.write_bytes(attestation.write_attestation(DIGEST, sbom_types.CYCLONEDX, data, public, private.sign))
    key.write_text(public)
    return envelope, key


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--components", type=int, default=24_000)
    asked.add_argument("--repeat", type=int, default=5)
    asked.add_argument("--json")
    options = asked.parse_args()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, tenth, empty = folder / "whole.json", folder / "tenth.json", folder / "empty"
        whole.write_bytes(document(options.components))
        tenth.write_bytes(document(options.components // 10))
        empty.write_bytes(b"")
        found["nothing"] = measured(OURS, empty, repeat=options.repeat)
        found["a tenth"] = measured(OURS, tenth, repeat=options.repeat)
        found["the document"] = measured(OURS, whole, repeat=options.repeat)
        found["signed"] = measured(SIGNED % DIGEST, *signed(whole.read_bytes(), folder), repeat=options.repeat)
        found["cyclonedx-python-lib"] = measured(THEIRS, whole)
        size = whole.stat().st_size
    for called, one in found.items():
        print(f"{called:<22} {one['cpu']:8.3f} s CPU {one['rss']:8.0f} MB {one['components']:8} components")
    ours, theirs = found["the document"]["cpu"], found["cyclonedx-python-lib"]["cpu"]
    print(
        f"{size:,} bytes: 1/{theirs / ours:.0f} of their CPU (at most 1/40); ten times the components take {ours / found['a tenth']['cpu']:.1f} times as long"
    )
    if options.json:
        Path(options.json).write_text(json.dumps({"bytes": size, "ratio": theirs / ours, **found}, indent=1))


if __name__ == "__main__":
    main()
