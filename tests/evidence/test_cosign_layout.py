"""cosign's older layout, signed with certificates: each thing that can be wrong has its reason; real attestations verify."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from house import ROOT
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.core.digest import Ref
from lockgate.core.facts import Rejected, Signature
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import annotated, artifact, cosign_layout, simple_signing
from lockgate.evidence.annotated import Beside
from lockgate.evidence.sigstore import bundle as bundles
from lockgate.evidence.sigstore import identity, trust
from lockgate.evidence.sigstore import verify as sigstore
from lockgate.evidence.sigstore.key import key_of
from lockgate.evidence.sigstore.verify import Demands, Verified
from older_layout import DIGEST, PAYLOAD, layer, pem
from private_sigstore import DAY, IN_TOTO, NOW, STATEMENT, WHO, Instance, authority, b64, p256, sign, spki

OURS = Instance()
PROMISE = Demands(log="promise")
KINDS = ["hashedrekord", "dsse", "intoto"]


def checked(piece: Evidence, demands: Demands = PROMISE, signer: bytes = b"", digest: str = DIGEST) -> Verified:
    return cosign_layout.verify(piece, OURS.root(), {digest}, signer=key_of(signer) if signer else None, demands=demands)


def code(piece: Evidence, demands: Demands = PROMISE, signer: bytes = b"", digest: str = DIGEST) -> str:
    with pytest.raises(EvidenceError) as err:
        checked(piece, demands, signer, digest)
    return err.value.code


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_verifies(kind: str) -> None:
    found = checked(layer(OURS, kind=kind))
    assert [(time.by, time.at) for time in found.times] == [("log", NOW)]
    assert found.logged == 1
    assert (found.payload, found.payload_type) == ((PAYLOAD, "") if kind == "hashedrekord" else (STATEMENT, IN_TOTO))
    assert identity.read(found.certificate).subject == WHO


@pytest.mark.parametrize("kind", KINDS)
def test_a_promise_counts_only_where_it_is_asked_for(kind: str) -> None:
    assert code(layer(OURS, kind=kind), Demands()) == "log-entry.no-inclusion-proof"
    bare = layer(OURS, kind=kind, beside={"log": ""}, stamp={})
    assert code(bare, Demands()) == "sigstore.no-log-entry"
    assert code(bare) == "sigstore.no-log-entry"
    found = checked(bare, Demands(log="none"))
    assert ([time.by for time in found.times], found.logged) == (["time-stamp"], -1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_promise_that_is_none_does_not_pass_for_one(kind: str) -> None:
    """Where a time stamp says when, nothing but the promise says that a log has it."""
    piece = layer(OURS, kind=kind, stamp={})
    assert [time.by for time in checked(piece).times] == ["time-stamp", "log"]
    held = json.loads(read(piece).log)
    held["Payload"]["integratedTime"] = 0
    held["SignedEntryTimestamp"] = "AAAA"
    assert code(changed(piece, log=json.dumps(held))) == "log-entry.no-inclusion-proof"
    assert code(layer(OURS, kind=kind, entry={"promise_by": OURS.stranger}, stamp={})) == "log-entry.promise-forged"


def test_keys_sign_this_way_too() -> None:
    for kind in KINDS:
        key = p256()
        piece = layer(OURS, key, kind=kind, by_key=True)
        assert checked(piece, signer=spki(key)).certificate == b""
        assert code(piece) == "sigstore.no-key"
        assert code(piece, signer=spki(p256())) == "signature.bad"
        assert code(layer(OURS, key, kind=kind), signer=spki(key)) == "sigstore.not-by-key"


def test_keys_of_other_kinds() -> None:
    for key in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        assert checked(layer(OURS, key, beside={"log": ""}, stamp={}), Demands(log="none")).payload == PAYLOAD
    assert code(layer(OURS, ed25519.Ed25519PrivateKey.generate(), signed_by=p256())) == "signature.bad"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"leaf": {"end": NOW - timedelta(seconds=1), "begin": NOW - DAY}}, "certificate.outside-validity"),
        ({"leaf": {"issuer": (OURS.middle_certificate, OURS.stranger)}}, "certificate.untrusted"),
        ({"leaf": {"sct": False}}, "certificate.no-sct"),
        ({"leaf": {"sct_by": OURS.stranger}}, "certificate.sct-forged"),
        ({"signed_by": OURS.stranger}, "signature.bad"),
        ({"entry": {"promise_by": OURS.stranger}}, "log-entry.promise-forged"),
        ({"entry": {"integrated": NOW + DAY}}, "certificate.outside-validity"),
        ({"entry": {"log_id": b"another log"}}, "log-entry.unknown-log"),
        ({"entry": {"promise": False}}, "annotation.malformed"),
        ({"entry": {"body_kind": "rekord"}}, "sigstore.no-time"),
        ({"stamp": {"key": OURS.stranger}}, "timestamp.forged"),
        ({"stamp": {"at": NOW + timedelta(hours=1)}}, "certificate.outside-validity"),
        ({"beside": {"log": ""}}, "sigstore.no-time"),
        ({"beside": {"certificate": ""}}, "sigstore.no-key"),
        ({"certificate": authority("an authority", OURS.stranger)}, "sigstore.root-certificate"),
        ({"beside": {"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}}, "certificate.malformed"),
        ({"beside": {"certificate": pem(OURS.middle_certificate) * 2}}, "annotation.malformed"),
        ({"beside": {"certificate": "no PEM"}}, "annotation.malformed"),
        ({"beside": {"certificate": "-----BEGIN CERTIFICATE-----\nA=A=\n-----END CERTIFICATE-----"}}, "annotation.malformed"),
        ({"beside": {"chain": pem(OURS.middle_certificate) + "and more"}}, "annotation.malformed"),
        ({"beside": {"chain": pem(OURS.middle_certificate) * 9}}, "annotation.malformed"),
        ({"beside": {"chain": " " * (300 << 10)}}, "annotation.malformed"),
        ({"beside": {"log": "[]"}}, "annotation.malformed"),
        ({"beside": {"log": "{"}}, "json.malformed"),
        ({"beside": {"log": json.dumps({"SignedEntryTimestamp": "AAAA", "Payload": {"body": {}}})}}, "annotation.malformed"),
        ({"beside": {"time_stamp": "{}"}}, "annotation.malformed"),
        ({"beside": {"time_stamp": json.dumps({"SignedRFC3161Timestamp": "AAAA"})}}, "timestamp.malformed"),
    ],
    ids=[f"{number}" for number in range(27)],
)
def test_one_thing_is_wrong(kind: str, options: dict[str, Any], wanted: str) -> None:
    assert code(layer(OURS, kind=kind, **options)) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_the_log_entry_is_about_this_very_signature_signer_and_content(kind: str) -> None:
    """CVE-2022-36056, CVE-2026-22703: a log's good promise of something else."""
    key = p256()
    leaf = OURS.leaf(key)
    good = layer(OURS, key, kind=kind, certificate=leaf)
    payload, signature = parts(good)
    data = annotated.envelope_of(good.data)[0] if kind != "hashedrekord" else payload
    other = sign(key, b"something else")

    def of(logged: tuple[bytes, bytes, bytes], by: str = "") -> str:
        return code(layer(OURS, key, kind=kind, certificate=leaf, signature=signature, logged=logged, logged_by=by or pem(leaf)))

    assert checked(layer(OURS, key, kind=kind, certificate=leaf, signature=signature, logged=(data, payload, signature))).logged == 1
    assert of((data, b"something else", signature)) == "log-entry.other-artifact"
    assert of((data, payload, signature), pem(OURS.leaf(key))) == "log-entry.other-signer"
    assert of((data, payload, signature), pem(OURS.leaf(p256()))) == "log-entry.other-signer"
    # The oldest kind of entry knows of no signature, but of the envelope around it.
    assert of((data if kind != "intoto" else data + b" ", payload, other)) == "log-entry.other-signature"


