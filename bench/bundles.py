"""What one verification of a Sigstore bundle costs, beside sigstore-python's in the same run.

    python bench/bundles.py [--times 200] [--json FILE]

CPU time of reading and verifying, medians, turn and turn about: the conformance cases `happy-path-v0.3` (Rekor v1) and `rekor2-happy-path` (Rekor v2 and
a time stamp). The memory of 1,000 verifications in one process, and what importing the verifier costs, stand beside it. sigstore-python runs in an
environment of its own (`tests/system/sigstore/build.sh`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "data" / "sigstore-bundles"
PUBLIC_GOOD = ROOT / "tests" / "evidence" / "sigstore" / "public-good.json"
NAMES = ("happy-path-v0.3", "rekor2-happy-path")

THEIRS = """
import json, logging, statistics, sys, time
logging.disable(logging.CRITICAL)
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
for line in sys.stdin:
    asked = json.loads(line)
    verifier = Verifier(trusted_root=TrustedRoot.from_file(asked["root"]))
    artifact, taken = bytes.fromhex(asked["artifact"]), []
    for _ in range(asked["times"]):
        started = time.process_time()
        verifier.verify_artifact(artifact, Bundle.from_json(asked["bundle"]), policy.UnsafeNoOp())
        taken.append(time.process_time() - started)
    print(statistics.median(taken), flush=True)
"""


def root_of(name: str) -> Path:
    """The trusted root a case is verified with."""
    own = CASES / name / "trusted_root.json"
    return own if own.exists() else PUBLIC_GOOD


def ours(name: str, times: int) -> list[float]:
    """Seconds of CPU each verification took."""
    from lockgate.evidence.sigstore import bundle, trust, verify

    root, data = trust.parse(root_of(name).read_bytes()), (CASES / name / "bundle.sigstore.json").read_bytes()
    digests = {"sha256": hashlib.sha256((CASES / "a.txt").read_bytes()).digest()}
    taken = []
    for _ in range(times):
        started = time.process_time()
        verify.verify(bundle.parse(data), root, digests)
        taken.append(time.process_time() - started)
    return taken


def imported() -> float:
    """Seconds of CPU that importing the verifier takes, beyond bare Python; the median of 7."""
    runs = []
    for _ in range(7):
        code = "import time; t = time.process_time(); import lockgate.evidence.sigstore.verify; print(time.process_time() - t)"
        runs.append(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout))
    return statistics.median(runs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not CASES.is_dir():
        sys.exit("../shared/data is not there: nothing was measured")
    found: dict[str, float] = {"import_ms": imported() * 1000}
    built = subprocess.run(["bash", str(ROOT / "tests/system/sigstore/build.sh")], capture_output=True, text=True, check=True)
    with subprocess.Popen([built.stdout.strip(), "-c", THEIRS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as theirs:
        assert theirs.stdin and theirs.stdout
        for name in NAMES:
            asked = {
                "root": str(root_of(name)),
                "artifact": (CASES / "a.txt").read_bytes().hex(),
                "bundle": (CASES / name / "bundle.sigstore.json").read_text(),
                "times": options.times // 2,
            }
            mine, other = [], []
            for _ in range(2):
                mine += ours(name, options.times // 2)
                theirs.stdin.write(json.dumps(asked) + "\n")
                theirs.stdin.flush()
                other.append(float(theirs.stdout.readline()))
            found |= {f"{name}_ms": statistics.median(mine) * 1000, f"{name}_sigstore_python_ms": statistics.median(other) * 1000}
            found[f"{name}_ratio"] = found[f"{name}_ms"] / found[f"{name}_sigstore_python_ms"]
        theirs.stdin.close()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours(NAMES[1], 1000)
    found["grown_kb_by_1000"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    for name, value in found.items():
        print(f"{name:40} {value:10.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
