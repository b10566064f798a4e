"""A foreign witness (tests/system/witness/main.go): what it cosigns counts here, and cosignatures that count here count there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lockgate.errors import LedgerError
from lockgate.ledger.cosignature import cosigned, parse_cosigner
from lockgate.ledger.note import SignerKey, make_skey, parse_note
from private_sigstore import cosignature, witness_key

SOURCES = Path(__file__).parent / "witness"
TEXT = "log.example\n736\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n"
NAME, SEED = "witness.example/w1", bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)


@pytest.fixture(scope="session")
def witness() -> Path:
    digest = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    binary = cache / "lockgate-dev" / f"witness-{digest[:16]}"
    if not binary.exists():
        pytest.skip("the foreign witness is not built: run dev/servers")
    return binary


def ask(witness: Path, what: str, key: str, text: str) -> str:
    return subprocess.run([witness, what, key], input=text.encode(), capture_output=True, check=False).stdout.decode()


def test_what_a_foreign_witness_cosigned_counts_here(witness: Path) -> None:
    signer = SignerKey(name=NAME, seed=SEED)
    signed = ask(witness, "sign", make_skey(signer), TEXT)
    for vkey in (str(signer.verifier), witness_key(NAME, KEY)):
        (found,) = cosigned(parse_note(signed.encode()), [parse_cosigner(vkey)])
        assert (found.witness, abs(found.at - time.time()) < 60) == (NAME, True)
    with pytest.raises(LedgerError) as err:
        cosigned(parse_note(signed.replace("736", "737").encode()), [parse_cosigner(str(signer.verifier))])
    assert err.value.code == "note.forged"


def test_what_counts_here_counts_there(witness: Path) -> None:
    note = f"{TEXT}\n{cosignature(TEXT, NAME, KEY)}"
    vkey = witness_key(NAME, KEY, 1)  # that package takes this form
    assert len(cosigned(parse_note(note.encode()), [parse_cosigner(vkey)])) == 1
    assert ask(witness, "check", vkey, note) == "ok\n"
    assert ask(witness, "check", vkey, note.replace("736", "737")).startswith("FAIL")