def test_a_layer_is_given_somebody_elses_entry() -> None:
    """What is in the log is in order, of its own signature; it stands beside another one."""
    for kind in KINDS:
        mine, yours = layer(OURS, kind=kind), layer(OURS, kind=kind)
        assert code(changed(mine, log=read(yours).log)) in {"log-entry.other-signature", "log-entry.other-signer"}
        held = json.loads(read(mine).log)
        held["Payload"]["body"] = json.loads(read(yours).log)["Payload"]["body"]
        assert code(changed(mine, log=json.dumps(held))) == "log-entry.promise-forged"
        assert code(changed(mine, certificate=read(yours).certificate)) == "signature.bad"


def test_a_payload_is_of_the_digest_that_was_asked_for() -> None:
    assert code(layer(OURS), digest="sha256:" + "0" * 64) == "simple-signing.other-digest"
    document = json.loads(PAYLOAD)
    document["critical"]["type"] = "atomic container signature"
    assert code(layer(OURS, payload=json.dumps(document).encode())) == "simple-signing.other-type"
    assert code(layer(OURS, payload=b"{}")) == "simple-signing.malformed"
    good = simple_signing.parse(layer(OURS).data)
    whole = annotated.join(good.payload + b" ", b64(good.signature), good.beside)
    assert code(Evidence(media_type=simple_signing.MEDIA_TYPE, data=whole, origin="")) == "signature.bad"


