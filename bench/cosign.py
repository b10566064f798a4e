"""`cosign verify` and `lockgate gate` of the same image in the same registry, as whole processes, against bare Python in the same run.

    python bench/cosign.py [--repeat 11] [--json FILE]          needs what dev/servers brings

The image has one layer of 30 MB; cosign signed it with a key, and that key is the policy's. The two do not do the same: cosign
verifies the signature of a digest; lockgate reads every byte of the image too, asks its log, decides and records.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from command import BIN, Place, Row, image

import cosigning
import debian_registry

POLICY = """version: 1
project: bench
environments:
  staging:
    requires:
      - signed-by: {keys: [release]}
keys:
  release: {file: release.pub}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not cosigning.COSIGN.exists():
        raise SystemExit("cosign is not here: dev/servers builds it")
    root = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    try:
        place, cosign = Place(root), str(cosigning.COSIGN)
        place.env["COSIGN_PASSWORD"] = ""
        image(root / "image")
        with debian_registry.registry(root) as host:
            ref = f"{host}/bench/app:v1"
            cosigning.skopeo("copy", f"oci:{root}/image:v1", f"docker://{ref}")
            digest = json.loads((root / "image" / "index.json").read_text())["manifests"][0]["digest"]
            place.run(cosign, "generate-key-pair", "--output-key-prefix", "release")
            place.run(cosign, "sign", "--key", "release.key", *cosigning.OFFLINE, f"{host}/bench/app@{digest}")
            (root / "policy.yaml").write_text(POLICY)
            place.lockgate("init", "--origin", "bench.example/log")
            place.lockgate("policy", "apply", "policy.yaml")
            commands = {
                "python -c pass": (sys.executable, "-c", "pass"),
                "sha256sum of the layer": ("sh", "-c", "sha256sum image/blobs/sha256/*"),
                "cosign version": (cosign, "version"),
                "cosign verify": (cosign, "verify", "--key", "release.pub", cosigning.NO_LOG, ref),
                "lockgate verify": (str(BIN / "lockgate"), "verify", ref, "--public", "release.pub"),
                "lockgate gate": (str(BIN / "lockgate"), "gate", ref, "--to", "staging"),
            }
            for name in ("cosign verify", "lockgate verify", "lockgate gate"):
                if subprocess.run(commands[name], cwd=root, env=place.env, capture_output=True, check=False).returncode:
                    raise SystemExit(f"{name} does not pass: this would measure something else")
            rows: dict[str, Row] = {name: place.cost(command, args.repeat) for name, command in commands.items()}
        base = rows["python -c pass"]["cpu_ms"]
        for name, row in rows.items():
            row["of_base"] = row["cpu_ms"] / base
            print(f"{name:<32} {row['cpu_ms']:7.1f} ms CPU  {row['of_base']:5.1f}x base  {row['rss_mb']:5.0f} MB")
        gate, beside = rows["lockgate gate"], rows["cosign verify"]["of_base"]
        print(f"gate in a registry is {gate['of_base']:.1f}x base (target 40x) and {gate['rss_mb']:.0f} MB (target 80), cosign verify beside it {beside:.1f}x")
        if args.json:
            args.json.write_text(json.dumps(rows, indent=1) + "\n")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
