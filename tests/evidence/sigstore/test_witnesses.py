"""Witnesses of a transparency log: enough of those that are named, each once, and none in the place of anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lockgate.core.identity import Witnesses
from lockgate.errors import LockgateError
from lockgate.evidence.sigstore import bundle, verify, witness
from lockgate.evidence.sigstore.verify import Demands
from private_sigstore import DIGESTS, Instance, cosignature, witness_key

OURS = Instance()
KEYS = [Ed25519PrivateKey.generate() for _ in range(3)]
NAMES = ["w1", "w2", "w3"]
VKEYS = tuple(witness_key(name, key) for name, key in zip(NAMES, KEYS, strict=True))


def by(number: int, **options: Any) -> Any:
    return lambda text: cosignature(text, NAMES[number], KEYS[number], **options)


def demand(quorum: int, keys: tuple[str, ...] = VKEYS, **options: Any) -> Demands:
    return Demands(witnesses=Witnesses(quorum=quorum, keys=keys), **options)


def seen(document: dict[str, Any], demands: Demands) -> list[str]:
    verified = verify.verify(bundle.parse(json.dumps(document).encode()), OURS.root(), DIGESTS, demands=demands)
    return [one.witness for one in verified.cosigned]


def code(document: dict[str, Any], demands: Demands) -> str:
    with pytest.raises(LockgateError) as err:
        seen(document, demands)
    return err.value.code


def signed(*lines: Any, log: int = 2, **options: Any) -> dict[str, Any]:
    return OURS.bundle(log=log, entry={"lines": lines, **options})


@pytest.mark.parametrize("log", [1, 2])
def test_enough_of_those_that_are_named(log: int) -> None:
    assert seen(signed(by(2), by(0), log=log), demand(2)) == ["w1", "w3"]
    assert seen(signed(by(0), by(1), by(2), log=log), demand(1)) == ["w1", "w2", "w3"]
    assert seen(signed(by(0), log=log), Demands()) == []
    assert code(signed(by(0), log=log), demand(2)) == "log-entry.too-few-witnesses"
    assert code(signed(by(0), by(0, at=1), log=log), demand(2)) == "log-entry.too-few-witnesses"
    assert code(signed(log=log), demand(1)) == "log-entry.too-few-witnesses"
    assert code(signed(by(0), by(1), log=log), demand(1, VKEYS[2:])) == "log-entry.too-few-witnesses"


def test_one_that_was_altered_refuses_however_many_are_right() -> None:
    assert code(signed(by(0), by(1), by(2, signed="other\n")), demand(2)) == "log-entry.cosignature-forged"
    assert seen(signed(by(0), by(1), by(2, signed="other\n")), demand(2, VKEYS[:2])) == ["w1", "w2"]  # a stranger's line says nothing


def test_a_log_does_not_witness_for_itself() -> None:
    own = witness_key("w1", OURS.rekor2)
    assert code(signed(lambda text: cosignature(text, "w1", OURS.rekor2)), demand(1, (own,))) == "log-entry.too-few-witnesses"


def test_no_promise_and_no_time_stamp_stands_in_for_witnesses() -> None:
    assert code(OURS.bundle(log=0), demand(1, log="none")) == "sigstore.no-log-entry"
    for log in ("none", "promise"):
        promised = _promised()
        assert seen(promised, Demands(log=log)) == []
        assert code(promised, demand(1, log=log)) == "log-entry.no-inclusion-proof"


def _promised() -> dict[str, Any]:
    """A bundle v0.1 whose log promised, and proved nothing."""
    found = OURS.bundle(log=1)
    material = found["verificationMaterial"]
    del material["tlogEntries"][0]["inclusionProof"]
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}
    return {**found, "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1"}


def test_the_log_itself_has_to_have_signed_all_the_same() -> None:
    assert code(signed(by(0), checkpoint_by=OURS.stranger), demand(1)) == "log-entry.checkpoint-forged"
    other_tree = signed(by(0), size=3)
    assert code(other_tree, demand(1)) == "log-entry.checkpoint-other-tree"


@pytest.mark.parametrize(
    ("witnesses", "said"),
    [
        (Witnesses(quorum=1), "witness.quorum"),
        (Witnesses(quorum=0, keys=VKEYS), "witness.quorum"),
        (Witnesses(quorum=-1, keys=VKEYS), "witness.quorum"),
        (Witnesses(quorum=4, keys=VKEYS), "witness.quorum"),
        (Witnesses(quorum=1, keys=VKEYS * 30), "witness.quorum"),
        (Witnesses(quorum=2, keys=(VKEYS[0], VKEYS[0])), "witness.twice"),
        (Witnesses(quorum=2, keys=(VKEYS[0], witness_key("other", KEYS[0]))), "witness.twice"),
        (Witnesses(quorum=2, keys=(VKEYS[0], witness_key("w1", KEYS[0], 1))), "witness.twice"),
        (Witnesses(quorum=1, keys=("w1",)), "witness.malformed"),
    ],
)
def test_a_demand_that_makes_no_sense_is_never_met(witnesses: Witnesses, said: str) -> None:
    with pytest.raises(LockgateError) as err:
        witness.known(witnesses)
    assert err.value.code == said
    assert code(signed(by(0), by(1), by(2)), Demands(witnesses=witnesses)) == said


def test_nobody_asked_for_is_nobody() -> None:
    assert witness.known(Witnesses()) == ()