def test_a_time_stamp_of_an_envelope_is_over_the_envelope_or_its_signature() -> None:
    piece = layer(OURS, kind="dsse")
    envelope, _ = annotated.envelope_of(piece.data)
    _, signature = parts(piece)
    for stamped, wanted in ((envelope, ""), (signature, ""), (STATEMENT, "timestamp.other-message"), (envelope + b" ", "timestamp.other-message")):
        response = json.dumps({"SignedRFC3161Timestamp": b64(OURS.stamp(stamped))})
        stamped_piece = changed(piece, time_stamp=response)
        if wanted:
            assert code(stamped_piece) == wanted
        else:
            assert [time.by for time in checked(stamped_piece).times] == ["time-stamp", "log"]


GOOD = {kind: layer(OURS, kind=kind, stamp={}) for kind in KINDS}


@given(st.data())
def test_whatever_is_altered_is_accepted_as_it_was_or_refused(data: st.DataObject) -> None:
    """A character of any annotation, or a byte of the layer."""
    piece = GOOD[data.draw(st.sampled_from(KINDS))]
    name = data.draw(st.sampled_from(["certificate", "chain", "log", "time_stamp"]))
    text = getattr(read(piece), name)
    at = data.draw(st.integers(0, len(text) - 1))
    bent = changed(piece, **{name: text[:at] + data.draw(st.characters(codec="ascii")) + text[at + data.draw(st.integers(0, 2)) :]})
    try:
        found = checked(bent)
    except EvidenceError:
        return
    assert (found.payload, found.certificate, found.logged) == (checked(piece).payload, checked(piece).certificate, 1)


@given(st.binary(max_size=200), st.text(max_size=50), st.text(max_size=50), st.text(max_size=50))
def test_rubbish_is_refused(raw: bytes, certificate: str, log: str, stamp: str) -> None:
    beside = Beside(certificate=certificate, log=log, time_stamp=stamp)
    for kind in (annotated.ATTESTATION, simple_signing.MEDIA_TYPE):
        for whole in (raw, annotated.join(raw, "AAAA", beside)):
            with pytest.raises(EvidenceError):
                checked(Evidence(media_type=kind, data=whole, origin=""))


def test_what_is_no_such_layer() -> None:
    assert code(Evidence(media_type="application/json", data=b"{}", origin="")) == "evidence.unknown-format"
    assert code(Evidence(media_type=annotated.ATTESTATION, data=b"{}", origin="")) == "annotation.malformed"
    assert code(Evidence(media_type=annotated.ATTESTATION, data=b'{"payload":"AA=","signature":""}', origin="")) == "annotation.malformed"
    assert code(Evidence(media_type=annotated.ATTESTATION, data=annotated.join(b"{}", "", Beside()), origin="")) == "dsse.malformed"
    envelope = json.loads(annotated.envelope_of(layer(OURS, kind="dsse").data)[0])
    envelope["signatures"] *= 2
    twice = annotated.join(json.dumps(envelope).encode(), "", read(layer(OURS, kind="dsse")))
    assert code(Evidence(media_type=annotated.ATTESTATION, data=twice, origin="")) == "sigstore.too-many-signatures"


def test_under_keys_alone_a_certificate_counts_for_nothing() -> None:
    """Where no trusted root is asked: a known key's signature counts whatever stands beside it, and nobody else's does."""
    key = p256()
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    for kind in ("hashedrekord", "dsse"):
        (fact,) = artifact.read([layer(OURS, kind=kind)], {"other": line}, {DIGEST}, NOW)
        assert isinstance(fact, Rejected)
        assert fact.code == "bundle.keyless"
        for by_key in (True, False):
            (fact,) = artifact.read([layer(OURS, key, kind=kind, by_key=by_key)], {"own": line}, {DIGEST}, NOW)
            assert isinstance(fact, Signature)
            assert (fact.key, fact.subject) == (fingerprint(line), DIGEST)


def test_pieces_without_annotations_keep_their_bytes() -> None:
    assert annotated.join(b"one", "AAAA", Beside()) == b'{"payload":"b25l","signature":"AAAA"}'


