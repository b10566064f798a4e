"""What one verification of a Sigstore bundle costs, beside sigstore-python's and cosign's in the same run.

    python bench/bundles.py [--times 200] [--repeat 11] [--json FILE]          needs what dev/servers brings

- In one process: CPU time of reading and verifying, medians, turn and turn about: the conformance cases `happy-path-v0.3` (Rekor v1) and
  `rekor2-happy-path` (Rekor v2 and a time stamp). The memory of 1,000 verifications, and what importing the verifier costs, stand beside it.
- One envelope whose key is loaded already: reading and verifying a VSA's DSSE and Statement, by each algorithm; and a decision under the permit key.
- As whole processes, of one bundle file: `lockgate verify`, `python -m sigstore verify identity --offline`, `cosign verify-blob --offline`; with bare
  Python, and Python that imports click alone, for what is nobody's doing.

sigstore-python runs in an environment of its own (`tests/system/sigstore/build.sh`).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import cosigning

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


def median_ms(work: Callable[[], object], times: int) -> float:
    """Milliseconds of CPU that `work` takes, after a first time that does not count."""
    work()
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken) * 1000


def envelopes(times: int) -> dict[str, float]:
    """A real VSA, about a digest and signed anew by each algorithm; and a decision of lockgate's own."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from lockgate.core.identity import fingerprint
    from lockgate.evidence import dsse, keys, record, statement
    from lockgate.evidence.b64 import encode as b64

    private = rsa.generate_private_key(65537, 4096)
    curves = {"ecdsa-p256": (ec.SECP256R1(), hashes.SHA256()), "ecdsa-p384": (ec.SECP384R1(), hashes.SHA384()), "ecdsa-p521": (ec.SECP521R1(), hashes.SHA512())}
    made = {name: ec.generate_private_key(curve) for name, (curve, _) in curves.items()}
    ed = ed25519.Ed25519PrivateKey.generate()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    sign: dict[str, tuple[object, Callable[[bytes], bytes]]] = {
        "ed25519": (ed.public_key(), ed.sign),
        **{name: (one.public_key(), lambda data, one=one, name=name: one.sign(data, ec.ECDSA(curves[name][1]))) for name, one in made.items()},  # type: ignore[misc]
        "rsa-pkcs1-sha256": (private.public_key(), lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256())),
        "rsa-pss-sha256": (private.public_key(), lambda data: private.sign(data, pss, hashes.SHA256())),
    }
    vsa = json.loads((CASES.parent / "vsa" / "gce" / "v1" / "gke-gce-pre.bcid-vsa.jsonl").read_text().splitlines()[0])
    said = json.loads(base64.b64decode(vsa["payload"]))
    payload = json.dumps({**said, "subject": [{"digest": {"sha256": hashlib.sha256(b"an image").hexdigest()}}]}).encode()
    found, kind = dict[str, float](), vsa["payloadType"]
    for name, (public, signer) in sign.items():
        key = keys.with_algorithm(keys.parse_spki(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)), name)  # type: ignore[attr-defined]
        known = {fingerprint(key): key}
        data = json.dumps({"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signer(dsse.pae(kind, payload)))}]}).encode()

        def verified(data: bytes = data, known: Mapping[str, str] = known) -> object:
            seen = dsse.verify(dsse.parse(data), known)
            return statement.parse(seen.payload_type, seen.payload)

        found[f"vsa_{name}_ms"] = median_ms(verified, times)
    case = ROOT / "tests" / "evidence" / "cases" / "record" / "openssl-decision"
    leaf, permit = record.read_leaf((case / "input").read_bytes()), json.loads((case / "case.json").read_text())["permit"]

    def decided() -> object:
        record.check_permit_signature(leaf.event, permit)
        return record.open_envelope(leaf.event)

    found["decision_ms"] = median_ms(decided, times)
    return found


def whole(theirs: str, repeat: int) -> dict[str, float]:
    """Wall and CPU milliseconds of whole processes, medians, turn and turn about."""
    from lockgate.evidence.sigstore import bundle, identity

    case = CASES / NAMES[0]
    file, artifact = str(case / "bundle.sigstore.json"), str(CASES / "a.txt")
    who = identity.read(bundle.parse((case / "bundle.sigstore.json").read_bytes()).chain[0])
    root = str(root_of(NAMES[0]))
    named = ("--certificate-identity", who.subject, "--certificate-oidc-issuer", who.issuer)
    ours = (str(Path(sys.executable).parent / "lockgate"), "verify", file, "--trusted-root", root, "--artifact", f"file:{artifact}")
    commands: dict[str, Sequence[str]] = {
        "python": (sys.executable, "-c", "pass"),
        "python_and_click": (sys.executable, "-c", "import click"),
        "lockgate_version": (ours[0], "--version"),
        "lockgate": (*ours, "--identity", who.subject, "--issuer", who.issuer),
        "sigstore_python": (
            *(theirs, "-m", "sigstore", "verify", "identity", "--offline", "--bundle", file),
            *("--cert-identity", who.subject, "--cert-oidc-issuer", who.issuer, artifact),
        ),
    }
    if cosigning.COSIGN.exists():
        commands["cosign"] = (str(cosigning.COSIGN), "verify-blob", "--offline", "--bundle", file, "--trusted-root", root, *named, artifact)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as home:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKGATE", "XDG", "PYTHON"))}
        for number in range(repeat + 1):
            for name, command in commands.items():
                spent = process(command, {**clean, "HOME": home})
                taken[name] += [spent] if number else []
    found = {f"whole_{name}_{what}_ms": statistics.median(one[at] for one in each) for name, each in taken.items() for at, what in enumerate(("wall", "cpu"))}
    for other in {"sigstore_python", "cosign"} & set(taken):
        for what in ("wall", "cpu"):
            found[f"whole_{what}_of_{other}"] = found[f"whole_lockgate_{what}_ms"] / found[f"whole_{other}_{what}_ms"]
    return found


def process(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Wall and CPU milliseconds of one process, which ends well."""
    quiet = [(os.POSIX_SPAWN_OPEN, at, os.devnull, os.O_WRONLY, 0) for at in (1, 2)]
    started = time.perf_counter()
    _, status, used = os.wait4(os.posix_spawn(command[0], list(command), environment, file_actions=quiet), 0)
    if status:
        raise SystemExit(f"it ended with {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return (time.perf_counter() - started) * 1000, (used.ru_utime + used.ru_stime) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=11)
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
    found |= envelopes(options.times) | whole(built.stdout.strip(), options.repeat)
    for name, value in found.items():
        print(f"{name:44} {value:10.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
