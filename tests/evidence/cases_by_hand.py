"""The cases of `make_cases` that are bytes put together by hand: what no tool writes, and what it wrote, bent."""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

DIGEST = "9f2c" * 16
ASN1_P256_POINT = 65
MAGIC = b"SSHSIG"


class Make(Protocol):
    def case(self, reader: str, name: str, data: bytes, expected: Any, why: str, args: Any = None) -> None: ...


def string(data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def mpint(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def ed25519_blob(raw: bytes) -> bytes:
    return string("ssh-ed25519") + string(raw)


def p256_blob(point: bytes) -> bytes:
    return string("ecdsa-sha2-nistp256") + string("nistp256") + string(point)


def line_of(der: bytes) -> str:
    """The OpenSSH line of openssl's DER of an Ed25519 or P-256 key."""
    blob = ed25519_blob(der[-32:]) if len(der) == 44 else p256_blob(der[-ASN1_P256_POINT:])
    return blob[4 : 4 + blob[3]].decode() + " " + base64.b64encode(blob).decode()


def fingerprint(line: str) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(line.split()[1])).digest()).decode().rstrip("=")


def raw_pair(der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _line(kind: str, blob: bytes) -> bytes:
    return f"{kind} {base64.b64encode(blob).decode()}\n".encode()


def keys_malformed(make: Make) -> None:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    sk = string("sk-ssh-ed25519@openssh.com") + string(raw)
    sk_p256 = string("sk-ecdsa-sha2-nistp256@openssh.com") + string("nistp256") + string(point)
    for kind, blob in [("sk-ssh-ed25519@openssh.com", sk + string("ssh:")), ("sk-ecdsa-sha2-nistp256@openssh.com", sk_p256 + string("ssh:lockgate"))]:
        key = _line(kind, blob).decode().strip()
        make.case(
            "keys",
            kind.partition("@")[0],
            f"{key} a comment of words".encode(),
            {"key": key, "fingerprint": fingerprint(key)},
            "a security key's public line, put together by hand",
        )
    good = _line("ssh-ed25519", ed25519_blob(raw))
    small = {
        "identity": 1,
        "order-2": 2**255 - 20,
        "order-4": 0,
        "order-4-signed": 2**255,
        "order-8": 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
    for name, y in small.items():
        make.case(
            "keys",
            f"small-{name}_fail",
            _line("ssh-ed25519", ed25519_blob(y.to_bytes(32, "little"))),
            "key.weak",
            "an Ed25519 point of small order: one signature fits any message",
        )
    rsa_blob = string("ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)
    fail = {
        "ed25519-not-reduced": (_line("ssh-ed25519", ed25519_blob((2**255 - 19 + 5).to_bytes(32, "little"))), "key.malformed", "y is not below the field's prime: a second form of another point"),
        "ed25519-33-bytes": (_line("ssh-ed25519", ed25519_blob(raw + b"\0")), "key.malformed", "a point of 33 bytes"),
        "trailing-bytes": (_line("ssh-ed25519", ed25519_blob(raw) + b"\0"), "key.malformed", "a byte after the key: a second blob of the same key"),
        "cut-short": (_line("ssh-ed25519", ed25519_blob(raw)[:-1]), "key.malformed", "the last byte is missing"),
        "length-beyond-end": (_line("ssh-ed25519", string("ssh-ed25519") + b"\xff\xff\xff\xff"), "key.malformed", "a length of four thousand million bytes"),
        "other-type-before": (good.replace(b"ssh-ed25519 ", b"ssh-rsa ", 1), "key.malformed", "the line says rsa, the key in it is Ed25519"),
        "unused-bits": (good.strip()[:-1] + bytes([good.strip()[-1] ^ 1]) + b"\n", "", ""),
        "base64-spaces": (good[:40] + b" " + good[40:], "key.malformed", "white space inside the base64"),
        "rsa-exponent-1": (_line("ssh-rsa", string("ssh-rsa") + mpint(1) + mpint(numbers.n)), "key.weak", "with the exponent 1 the signature is the padded hash: anyone can write it"),
        "rsa-exponent-even": (_line("ssh-rsa", string("ssh-rsa") + mpint(65538) + mpint(numbers.n)), "key.weak", "an even exponent has no inverse"),
        "rsa-modulus-even": (_line("ssh-rsa", string("ssh-rsa") + mpint(65537) + mpint(numbers.n + 1)), "key.weak", "an even modulus is no product of two primes"),
        "rsa-16384-bits": (_line("ssh-rsa", string("ssh-rsa") + mpint(65537) + mpint(2**16383 + 1)), "key.weak", "so large that each check takes long"),
        "rsa-zero-before": (_line("ssh-rsa", string("ssh-rsa") + mpint(65537) + string(b"\0" + mpint(numbers.n)[4:])), "key.malformed", "a zero byte too many: a second blob of the same key"),
        "rsa-negative": (_line("ssh-rsa", string("ssh-rsa") + mpint(65537) + string(mpint(numbers.n)[5:])), "key.malformed", "a modulus below zero"),
        "rsa-missing-modulus": (_line("ssh-rsa", rsa_blob[: -len(mpint(numbers.n))]), "key.malformed", "an exponent and no modulus"),
        "p256-other-curve": (_line("ecdsa-sha2-nistp256", p256_blob(point).replace(b"nistp256", b"nistp384").replace(b"nistp384", b"nistp256", 1)), "key.malformed", "the type says P-256, the curve P-384"),
        "p256-off-curve": (_line("ecdsa-sha2-nistp256", p256_blob(point[:-1] + bytes([point[-1] ^ 1]))), "key.malformed", "a point that is not on the curve"),
        "p256-infinity": (_line("ecdsa-sha2-nistp256", p256_blob(b"\0")), "key.malformed", "the point at infinity"),
        "p256-compressed": (_line("ecdsa-sha2-nistp256", p256_blob(bytes([2 + point[-1] % 2]) + point[1:33])), "key.malformed", "a compressed point: a second blob of the same key"),
        "sk-other-application": (_line("sk-ssh-ed25519@openssh.com", sk + string("https://shop.example")), "key.malformed", "a web login's credential is no SSH key"),
        "sk-without-application": (_line("sk-ssh-ed25519@openssh.com", sk), "key.malformed", "a security key without its application"),
        "private-openssh": (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "key.private", "somebody gave the wrong one of two files (there is no key in this one)"),
        "pem-two": (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "key.malformed", "two PEM blocks"),
        "pem-empty": (b"-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n", "key.malformed", "a PEM block of nothing"),
        "empty": (b"", "key.malformed", "an empty file"),
        "not-ascii": ("ssh-ed25519 AAAÄ\n".encode(), "key.malformed", "an umlaut in the base64"),
        "huge": (b"ssh-ed25519 " + b"A" * 20_000, "key.malformed", "twenty thousand characters"),
    }  # fmt: skip
    # 51 bytes of blob leave no unused bits in base64; a blob of the p256 kind does.
    padded = _line("ecdsa-sha2-nistp256", p256_blob(point)).strip()
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bent = padded[:-2] + bytes([letters[letters.index(padded[-2]) | 1]]) + padded[-1:]
    fail["unused-bits"] = (bent + b"\n", "key.malformed", "bits of the last character that stand for nothing are set: a second text of the same key")
    for name, (data, code, why) in fail.items():
        make.case("keys", f"{name}_fail", data, code, why)


def sshsig_from_tool(make: Make, blob: bytes, rsa_blob: bytes, own: bytes, other: bytes, args: Any) -> None:
    """`blob` and `rsa_blob` were written by ssh-keygen; each case bends one thing."""
    swapped = blob.replace(string(own), string(other))
    fail = {
        "version-2": (blob.replace(MAGIC + b"\0\0\0\1", MAGIC + b"\0\0\0\2"), "sshsig.unsupported", "a version nobody has defined"),
        "version-0": (blob.replace(MAGIC + b"\0\0\0\1", MAGIC + b"\0\0\0\0"), "sshsig.unsupported", "version 0"),
        "magic": (blob.replace(MAGIC, b"SSHSIh"), "sshsig.malformed", "another magic"),
        "reserved": (blob.replace(string("lockgate-approval@v1") + string(""), string("lockgate-approval@v1") + string("x")), "sshsig.malformed", "the reserved field is not empty"),
        "empty-namespace": (blob.replace(string("lockgate-approval@v1"), string("")), "sshsig.malformed", "an empty namespace is no namespace"),
        "namespace-line-feed": (blob.replace(string("lockgate-approval@v1"), string("lockgate-approval@v1\n")), "sshsig.malformed", "a line feed in the namespace"),
        "hash-sha1": (blob.replace(string("sha512"), string("sha1")), "sshsig.unsupported", "SHA-1 is not accepted"),
        "hash-swapped": (blob.replace(string("sha512"), string("sha256")), "sshsig.bad-signature", "SHA-256 is accepted, but was not signed"),
        "trailing-byte": (blob + b"\0", "sshsig.malformed", "a byte after the signature"),
        "cut-short": (blob[:-1], "sshsig.malformed", "the last byte is missing"),
        "bit-flipped": (blob[:-1] + bytes([blob[-1] ^ 1]), "sshsig.bad-signature", "one bit of the signature"),
        "other-key": (swapped, "sshsig.unsupported", "another's public key put in: its kind does not fit the signature"),
        "other-key-same-kind": (blob.replace(own, ed25519_blob(_ed_raw())), "sshsig.bad-signature", "another's public key of the same kind put in"),
        "inner-trailing-byte": (blob.replace(blob[-87:], string(blob[-83:] + b"\0")), "sshsig.malformed", "a byte after the inner signature"),
        "s-not-reduced": (blob[:-32] + (int.from_bytes(blob[-32:], "little") + 2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little"), "sshsig.bad-signature", "s plus the group's order: the same signature twice (RFC 8032 section 5.1.7)"),
        "rsa-sha1": (rsa_blob.replace(rsa_blob[-408:], string(string("ssh-rsa") + string(rsa_blob[-384:]))), "sshsig.unsupported", "ssh-rsa is SHA-1"),
        "rsa-other-hash": (rsa_blob.replace(string("rsa-sha2-512"), string("rsa-sha2-256")), "sshsig.bad-signature", "signed with SHA-512, says SHA-256"),
        "rsa-one-byte-short": (rsa_blob.replace(rsa_blob[-388:], string(rsa_blob[-384:-1])), "sshsig.malformed", "an RSA signature of 383 bytes, its outer length as before"),
        "rsa-short": (rsa_blob.replace(rsa_blob[-408:], string(string("rsa-sha2-512") + string(rsa_blob[-384:-1]))), "sshsig.bad-signature", "an RSA signature of 383 bytes, which OpenSSH would pad"),
        "empty": (b"", "sshsig.malformed", "no bytes at all"),
        "huge": (blob + bytes(20_000), "sshsig.too-large", "twenty thousand bytes"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("sshsig", f"{name}_fail", data, code, why, args)


def _ed_raw() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def security_key_sshsig(
    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    message: bytes,
    namespace: str,
    flags: int,
    counter: int,
    *,
    application: bytes = b"ssh:",
    signed_application: bytes = b"ssh:",
    signed_counter: int | None = None,
) -> tuple[str, bytes]:
    """What a FIDO key and OpenSSH write together (PROTOCOL.u2f, PROTOCOL.sshsig): public line and binary SSHSIG."""
    data = MAGIC + string(namespace) + string("") + string("sha512") + string(hashlib.sha512(message).digest())
    under = (
        hashlib.sha256(signed_application).digest()
        + bytes([flags])
        + struct.pack(">I", counter if signed_counter is None else signed_counter)
        + hashlib.sha256(data).digest()
    )
    if isinstance(private, ed25519.Ed25519PrivateKey):
        kind, signature = "sk-ssh-ed25519@openssh.com", private.sign(under)
        public = string(kind) + string(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)) + string(application)
    else:
        kind = "sk-ecdsa-sha2-nistp256@openssh.com"
        r, s = decode_dss_signature(private.sign(under, ec.ECDSA(hashes.SHA256())))
        signature = mpint(r) + mpint(s)
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        public = string(kind) + string("nistp256") + string(point) + string(application)
    inner = string(kind) + string(signature) + bytes([flags]) + struct.pack(">I", counter)
    return f"{kind} {base64.b64encode(public).decode()}", MAGIC + struct.pack(">I", 1) + string(public) + string(namespace) + string("") + string(
        "sha512"
    ) + string(inner)


def sshsig_security_keys(make: Make, message: bytes, args: Any) -> None:
    """Flags have no foreign oracle: ssh-keygen accepts all of these that verify (tests/system/test_ssh_keygen.py)."""
    for name, private in (("sk-ed25519", ed25519.Ed25519PrivateKey.generate()), ("sk-p256", ec.generate_private_key(ec.SECP256R1()))):
        for flags, counter, why in [
            (0x01, 7, "touched"),
            (0x05, 2**32 - 1, "touched, and the user verified"),
            (0x01, 0, "touched; a key without a counter"),
            (0x19, 1, "touched; a key that is backed up"),
        ]:
            line, blob = security_key_sshsig(private, message, args["namespace"], flags, counter)
            make.case("sshsig", f"{name}-flags-{flags:02x}-counter-{counter}", blob, {"key": line}, why, args)
        verified = {**args, "requireUv": True}
        line, blob = security_key_sshsig(private, message, args["namespace"], 0x05, 1)
        make.case("sshsig", f"{name}-uv-asked-and-given", blob, {"key": line}, "the caller asks for a verified user", verified)
        fail = {
            "untouched": (security_key_sshsig(private, message, args["namespace"], 0x00, 7)[1], "sshsig.no-touch", "nobody touched the key: a program signed", args),
            "verified-untouched": (security_key_sshsig(private, message, args["namespace"], 0x04, 7)[1], "sshsig.no-touch", "the user verified, but no touch", args),
            "uv-asked": (security_key_sshsig(private, message, args["namespace"], 0x01, 7)[1], "sshsig.no-user-verification", "the caller asks for a verified user; a touch alone", verified),
            "flags-raised": (_bend(security_key_sshsig(private, message, args["namespace"], 0x00, 7)[1], -5, 0x01), "sshsig.bad-signature", "the touch was added after signing", args),
            "counter-changed": (security_key_sshsig(private, message, args["namespace"], 0x01, 7, signed_counter=8)[1], "sshsig.bad-signature", "the counter is under the signature", args),
            "other-application": (security_key_sshsig(private, message, args["namespace"], 0x01, 7, signed_application=b"ssh:other")[1], "sshsig.bad-signature", "made for another application", args),
            "web-application": (security_key_sshsig(private, message, args["namespace"], 0x01, 7, application=b"shop.example", signed_application=b"shop.example")[1], "key.malformed", "a web login's credential", args),
            "without-flags": (_without_flags(security_key_sshsig(private, message, args["namespace"], 0x01, 7)[1]), "sshsig.malformed", "flags and counter are missing", args),
        }  # fmt: skip
        for case, (data, code, why, given) in fail.items():
            make.case("sshsig", f"{name}-{case}_fail", data, code, why, given)


def _bend(blob: bytes, at: int, value: int) -> bytes:
    return blob[:at] + bytes([value]) + blob[len(blob) + at + 1 :]


def _without_flags(blob: bytes) -> bytes:
    start = blob.rindex(string("sha512")) + 10
    return blob[:start] + string(blob[start + 4 : -5])


def dsse_malformed(make: Make, good: bytes, args: Any) -> None:
    document = json.loads(good)
    one = document["signatures"][0]
    fail = {
        "no-signatures": (json.dumps({**document, "signatures": []}).encode(), "dsse.malformed", "an envelope nobody signed"),
        "signatures-null": (json.dumps({**document, "signatures": None}).encode(), "dsse.malformed", "signatures are null"),
        "signatures-object": (json.dumps({**document, "signatures": one}).encode(), "dsse.malformed", "one signature, not in a list"),
        "65-signatures": (json.dumps({**document, "signatures": [one] * 65}).encode(), "dsse.too-many-signatures", "65 signatures"),
        "duplicate-payload": (good.replace(b'{"payload"', b'{"payload": "e30=", "payload"', 1), "json.duplicate-key", "two payloads: which one was signed?"),
        "escaped-duplicate": (good.replace(b'{"payload"', b'{"pay\\u006coad": "e30=", "payload"', 1), "json.duplicate-key", "the same, hidden in an escape"),
        "duplicate-sig": (good.replace(b'{"sig"', b'{"sig": "AAAA", "sig"', 1), "json.duplicate-key", "two values of one signature"),
        "no-payload-type": (json.dumps({key: value for key, value in document.items() if key != "payloadType"}).encode(), "dsse.malformed", "no payload type"),
        "payload-type-surrogate": (good.replace(b"application/vnd.in-toto+json", b"\\ud800"), "json.malformed", "half a character in the payload type"),
        "payload-number": (json.dumps({**document, "payload": 7}).encode(), "dsse.malformed", "the payload is a number"),
        "payload-mixed-base64": (json.dumps({**document, "payload": "-/-/"}).encode(), "dsse.malformed", "both alphabets of base64 in one text"),
        "payload-spaces": (json.dumps({**document, "payload": document["payload"][:8] + "\n" + document["payload"][8:]}).encode(), "dsse.malformed", "a line feed inside the base64"),
        "sig-unused-bits": (json.dumps({**document, "signatures": [{"sig": "QUJ="}]}).encode(), "dsse.malformed", "bits of the last character that stand for nothing"),
        "deep": (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "json.too-deep", "seventy levels"),
        "deep-unclosed": (b"[" * 100_000, "json.too-deep", "a hundred thousand brackets"),
        "nan": (good.replace(b'"signatures"', b'"x": NaN, "signatures"', 1), "json.malformed", "NaN is not JSON"),
        "not-utf8": (good.replace(b"application", b"appl\xffcation"), "json.malformed", "a byte that is not UTF-8"),
        "cut-short": (good[: len(good) // 2], "json.malformed", "the second half is missing"),
        "two-documents": (good + b"\n" + good, "json.malformed", "two envelopes, one after the other"),
        "array": (b"[" + good + b"]", "dsse.malformed", "an envelope in a list"),
        "large": (good + b" " * (1 << 20), "json.too-large", "more than a mebibyte"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("dsse", f"{name}_fail", data, code, why, args)


def statements(make: Make) -> None:
    subject = {"name": "shop", "digest": {"sha256": DIGEST, "sha512": "ab"}}
    good: dict[str, Any] = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://example.com/x/v1",
        "predicate": {"a": 1.5},
    }
    expected = {"subjects": [f"sha256:{DIGEST}"], "predicateType": "https://example.com/x/v1"}
    git = {"name": "git", "digest": {"gitCommit": "a" * 40}}
    passes = {
        "plain": (good, "one subject"),
        "unknown-fields": ({**good, "more": {"x": [1]}}, "unknown fields are ignored, as in-toto says"),
        "no-predicate": ({key: value for key, value in good.items() if key != "predicate"}, "a predicate may be missing"),
        "v0.1": ({**good, "_type": "https://in-toto.io/Statement/v0.1"}, "an older Statement, whose fields mean the same"),
        "subject-twice": ({**good, "subject": [subject, {**subject, "name": "again"}, git]}, "one digest under two names, and a subject without SHA-256"),
    }
    for name, (document, why) in passes.items():
        make.case("statement", name, json.dumps(document).encode(), expected, why)
    text = json.dumps(good).encode()
    fail = {
        "other-version": ({**good, "_type": "https://in-toto.io/Statement/v0.2"}, "statement.other-type", "a version there never was"),
        "type-with-slash": ({**good, "_type": "https://in-toto.io/Statement/v1/"}, "statement.other-type", "almost the type"),
        "no-type": ({key: value for key, value in good.items() if key != "_type"}, "statement.malformed", "no type"),
        "no-predicate-type": ({**good, "predicateType": ""}, "statement.malformed", "no predicate type"),
        "predicate-type-escape": ({**good, "predicateType": "\x1b[2J"}, "statement.malformed", "a terminal's control sequence as predicate type"),
        "predicate-list": ({**good, "predicate": []}, "statement.malformed", "a predicate that is a list"),
        "no-subjects": ({**good, "subject": []}, "statement.malformed", "about nothing"),
        "1025-subjects": ({**good, "subject": [subject] * 1025}, "statement.malformed", "1,025 subjects"),
        "subject-text": ({**good, "subject": [DIGEST]}, "statement.malformed", "a subject that is only a text"),
        "no-digest": ({**good, "subject": [{"name": "shop"}]}, "statement.malformed", "a subject by name alone"),
        "only-gitcommit": ({**good, "subject": [git]}, "statement.no-sha256", "only a git commit, which is SHA-1"),
        "upper-case": (
            {**good, "subject": [{"digest": {"sha256": DIGEST.upper()}}]},
            "statement.malformed",
            "upper-case hex: a second text of the same digest",
        ),
        "prefixed": ({**good, "subject": [{"digest": {"sha256": "sha256:" + DIGEST}}]}, "statement.malformed", "the prefix belongs elsewhere"),
        "63-digits": ({**good, "subject": [{"digest": {"sha256": DIGEST[1:]}}]}, "statement.malformed", "one digit short"),
        "line-feed": ({**good, "subject": [{"digest": {"sha256": DIGEST + "\n"}}]}, "statement.malformed", "a line feed after the digest"),
        "digest-number": ({**good, "subject": [{"digest": {"sha256": 7}}]}, "statement.malformed", "a digest that is a number"),
    }
    for name, (document, code, why) in fail.items():
        make.case("statement", f"{name}_fail", json.dumps(document).encode(), code, why)
    make.case("statement", "duplicate-subject_fail", text.replace(b'"subject"', b'"subject": [], "subject"', 1), "json.duplicate-key", "two lists of subjects")
    make.case(
        "statement",
        "duplicate-sha256_fail",
        text.replace(b'"sha256"', b'"sha256": "%b", "sha256"' % (b"0" * 64), 1),
        "json.duplicate-key",
        "two digests of one subject",
    )
    make.case("statement", "null_fail", b"null", "statement.malformed", "null is JSON, and nothing")


def github_provenance(finished: str = "2026-11-22T08:00:00Z") -> dict[str, Any]:
    workflow = {"ref": "refs/heads/main", "repository": "https://github.com/acme/shop", "path": ".github/workflows/release.yml"}
    dependency = {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": "a" * 40}}
    return {
        "buildDefinition": {"buildType": "https://actions.github.io/buildtypes/workflow/v1", "externalParameters": {"workflow": workflow}, "resolvedDependencies": [dependency]},
        "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}, "metadata": {"invocationId": "https://github.com/acme/shop/actions/runs/1", "finishedOn": finished}},
    }  # fmt: skip


def provenances(make: Make) -> None:
    def of(external: Any, dependencies: Any = (), details: Any = None) -> bytes:
        details = {"builder": {"id": "https://ci.example/b"}} if details is None else details
        return json.dumps(
            {
                "buildDefinition": {"buildType": "https://ci.example/t", "externalParameters": external, "resolvedDependencies": dependencies},
                "runDetails": details,
            }
        ).encode()

    def says(repository: str = "", ref: str = "", commit: str = "", finished: str | None = None) -> dict[str, Any]:
        return {"builder": "https://ci.example/b", "repository": repository, "ref": ref, "commit": commit, "finishedAt": finished}

    shop, git = "https://github.com/acme/shop", "git+https://github.com/acme/shop"
    workflow = {"repository": shop, "ref": "refs/heads/main"}
    commits = [{"uri": f"{git}@refs/heads/main", "digest": {"gitCommit": letter * 40}} for letter in "ab"]
    passes = {
        "workflow": (of({"workflow": workflow}, commits[:1]), says(git, "refs/heads/main", "a" * 40), "GitHub Actions' form"),
        "workflow-commit-of-other-ref": (of({"workflow": {**workflow, "ref": "refs/tags/v1"}}, commits), says(git, "refs/tags/v1"), "a dependency at another ref is another source"),
        "workflow-two-commits": (of({"workflow": workflow}, commits), says(git, "refs/heads/main"), "two commits of one source: neither is taken"),
        "workflow-bad-commit": (of({"workflow": workflow}, [{"uri": f"{git}@refs/heads/main", "digest": {"gitCommit": "HEAD"}}]), says(git, "refs/heads/main"), "a commit that is no hex"),
        "source-object": (of({"source": {"uri": f"{git}@refs/tags/v14.2", "digest": {"sha1": "c" * 40}}}), says(git, "refs/tags/v14.2", "c" * 40), "the container-based builder's form"),
        "source-text": (of({"source": shop}, [{"uri": shop, "digest": {"gitCommit": "d" * 64}}]), says(git, "", "d" * 64), "GitLab's form: no ref is said, none is guessed"),
        "source-text-ref": (of({"source": f"{git}@refs/heads/main"}), says(git, "refs/heads/main"), "a text with its ref"),
        "workflow-and-source": (of({"workflow": workflow, "source": shop}), says(), "both forms: nobody says which one was built"),
        "two-at-signs": (of({"source": "git+ssh://git@github.com/acme/shop@refs/heads/main"}), says(), "a user name in the address could read as another pair"),
        "at-in-ref": (of({"workflow": {**workflow, "ref": "x@refs/heads/main"}}), says(), "a branch's name that holds an @"),
        "no-ref": (of({"workflow": {"repository": shop}}), says(git), "no ref is said"),
        "ref-alone": (of({"workflow": {"ref": "refs/heads/main"}}), says(), "a ref of no repository"),
        "nothing-external": (of({}), says(), "no source is said"),
        "finished": (of({}, (), {"builder": {"id": "https://ci.example/b"}, "metadata": {"finishedOn": "2026-11-22T10:00:00.999+02:00"}}), says(finished="2026-11-22T08:00:00Z"), "an offset and a fraction"),
    }  # fmt: skip
    for name, (data, expected, why) in passes.items():
        make.case("slsa", name, data, expected, why)
    builder = {"id": "https://ci.example/b"}
    fail = {
        "no-builder": (of({}, (), {}), "nobody built it"),
        "builder-text": (of({}, (), {"builder": "https://ci.example/b"}), "a builder that is a text"),
        "builder-empty": (of({}, (), {"builder": {"id": ""}}), "an empty builder"),
        "builder-long": (of({}, (), {"builder": {"id": "x" * 1001}}), "a thousand and one characters"),
        "builder-line-feed": (of({}, (), {"builder": {"id": "https://ci.example/b\n"}}), "a line feed after the builder"),
        "external-list": (of([]), "external parameters that are a list"),
        "workflow-text": (of({"workflow": "main"}), "a workflow that is a text"),
        "repository-number": (of({"workflow": {"repository": 1}}), "a repository that is a number"),
        "source-number": (of({"source": 7}), "a source that is a number"),
        "dependencies-object": (of({"workflow": workflow}, {}), "dependencies that are no list"),
        "dependencies-4097": (of({"workflow": workflow}, [{}] * 4097), "4,097 dependencies"),
        "dependency-text": (of({"workflow": workflow}, ["x"]), "a dependency that is a text"),
        "finished-local": (of({}, (), {"builder": builder, "metadata": {"finishedOn": "2026-11-22T10:00:00"}}), "a time without its offset"),
        "finished-leap": (of({}, (), {"builder": builder, "metadata": {"finishedOn": "2026-11-22T23:59:60Z"}}), "a second that no clock here has"),
        "finished-year-0": (of({}, (), {"builder": builder, "metadata": {"finishedOn": "0001-01-01T00:00:00+14:00"}}), "a time before the year 1"),
    }
    for name, (data, why) in fail.items():
        make.case("slsa", f"{name}_fail", data, "slsa.malformed", why)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def our_statement(kind: str, predicate: Any, digests: tuple[str, ...] = (DIGEST,)) -> bytes:
    subject = [{"digest": {"sha256": digest}} for digest in digests]
    if kind != "genesis" and isinstance(predicate, dict):
        predicate = {"log": "sha256:" + "10c5" * 16, **predicate}
    return canonical(
        {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": f"https://lockgate.dev/attestation/{kind}/v1", "predicate": predicate}
    )


def decision() -> bytes:
    digest = f"sha256:{DIGEST}"
    says = {"config": "none", "decidedAt": "2026-11-22T20:14:03Z", "engine": "0.1.0", "environment": "production", "evidence": digest, "history": 412, "outcome": "refused",
            "outcomes": [{"requirement": "signed-by", "result": "pass"}], "policy": digest, "root": 1, "roster": 3, "section": digest, "state": digest}  # fmt: skip
    return our_statement("decision", says)


def leaf(statement: bytes, keyid: str, signature: bytes, **more: Any) -> bytes:
    signatures = [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}]
    event = {"payload": base64.b64encode(statement).decode(), "payloadType": "application/vnd.in-toto+json", "signatures": signatures}
    return canonical({"at": "2026-11-22T20:14:04Z", "event": event, "previous": 3, "stream": "env:production", **more})


def record_malformed(make: Make, event: bytes, keyid: str, other: str, signature: bytes) -> None:
    """`signature` is ssh-keygen's over `event`."""
    good = leaf(event, keyid, signature)
    document = json.loads(good)
    one = document["event"]["signatures"][0]
    rejection = {"environment": "production", "nonce": "0" * 32, "request": "r-0123456789"}

    def of(statement: bytes) -> bytes:
        return leaf(statement, keyid, signature)

    def signed_by(*signatures: Any) -> bytes:
        return canonical({**document, "event": {**document["event"], "signatures": list(signatures)}})

    genesis = {"createdAt": "2026-11-22T20:00:00Z", "nonce": "0" * 32, "origin": "example.com/shop"}
    asked = {"config": "none", "environment": "production", "nonce": "0" * 32}
    fail = {
        "altered-payload": (of(event.replace(b"production", b"productiom")), "sshsig.bad-signature", "one letter of what ssh-keygen signed was changed"),
        "keyid-of-another": (signed_by({**one, "keyid": other}), "event.other-key", "ssh-keygen's signature, under another's name"),
        "unsigned": (signed_by(), "event.unsigned", "nobody says it"),
        "signed-twice": (signed_by(one, one), "event.unsigned", "two signatures: one person says one thing"),
        "sig-not-base64": (signed_by({**one, "sig": "*"}), "event.malformed", "the signature is no base64"),
        "bare-signature": (signed_by({**one, "sig": base64.b64encode(bytes(64)).decode()}), "sshsig.malformed", "a person signs as SSHSIG, never bare"),
        "unknown-kind": (of(our_statement("recall", rejection)), "event.newer", "a kind this lockgate does not know"),
        "unknown-version": (of(event.replace(b"rejection/v1", b"rejection/v2")), "event.newer", "version 2 of a kind"),
        "unknown-field": (of(our_statement("rejection", {**rejection, "why": "x"})), "event.newer", "a field this lockgate does not know"),
        "unknown-leaf-field": (leaf(event, keyid, signature, zone="eu"), "event.newer", "a leaf with a field this lockgate does not know"),
        "unknown-statement-field": (of(canonical({**json.loads(event), "note": "x"})), "event.newer", "a Statement with a field this lockgate does not know"),
        "foreign-predicate": (of(event.replace(b"lockgate.dev", b"lockgate.example")), "event.malformed", "somebody else's predicate type"),
        "missing-field": (of(our_statement("rejection", {"environment": "production", "nonce": "0" * 32})), "event.malformed", "a rejection of no request"),
        "log-left-out": (of(event.replace(b'"log":"sha256:' + b"10c5" * 16 + b'",', b"")), "event.malformed", "a rejection that is said in no log"),
        "log-of-another-algorithm": (of(event.replace(b"sha256:10c5", b"sha512:10c5")), "event.malformed", "a log by another kind of hash"),
        "default-written-out": (canonical({**document, "previous": -1}), "json.not-canonical", "a default that is left out in canonical form"),
        "spaces": (good.replace(b'"at":', b'"at": '), "json.not-canonical", "a space"),
        "trailing-line-feed": (good + b"\n", "json.not-canonical", "a line feed at the end"),
        "unsorted": (json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode(), "json.not-canonical", "keys in another order"),
        "duplicate-key": (good.replace(b'"stream":', b'"stream":"house","stream":'), "json.not-canonical", "two streams: the reader takes one, the auditor the other"),
        "payload-spaces": (of(event + b" "), "json.not-canonical", "a space after the Statement"),
        "payload-duplicate": (of(event.replace(b'"nonce":', b'"environment":"staging","nonce":')), "json.not-canonical", "two environments"),
        "subjects-unsorted": (of(our_statement("rejection", rejection, ("b" * 64, "a" * 64))), "event.malformed", "subjects in another order: a second text of the same event"),
        "subject-twice": (of(our_statement("rejection", rejection, ("a" * 64, "a" * 64))), "event.malformed", "one subject twice"),
        "subjects-none": (of(our_statement("rejection", rejection, ())), "event.malformed", "a rejection of nothing"),
        "subjects-65": (of(our_statement("rejection", rejection, tuple(f"{number:064x}" for number in range(65)))), "event.malformed", "65 subjects"),
        "subject-sha512": (of(event.replace(b'"sha256":', b'"sha512":')), "event.newer", "another digest algorithm"),
        "time-without-zone": (of(our_statement("ask", {**asked, "askedAt": "2026-11-22T20:00:00"})), "event.malformed", "a time that could be anybody's"),
        "time-other-zone": (of(our_statement("ask", {**asked, "askedAt": "2026-11-22T20:00:00+02:00"})), "event.malformed", "a second text of the same time"),
        "time-zero-offset": (of(our_statement("ask", {**asked, "askedAt": "2026-11-22T20:00:00+00:00"})), "json.not-canonical", "UTC is written Z"),
        "leaf-time-without-zone": (leaf(event, keyid, signature, at="2026-11-22T20:14:04"), "event.malformed", "the leaf's own time without its zone"),
        "leaf-time-other-zone": (leaf(event, keyid, signature, at="2026-11-22T20:14:04+02:00"), "event.malformed", "a second text of the leaf's own time"),
        "genesis-with-time-0": (of(our_statement("genesis", {**genesis, "createdAt": 0}, ())), "event.malformed", "a time as a number"),
        "nonce-upper-case": (of(our_statement("rejection", {**rejection, "nonce": "A" * 32})), "event.malformed", "a second text of the same nonce"),
        "history-float": (of(decision().replace(b'"history":412', b'"history":412.0')), "event.malformed", "a number with a point"),
        "too-large": (leaf(event, keyid, signature, stream="env:" + "x" * 17_000), "leaf.too-large", "more than 16 KiB"),
        "not-json": (b"\xff\xfe", "event.malformed", "no JSON"),
        "empty": (b"", "event.malformed", "no bytes"),
        "null": (b"null", "event.malformed", "null"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("record", f"{name}_fail", data, code, why)
