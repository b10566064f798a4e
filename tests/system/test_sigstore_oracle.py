"""sigstore-python as a second opinion: on every conformance case and on thousands of mutants, lockgate accepts nothing that it refuses.

What lockgate accepts and sigstore-python does not, on purpose, is `WIDER`, with the reason.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import at, ways
from house import ROOT
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import bundle, identity, trust, verify

HERE = Path(__file__).parent / "sigstore"
CASES = ROOT.parent / "shared" / "data" / "sigstore-bundles"
PUBLIC_GOOD = ROOT / "tests" / "evidence" / "sigstore" / "public-good.json"
MUTANTS = 10_000

WIDER = {
    "Integrated time only supported for dsse/hashedrekord 0.0.1 types": "entries of the kind intoto are read (Rekor v1; older npm and GitHub provenance)",
    "Unsupported DSSE log entry type: intoto/": "the same, where a time stamp gives the time",
    "Invalid Timestamp Response": "bytes of a time stamp that nobody signs and nothing is taken from are passed over",
    "Expected protobuf uint64 as string, got int": "ProtoJSON takes 64-bit numbers as numbers, too",
    "not enough sources of verified time": "the end of a time-stamping authority's validity is inside (protobuf-specs, TimeRange), as conformance asks",
}
"""A part of sigstore-python's complaint -> why lockgate accepts nevertheless."""

Case = tuple[str, dict[str, Any], Path, bytes]


def cases() -> list[Case]:
    """Name, bundle, trusted root, artifact; without those a key signed, which sigstore-python does not verify."""
    found = []
    for place in sorted(path for path in CASES.iterdir() if path.is_dir() and "managed-key" not in path.name):
        root = place / "trusted_root.json"
        artifact = place / "artifact" if (place / "artifact").exists() else CASES / "a.txt"
        found.append((place.name, json.loads((place / "bundle.sigstore.json").read_text()), root if root.exists() else PUBLIC_GOOD, artifact.read_bytes()))
    return found


def mutant(dice: random.Random, document: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The bundle with one or two things in it changed; never to null, which ProtoJSON reads as absent."""
    document = copy.deepcopy(document)
    for _ in range(dice.choice((1, 1, 1, 2))):
        all_ways = list(ways(document))
        if not all_ways:
            break
        way = dice.choice(all_ways)
        holder, last, value = at(document, way[:-1]), way[-1], at(document, way)
        match dice.randrange(7):
            case 0:
                del holder[last]
            case 1 if isinstance(value, str):
                holder[last] = _flipped(dice, value)
            case 2 if isinstance(value, str) and value.isdigit():
                holder[last] = str(int(value) + dice.choice((-1, 1, 1000, 10**9)))
            case 3 if at(other, way) is not None:
                holder[last] = copy.deepcopy(at(other, way))
            case 4 if isinstance(holder, list):
                holder.append(copy.deepcopy(value))
            case 5 if isinstance(value, str) and "\n" in value:
                lines = value.split("\n")
                del lines[dice.randrange(len(lines))]
                holder[last] = "\n".join(lines)
            case _:
                holder[last] = dice.choice(("", 0, [], {}, "x"))
    return document


def _flipped(dice: random.Random, text: str) -> str:
    try:
        data = bytearray(base64.b64decode(text, validate=True) or b"\0")
    except (binascii.Error, ValueError):
        place = dice.randrange(max(len(text), 1))
        return text[:place] + "x" + text[place + 1 :]
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return base64.b64encode(data).decode()


def accepted(document: dict[str, Any], root: trust.TrustedRoot, artifact: bytes) -> bool:
    """Whether lockgate accepts it."""
    try:
        verified = verify.verify(bundle.parse(json.dumps(document).encode()), root, {"sha256": hashlib.sha256(artifact).digest()})
        identity.read(verified.certificate)
    except EvidenceError:
        return False
    return True


@pytest.fixture(scope="module")
def oracle() -> Iterator[subprocess.Popen[str]]:
    built = subprocess.run(["bash", str(HERE / "build.sh")], capture_output=True, text=True, check=False, timeout=600)
    if built.returncode:
        pytest.skip(f"sigstore-python could not be installed: {built.stderr[-300:]}")
    with subprocess.Popen([built.stdout.strip(), str(HERE / "oracle.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def ask(oracle: subprocess.Popen[str], document: dict[str, Any], root: Path, artifact: bytes) -> str:
    """Why sigstore-python refuses it; empty where it does not."""
    assert oracle.stdin and oracle.stdout
    oracle.stdin.write(json.dumps({"bundle": json.dumps(document), "root": str(root), "artifact": artifact.hex()}) + "\n")
    oracle.stdin.flush()
    answer: str = json.loads(oracle.stdout.readline())
    return answer


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not there")
@pytest.mark.timeout(600)
def test_nothing_is_accepted_that_sigstore_python_refuses(oracle: subprocess.Popen[str]) -> None:
    dice = random.Random(20261123)
    found = cases()
    roots = {path: trust.parse(path.read_bytes()) for _, _, path, _ in found}
    ours, both, wider = 0, 0, set()
    for number in range(len(found) + MUTANTS):
        name, document, root, artifact = found[number] if number < len(found) else dice.choice(found)
        document = document if number < len(found) else mutant(dice, document, dice.choice(found)[1])
        if not accepted(document, roots[root], artifact):
            continue
        ours += 1
        because = ask(oracle, document, root, artifact)
        both += not because
        known = [why for why in WIDER if why in because]
        assert not because or known, f"{name}: {because}"
        wider |= set(known)
    assert both > 50, "so few were accepted that nothing was compared"
    assert wider == set(WIDER), "a difference that is documented was not met"
    print(f"{MUTANTS} mutants: {ours} accepted, {both} by both")
