"""evidence.algorithms, and the keys of a policy: one key, one algorithm, and nothing is tried out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from build import NOW
from lockgate import canon
from lockgate.core.digest import digest_of
from lockgate.core.facts import Rejected, Signature
from lockgate.core.identity import Person, fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, PolicyError
from lockgate.evidence import algorithms, artifact, b64, dsse, keys, policy_yaml, roster_yaml, simple_signing
from lockgate.evidence.algorithms import Loaded
from lockgate.evidence.sigstore import key as sigstore_key
from lockgate.evidence.sshwire import mpint, string

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
RSA = {bits: rsa.generate_private_key(65537, bits) for bits in (2048, 4096)}
ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 40")
EC = {name: ec.derive_private_key(0xBEEF, curve) for name, curve in (("p256", ec.SECP256R1()), ("p384", ec.SECP384R1()), ("p521", ec.SECP521R1()))}
MESSAGE = b"message"
SUBJECT = digest_of(b"an artifact")


def public(name: str) -> Loaded:
    private = ED if name == "ed25519" else EC[name.removeprefix("ecdsa-")] if name.startswith("ecdsa") else RSA[2048]
    return private.public_key()


def spki(loaded: Loaded) -> str:
    return b64.encode(loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def signer(name: str, bits: int = 2048) -> Callable[[bytes], bytes]:
    """Signs by this algorithm, whatever lockgate makes of it."""
    if name == "ed25519":
        return ED.sign
    if name.startswith("ecdsa"):
        return lambda data: EC[name.removeprefix("ecdsa-")].sign(data, ec.ECDSA(HASHES[{"p256": "sha256", "p384": "sha384", "p521": "sha512"}[name[6:]]]))
    used = HASHES[name.rpartition("-")[2]]
    how = padding.PKCS1v15() if "pkcs1" in name else padding.PSS(padding.MGF1(used), used.digest_size)
    return lambda data: RSA[bits].sign(data, how, used)


def normal(name: str) -> str:
    """The key in normal form, with that algorithm."""
    return keys.with_algorithm(keys.parse_spki(b64.decode(spki(public(name)))), name)


def envelope(name: str, keyid: str = "", bits: int = 2048) -> bytes:
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": SUBJECT[7:]}}],
        "predicateType": artifact.SIGNATURE_TYPE,
        "predicate": {},
    }
    payload = json.dumps(said).encode()
    sig = base64.b64encode(signer(name, bits)(dsse.pae("application/vnd.in-toto+json", payload))).decode()
    document = {"payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": sig, "keyid": keyid}]}
    return json.dumps(document).encode()


def read(data: bytes, key: str) -> object:
    (fact,) = artifact.read([Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="test")], {"release": key}, {SUBJECT}, NOW)
    return fact


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_what_a_key_signs_is_a_fact_under_its_algorithm_alone(name: str) -> None:
    key = normal(name)
    assert keys.algorithm_of(key) == name == sigstore_key.named_key(key).algorithm
    assert keys.check(key) == key
    fact = read(envelope(name), key)
    assert isinstance(fact, Signature)
    assert fact.key == fingerprint(key)
    for other in keys.RSA_ALGORITHMS if name.startswith("rsa-") else ():
        if other != name:
            fact = read(envelope(other), key)
            assert isinstance(fact, Rejected)
            assert fact.code == "dsse.unknown-key"
            fact = read(envelope(other, keyid=fingerprint(key)), key)
            assert isinstance(fact, Rejected)
            assert fact.code == "dsse.bad-signature"


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_a_sigstore_key_verifies_the_same(name: str) -> None:
    key, signature = sigstore_key.named_key(normal(name)), signer(name)(MESSAGE)
    sigstore_key.verify(key, signature, MESSAGE)
    with pytest.raises(ValueError, match="does not fit"):
        sigstore_key.verify(key, signature, b"other")
    if key.prehash:
        digest = hashes.Hash(HASHES[key.prehash])
        digest.update(MESSAGE)
        sigstore_key.verify_digest(key, signature, digest.finalize())
        with pytest.raises(ValueError, match="another digest"):
            sigstore_key.verify_digest(key, signature, b"short")
    else:
        with pytest.raises(ValueError, match="no digests"):
            sigstore_key.verify_digest(key, signature, MESSAGE)


@pytest.mark.parametrize("name", ["rsa-pkcs1-sha256", "rsa-pss-sha512", "ecdsa-p384", "ecdsa-p521"])
def test_cosigns_payload_by_any_of_them(name: str) -> None:
    critical = {"identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": SUBJECT}, "type": simple_signing.PAYLOAD_TYPE}
    payload = json.dumps({"critical": critical, "optional": None}).encode()
    signed = simple_signing.parse(simple_signing.join(payload, base64.b64encode(signer(name)(payload)).decode()))
    key = normal(name)
    assert simple_signing.verify(signed, {fingerprint(key): key}, {SUBJECT}).key == fingerprint(key)
    other = keys.with_algorithm(f"ssh-rsa {key.partition(' ')[2]}", "rsa-pss-sha256") if name.startswith("rsa") else normal("ecdsa-p256")
    with pytest.raises(EvidenceError) as err:
        simple_signing.verify(signed, {fingerprint(other): other}, {SUBJECT})
    assert err.value.code == "simple-signing.unknown-key"


def test_an_ecdsa_signature_with_another_hash_is_none() -> None:
    for name in ("p256", "p384", "p521"):
        for used in HASHES.values():
            signature = EC[name].sign(MESSAGE, ec.ECDSA(used))
            own = algorithms.ALGORITHMS[f"ecdsa-{name}"].hash == used.name
            if own:
                keys.verify_evidence(normal(f"ecdsa-{name}"), MESSAGE, signature)
                continue
            with pytest.raises(EvidenceError) as err:
                keys.verify_evidence(normal(f"ecdsa-{name}"), MESSAGE, signature)
            assert err.value.code == "signature.bad"


def test_pss_with_another_salt_or_mask_is_none() -> None:
    for how in (padding.PSS(padding.MGF1(hashes.SHA256()), 20), padding.PSS(padding.MGF1(hashes.SHA512()), 32), padding.PSS(padding.MGF1(hashes.SHA256()), 0)):
        with pytest.raises(EvidenceError) as err:
            keys.verify_evidence(normal("rsa-pss-sha256"), MESSAGE, RSA[2048].sign(MESSAGE, how, hashes.SHA256()))
        assert err.value.code == "signature.bad"


def test_an_rsa_signature_has_one_length() -> None:
    signature = signer("rsa-pkcs1-sha256")(MESSAGE)
    for wrong in (b"", signature[1:], b"\0" + signature, signature + b"\0"):
        with pytest.raises(EvidenceError) as err:
            keys.verify_evidence(normal("rsa-pkcs1-sha256"), MESSAGE, wrong)
        assert err.value.code == "signature.bad"


POLICY = "version: 1\nproject: shop\nenvironments:\n  a:\n    requires: [{signed-by: {keys: [k]}}]\nkeys:\n  k: "


def policy_key(form: str, files: dict[str, bytes] | None = None) -> str:
    return policy_yaml.parse_policy((POLICY + form).encode(), "p.yaml", (files or {}).__getitem__).keys["k"]


def refusal(form: str, files: dict[str, bytes] | None = None) -> str:
    with pytest.raises(PolicyError) as err:
        policy_key(form, files)
    assert "p.yaml:7:" in err.value.message
    return err.value.code


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_every_form_in_a_policy_is_the_same_key(name: str) -> None:
    key, pem = normal(name), keys.spki_pem(normal(name))
    forms = [f"{{pem: {json.dumps(pem)}, algorithm: {name}}}", f"{{algorithm: {name}, file: k.pub}}"]
    forms.append(f'{{{name}: "{spki(public(name)) if name != "ed25519" else b64.encode(public(name).public_bytes(Encoding.Raw, PublicFormat.Raw))}"}}')
    if not name.startswith("rsa-"):
        forms += ["{file: k.pub}", f"{{ssh: {json.dumps(key)}}}"]
    assert {policy_key(form, {"k.pub": pem.encode()}) for form in forms} == {key}
    policy = policy_yaml.parse_policy((POLICY + forms[0]).encode(), "p.yaml", None)
    assert policy_yaml.parse_policy(policy_yaml.dump_policy(policy).encode(), "again.yaml", None) == policy


def test_an_rsa_key_names_its_algorithm() -> None:
    pem = keys.spki_pem(normal("rsa-pss-sha256"))
    line = f"ssh-rsa {normal('rsa-pss-sha256').partition(' ')[2]}"
    for form in (f"{{pem: {json.dumps(pem)}}}", "{file: k.pub}", f"{{ssh: {line}}}"):
        assert refusal(form, {"k.pub": pem.encode()}) == "key.no-algorithm"
    for form in (
        "{file: k.pub, algorithm: ed25519}",
        "{file: k.pub, algorithm: rsa-sha256}",
        "{file: other.pub, algorithm: ecdsa-p384}",
        f'{{ecdsa-p384: "{spki(public("ecdsa-p521"))}"}}',
        f'{{rsa-pss-sha256: "{spki(public("ecdsa-p521"))}"}}',
    ):
        files = {"k.pub": pem.encode(), "other.pub": keys.spki_pem(normal("ecdsa-p256")).encode()}
        assert refusal(form, files) == "key.other-algorithm"
    assert refusal("{file: k.pub, algorithm: }", {"k.pub": pem.encode()}) == "key.no-algorithm"
    for form in (
        "{file: k.pub, algorithm: [rsa-pss-sha256]}",
        "{algorithm: ed25519}",
        f'{{ed25519: "{"A" * 43}=", algorithm: ed25519}}',
        "{file: k.pub, pem: x}",
    ):
        assert refusal(form, {"k.pub": pem.encode()}) == "policy.bad-value"


def weak_rsa(exponent: int, modulus: int) -> str:
    """SubjectPublicKeyInfo of numbers that no library would make a key of."""

    def der(tag: int, value: bytes) -> bytes:
        size = len(value).to_bytes(2, "big")
        return bytes((tag,)) + (b"\x82" + size if len(value) > 255 else b"\x81" + size[1:] if len(value) > 127 else size[1:]) + value

    def number(value: int) -> bytes:
        return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    numbers = der(0x30, number(modulus) + number(exponent))
    return b64.encode(der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der(3, b"\0" + numbers)))


N = RSA[2048].public_key().public_numbers().n
WEAK = {
    "exponent-1": (1, N),
    "exponent-2": (2, N),
    "exponent-even": (65536, N),
    "exponent-huge": (2**33 + 1, N),
    "1024-bits": (65537, N >> 1024 | 1),
    "4160-bits": (65537, RSA[4096].public_key().public_numbers().n << 64 | 1),
    "modulus-even": (65537, N - 1),
}


@pytest.mark.parametrize("name", WEAK)
def test_weak_rsa_keys_are_refused_where_the_policy_is_read(name: str) -> None:
    exponent, modulus = WEAK[name]
    assert refusal(f'{{rsa-pss-sha256: "{weak_rsa(exponent, modulus)}"}}') == "key.weak"
    line = f"ssh-rsa {b64.encode(string(b'ssh-rsa') + mpint(exponent) + mpint(modulus))}"
    assert refusal(f"{{ssh: {line}, algorithm: rsa-pss-sha256}}") == "key.weak"
    with pytest.raises(EvidenceError) as err:
        keys.verifier_of(line.replace("ssh-rsa", "rsa-pkcs1-sha512"))
    assert err.value.code == "key.weak"


def test_weak_and_strange_curves_are_refused_where_the_policy_is_read() -> None:
    for curve, code in (
        (ec.SECP192R1(), "key.weak"),
        (ec.SECP224R1(), "key.weak"),
        (ec.SECP256K1(), "key.unsupported"),
        (ec.BrainpoolP384R1(), "key.unsupported"),
    ):
        pem = ec.generate_private_key(curve).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        assert refusal("{file: k.pub}", {"k.pub": pem}) == code
        assert refusal("{file: k.pub, algorithm: ecdsa-p384}", {"k.pub": pem}) == code


def test_one_rsa_key_does_not_count_twice_by_two_algorithms() -> None:
    both = f'{{rsa-pss-sha256: "{spki(public("rsa-pss-sha256"))}"}}\n  l: {{rsa-pss-sha512: "{spki(public("rsa-pss-sha256"))}"}}'
    assert fingerprint(normal("rsa-pss-sha256")) == fingerprint(normal("rsa-pkcs1-sha512"))
    with pytest.raises(PolicyError) as err:
        policy_key(both)
    assert "p.yaml:8:3: 'l' is the same public key as 'k'" in err.value.message


def test_a_person_has_no_algorithm() -> None:
    line = f"ssh-rsa {normal('rsa-pss-sha256').partition(' ')[2]}"
    roster = f"people:\n  Ada:\n    keys: [{{ssh: {line}}}]\n".encode()
    assert roster_yaml.parse_roster(roster, "r.yaml", None).people["Ada"].keys == (line,)
    for form in (f"ssh: {line}, algorithm: rsa-pss-sha256", f'rsa-pss-sha256: "{spki(public("rsa-pss-sha256"))}"'):
        with pytest.raises(PolicyError) as err:
            roster_yaml.parse_roster(f"people:\n  Ada:\n    keys: [{{{form}}}]\n".encode(), "r.yaml", None)
        assert "which name their algorithm" in err.value.message
    with pytest.raises(EvidenceError) as refused:
        keys.parse_public_key(normal("rsa-pss-sha256").encode())
    assert refused.value.code == "key.malformed"
    with pytest.raises(EvidenceError) as refused:
        canon.decode(canon.encode(Person(id="p-" + "a" * 16, keys=(normal("rsa-pss-sha256"),))), Person)
    assert refused.value.code == "json.malformed"


def test_a_try_counts_by_what_it_costs() -> None:
    known = {fingerprint(key): key for key in map(normal, ("ecdsa-p521", "ecdsa-p256", "ed25519"))}
    one = dsse.parse(envelope("ecdsa-p521"))
    assert dsse.work(one, known) == (5 << 16) + len(one.payload)
    assert dsse.work(dsse.parse(envelope("ecdsa-p256")), known) == (5 << 16) + (1 << 16) + 2 * len(one.payload), "it could be a P-521 key's"
    assert dsse.work(dsse.parse(envelope("rsa-pss-sha256")), known) == 0
    many = {str(number): key for number, key in enumerate([normal("ecdsa-p521")] * 300)}
    with pytest.raises(EvidenceError) as err:
        dsse.verify(dsse.parse(envelope("ecdsa-p521")), many)
    assert err.value.code == "dsse.too-many-signatures"


def test_a_key_that_signs_no_evidence_is_passed_over() -> None:
    plain = f"ssh-rsa {normal('rsa-pss-sha256').partition(' ')[2]}"
    sk = keys.parse_blob(string(b"sk-ssh-ed25519@openssh.com") + string(ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)) + string(b"ssh:"))
    for key in (plain, sk):
        assert keys.algorithm_of(key) == ""
        fact = read(envelope("rsa-pkcs1-sha256", keyid=fingerprint(key)), key)
        assert isinstance(fact, Rejected)
        assert fact.code == "dsse.bad-signature"
        assert dsse.work(dsse.parse(envelope("rsa-pkcs1-sha256")), {fingerprint(key): key}) == 0
        with pytest.raises(EvidenceError) as err:
            sigstore_key.named_key(key)
        assert err.value.code == ("key.no-algorithm" if key == plain else "key.unsupported")