REAL = Path(os.environ.get("GOMODCACHE") or Path.home() / "go" / "pkg" / "mod") / "github.com" / "slsa-framework"
LAYOUTS = sorted(REAL.glob("slsa-verifier/v2@*/cli/slsa-verifier/testdata/gha_generic_container/*/container_workflow_dispatch"))


@pytest.mark.skipif(not LAYOUTS, reason="slsa-verifier's test data are not among Go's modules: dev/servers fetches them")
def test_attestations_of_the_public_good_instance() -> None:
    """What GitHub's container generator attached from 2023 to 2025, as slsa-verifier keeps it: entries of the kinds intoto 0.0.1 and dsse 0.0.1."""
    root = trust.parse((Path(__file__).parent / "sigstore" / "public-good.json").read_bytes())
    kinds = []
    for layout in LAYOUTS:
        found = OciLayouts().attached(Ref(scheme="oci", path=str(layout)), (layout.parent / f"{layout.name}.digest").read_text().strip())
        assert [one.media_type for one in found] == [annotated.ATTESTATION]
        verified = cosign_layout.verify(found[0], root, set(), demands=PROMISE)
        assert identity.read(verified.certificate).subject.startswith(
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v"
        )
        assert [time.by for time in verified.times] == ["log"]
        entry = cosign_layout.bundle_of(found[0]).entry
        assert entry is not None
        kinds.append(f"{entry.kind} {entry.version}")
        with pytest.raises(EvidenceError) as err:
            cosign_layout.verify(found[0], root, set())
        assert err.value.code == "log-entry.no-inclusion-proof"
    assert {"intoto 0.0.1", "dsse 0.0.1"} <= set(kinds)


DATA = ROOT.parent / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
def test_a_real_bundle_in_the_older_layout_proves_the_same() -> None:
    """Real certificates, promises and envelopes of bundles, laid out as cosign did before them."""
    root = trust.parse((Path(__file__).parent / "sigstore" / "public-good.json").read_bytes())
    kinds = set()
    for path in sorted([*DATA.glob("slsa/gha_*/*/*.jsonl"), *DATA.glob("sigstore-bundles/*/bundle.sigstore.json")]):
        document = json.loads(path.read_text().splitlines()[0] if path.suffix == ".jsonl" else path.read_bytes())
        try:
            whole = bundles.parse(json.dumps(document).encode())
            proved = sigstore.verify(whole, root, {}, demands=PROMISE)
        except (EvidenceError, KeyError):
            continue
        if whole.entry is None or not whole.entry.promise or not whole.signed.payload_type:
            continue
        found = cosign_layout.verify(laid_out(whole, document), root, set(), demands=PROMISE)
        assert (found.certificate, found.times, found.logged, found.payload) == (proved.certificate, proved.times[-1:], proved.logged, proved.payload)
        kinds.add(f"{whole.entry.kind} {whole.entry.version}")
    assert kinds == {"dsse 0.0.1", "intoto 0.0.2"}


def laid_out(whole: bundles.Bundle, document: dict[str, Any]) -> Evidence:
    entry = whole.entry
    assert entry is not None
    held = {"body": b64(entry.body), "integratedTime": entry.integrated, "logIndex": entry.index, "logID": entry.log.hex()}
    beside = Beside(
        certificate=pem(x509.load_der_x509_certificate(whole.chain[0])),
        chain="".join(pem(x509.load_der_x509_certificate(one)) for one in whole.chain[1:]),
        log=json.dumps({"SignedEntryTimestamp": b64(entry.promise), "Payload": held}),
    )
    return Evidence(media_type=annotated.ATTESTATION, data=annotated.join(json.dumps(document["dsseEnvelope"]).encode(), "", beside), origin="")


def read(piece: Evidence) -> Beside:
    if piece.media_type == annotated.ATTESTATION:
        return annotated.envelope_of(piece.data)[1]
    return simple_signing.parse(piece.data).beside


def changed(piece: Evidence, **annotations: str) -> Evidence:
    """The same layer with other annotations."""
    beside = Beside(**{name: getattr(read(piece), name) for name in ("certificate", "chain", "log", "time_stamp")} | annotations)
    if piece.media_type == annotated.ATTESTATION:
        return Evidence(media_type=piece.media_type, data=annotated.join(annotated.envelope_of(piece.data)[0], "", beside), origin="")
    signed = simple_signing.parse(piece.data)
    return Evidence(media_type=piece.media_type, data=annotated.join(signed.payload, b64(signed.signature), beside), origin="")


def parts(piece: Evidence) -> tuple[bytes, bytes]:
    """What was signed and the signature."""
    signed = cosign_layout.bundle_of(piece).signed
    return signed.payload, signed.signature
