"""Makes ``tests/evidence/cases/``: run it by hand to make all of it anew; the tests only read what is committed.

    cd tests && python -m evidence.make_cases          needs ssh-keygen (OpenSSH) and openssl

Each case is a folder ``<reader>/<case>[_fail]`` with ``README`` (one line: why), ``input`` (the evidence bytes),
``case.json`` where the reader takes more arguments, and ``expected.json``: a value, or ``{"code": …}``. What is
expected is written down here by hand or printed by the foreign tool; nothing of lockgate is imported.

Every private key is made in a temporary directory and thrown away with it: none is committed, and the keys in the
cases belong to nobody. Keys and ECDSA signatures therefore differ from run to run, what is expected does not.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from evidence import cases_by_hand, cases_of_advisories, cases_of_policy

CASES = Path(__file__).parent / "cases"
DIGEST = "9f2c" * 16
OTHER = "00ff" * 16
PAYLOAD_TYPE = "application/vnd.in-toto+json"
COSIGN = "https://sigstore.dev/cosign/sign/v1"
SLSA = "https://slsa.dev/provenance/v1"
SCAI = "https://in-toto.io/attestation/scai/v0.3"


class Maker:
    """Writes cases, and runs the foreign tools in a temporary directory."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.written = 0

    def run(self, *command: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run(command, cwd=self.scratch, input=stdin, capture_output=True, check=True)
        return done.stdout

    def case(self, reader: str, name: str, data: bytes, expected: Any, why: str, args: Any = None) -> None:
        """A `_fail` case expects a code, every other a value; a code alone may be given as text."""
        folder = CASES / reader / name
        folder.mkdir(parents=True)
        expected = {"code": expected} if isinstance(expected, str) else expected
        if name.endswith("_fail") != ("code" in expected):
            raise SystemExit(f"{reader}/{name}: a _fail case expects a code, and only that")
        (folder / "README").write_text(why + "\n")
        (folder / "input").write_bytes(data)
        (folder / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
        if args is not None:
            (folder / "case.json").write_text(json.dumps(args, indent=1, sort_keys=True) + "\n")
        self.written += 1

    def ssh_key(self, name: str, kind: str, bits: int = 0) -> str:
        """Make an OpenSSH key pair; the public line without its comment."""
        self.run("ssh-keygen", "-q", "-t", kind, *(["-b", str(bits)] if bits else []), "-N", "", "-C", "throw-away@nowhere", "-f", name)
        return " ".join((self.scratch / f"{name}.pub").read_text().split()[:2])

    def fingerprint(self, name: str) -> str:
        return self.run("ssh-keygen", "-l", "-f", f"{name}.pub").decode().split()[1]

    def ssh_sign(self, name: str, message: bytes, namespace: str, *options: str) -> bytes:
        """``ssh-keygen -Y sign``: the armored signature."""
        return self.run("ssh-keygen", "-Y", "sign", "-q", *options, "-n", namespace, "-f", name, stdin=message)

    def ssl_key(self, name: str, *kind: str) -> bytes:
        """Make a key pair with openssl; the public PEM."""
        self.run("openssl", "genpkey", *kind, "-out", f"{name}.pem")
        return self.run("openssl", "pkey", "-in", f"{name}.pem", "-pubout")

    def ssl_sign(self, name: str, message: bytes, *, digest: str = "") -> bytes:
        (self.scratch / "message").write_bytes(message)
        if digest:
            return self.run("openssl", "dgst", f"-{digest}", "-sign", f"{name}.pem", "message")
        return self.run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", f"{name}.pem", "-in", "message")


def pae(payload: bytes, kind: str = PAYLOAD_TYPE) -> bytes:
    return f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def envelope(payload: bytes, *signatures: dict[str, str], kind: str = PAYLOAD_TYPE) -> bytes:
    return json.dumps({"payload": b64(payload), "payloadType": kind, "signatures": list(signatures)}).encode()


def statement(predicate_type: str, predicate: Any, digest: str = DIGEST) -> bytes:
    subject = [{"name": "shop", "digest": {"sha256": digest}}]
    return json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate_type, "predicate": predicate}).encode()


def key_cases(make: Maker) -> None:
    for name, kind, bits in [("ed25519", "ed25519", 0), ("p256", "ecdsa", 256), ("p384", "ecdsa", 384), ("p521", "ecdsa", 521), ("rsa-3072", "rsa", 3072)]:
        line = make.ssh_key(name, kind, bits)
        text = (make.scratch / f"{name}.pub").read_bytes()
        make.case("keys", f"ssh-keygen-{name}", text, {"key": line, "fingerprint": make.fingerprint(name)}, f"ssh-keygen's own {name} public key file")
    for name, kind, bits, code in [("rsa-1024", "rsa", 1024, "key.weak"), ("dsa", "dsa", 0, "key.unsupported")]:
        make.ssh_key(name, kind, bits)
        make.case("keys", f"ssh-keygen-{name}_fail", (make.scratch / f"{name}.pub").read_bytes(), code, f"ssh-keygen's {name}: too weak to believe")
    make.run("ssh-keygen", "-q", "-s", "p256", "-I", "throw-away", "-n", "nobody", "ed25519.pub")
    make.case("keys", "ssh-keygen-certificate_fail", (make.scratch / "ed25519-cert.pub").read_bytes(), "key.unsupported", "an OpenSSH certificate is no key")
    rfc4716 = make.run("ssh-keygen", "-e", "-f", "ed25519.pub")
    make.case("keys", "ssh-keygen-rfc4716_fail", rfc4716, "key.malformed", "the RFC 4716 format of ssh-keygen -e is none we read")
    both = (make.scratch / "ed25519.pub").read_bytes() + (make.scratch / "p256.pub").read_bytes()
    make.case("keys", "two-lines_fail", both, "key.malformed", "two keys in one file: which one is meant is not guessed")
    options = b'no-pty,command="true" ' + (make.scratch / "ed25519.pub").read_bytes()
    make.case("keys", "authorized-keys-options_fail", options, "key.malformed", "an authorized_keys line with options: they would be dropped silently")
    for name, how in (("ed25519", "ed25519"), ("p256", "EC -pkeyopt ec_paramgen_curve:P-256"), ("p384", "EC -pkeyopt ec_paramgen_curve:P-384"), ("rsa", "RSA")):
        pem = make.ssl_key(f"ssl-{name}", "-algorithm", *how.split())
        (make.scratch / "as.pem").write_bytes(pem)
        der = make.run("openssl", "pkey", "-pubin", "-in", "as.pem", "-outform", "DER")
        kind = {"ed25519": "ssh-ed25519", "p256": "ecdsa-sha2-nistp256", "p384": "ecdsa-sha2-nistp384", "rsa": "ssh-rsa"}[name]
        blob = (
            base64.b64decode(make.run("ssh-keygen", "-i", "-m", "PKCS8", "-f", "as.pem").split()[1])
            if name != "ed25519"
            else cases_by_hand.ed25519_blob(der[-32:])
        )
        line = f"{kind} {b64(blob)}"
        expected = {"key": line, "fingerprint": "SHA256:" + b64(hashlib.sha256(blob).digest()).rstrip("=")}
        make.case("keys", f"openssl-{name}", pem, expected, f"openssl's PEM of an {name} key has the same normal form as OpenSSH's line")
        if name == "p256":
            compressed = make.run("openssl", "ec", "-pubin", "-in", "as.pem", "-pubout", "-conv_form", "compressed")
            make.case("keys", "openssl-p256-compressed", compressed, expected, "the same key with its point compressed is the same key")
    for name in ("x25519", "ed448", "rsa-pss"):
        make.case(
            "keys",
            f"openssl-{name}_fail",
            make.ssl_key(f"ssl-{name}", "-algorithm", name),
            "key.unsupported",
            f"openssl's {name} key: no signature of it is read",
        )
    for curve, code, why in (("secp256k1", "key.unsupported", "no such key signs anything here"), ("P-192", "key.weak", "a curve that can be broken")):
        pem = make.ssl_key(f"ssl-{curve}", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
        make.case("keys", f"openssl-{curve.lower()}_fail", pem, code, f"openssl's key on {curve}: {why}")
    certificate = make.run("openssl", "req", "-x509", "-new", "-key", "ssl-ed25519.pem", "-subj", "/CN=throw-away", "-days", "1")
    make.case("keys", "openssl-certificate_fail", certificate, "key.malformed", "an X.509 certificate is no public key")


def sshsig_cases(make: Maker) -> None:
    message = b"lockgate: these are the bytes\n"
    args = {"message": b64(message), "namespace": "lockgate-approval@v1"}
    for name in ("ed25519", "p256", "p384", "p521", "rsa-3072"):
        key = " ".join((make.scratch / f"{name}.pub").read_text().split()[:2])
        for hash_ in ("sha256", "sha512"):
            signed = make.ssh_sign(name, message, "lockgate-approval@v1", "-O", f"hashalg={hash_}")
            make.case("sshsig", f"ssh-keygen-{name}-{hash_}", signed, {"key": key}, f"ssh-keygen -Y sign with {name} and {hash_}", args)
    ours = make.ssh_sign("ed25519", message, "lockgate-approval@v1")
    make.case(
        "sshsig",
        "crlf-armor",
        ours.replace(b"\n", b"\r\n"),
        {"key": " ".join((make.scratch / "ed25519.pub").read_text().split()[:2])},
        "a mail program made CR LF of the lines",
        args,
    )
    for namespace in ("file", "git", "lockgate-rejection@v1", "lockgate-approval@v1 "):
        name = namespace.replace("@v1 ", "-and-space").replace("@v1", "")
        make.case(
            "sshsig",
            f"namespace-{name}_fail",
            make.ssh_sign("ed25519", message, namespace),
            "sshsig.other-namespace",
            f"ssh-keygen signed it as {namespace!r}: something else",
            args,
        )
    make.case(
        "sshsig",
        "other-message_fail",
        make.ssh_sign("ed25519", message + b"\n", "lockgate-approval@v1"),
        "sshsig.bad-signature",
        "ssh-keygen signed one line feed more",
        args,
    )
    make.case("sshsig", "rsa-1024_fail", make.ssh_sign("rsa-1024", message, "lockgate-approval@v1"), "key.weak", "ssh-keygen still signs with 1024 bits", args)
    make.case(
        "sshsig", "text-before_fail", b"Approved, see below.\n" + ours, "sshsig.malformed", "words before the armor could be taken for what was signed", args
    )
    make.case(
        "sshsig",
        "two-signatures_fail",
        ours + make.ssh_sign("p256", message, "lockgate-approval@v1"),
        "sshsig.malformed",
        "two armored signatures in one file",
        args,
    )
    make.case("sshsig", "no-end_fail", ours[: ours.rindex(b"-----END")], "sshsig.malformed", "ssh-keygen's output cut off before its last line", args)
    make.case("sshsig", "openssl-raw_fail", make.ssl_sign("ssl-ed25519", message), "sshsig.malformed", "a bare signature by openssl is no SSHSIG", args)
    blob = base64.b64decode(b"".join(ours.split(b"\n")[1:-2]))
    rsa = base64.b64decode(b"".join(make.ssh_sign("rsa-3072", message, "lockgate-approval@v1").split(b"\n")[1:-2]))
    other = base64.b64decode((make.scratch / "p256.pub").read_text().split()[1])
    own = base64.b64decode((make.scratch / "ed25519.pub").read_text().split()[1])
    cases_by_hand.sshsig_from_tool(make, blob, rsa, own, other, args)
    cases_by_hand.sshsig_security_keys(make, message, args)


def dsse_cases(make: Maker) -> None:
    payload = statement(COSIGN, {})
    ed, ec = make.ssl_sign("ssl-ed25519", pae(payload)), make.ssl_sign("ssl-p256", pae(payload), digest="sha256")
    lines = {name: cases_by_hand.line_of(make.run("openssl", "pkey", "-in", f"ssl-{name}.pem", "-pubout", "-outform", "DER")) for name in ("ed25519", "p256")}
    prints = {name: cases_by_hand.fingerprint(line) for name, line in lines.items()}
    args = {"keys": lines}
    for name, sig in (("ed25519", ed), ("p256", ec)):
        make.case("dsse", f"openssl-{name}", envelope(payload, {"sig": b64(sig)}), {"keys": [name]}, f"openssl signed the PAE with {name}; no keyid", args)
    both = envelope(payload, {"keyid": prints["ed25519"], "sig": b64(ed)}, {"keyid": "", "sig": b64(ec)}, {"keyid": "again", "sig": b64(ec)})
    make.case("dsse", "two-keys-three-signatures", both, {"keys": ["ed25519", "p256"]}, "a key that signs twice counts once", args)
    url = envelope(payload, {"sig": b64(ed)}).replace(b64(ed).encode(), base64.urlsafe_b64encode(ed).rstrip(b"="))
    make.case("dsse", "url-safe-base64", url, {"keys": ["ed25519"]}, "DSSE allows URL-safe base64", args)
    extra = json.loads(envelope(payload, {"sig": b64(ed), "cert": "x", "keyid": "hint"}, {"sig": b64(bytes(64)), "keyid": "somebody"}))
    make.case(
        "dsse",
        "unknown-fields-and-signers",
        json.dumps({**extra, "more": [1]}).encode(),
        {"keys": ["ed25519"]},
        "fields and signers nobody knows are passed over",
        args,
    )
    fail = {
        "altered-payload": (envelope(payload.replace(b"9f2c", b"9f2d", 1), {"sig": b64(ed)}), "dsse.unknown-key", "one character of the payload was changed after openssl signed it"),
        "altered-payload-named": (envelope(payload.replace(b"9f2c", b"9f2d", 1), {"sig": b64(ed), "keyid": prints["ed25519"]}), "dsse.bad-signature", "the same, and the signature says whose it is"),
        "altered-type": (envelope(payload, {"sig": b64(ed)}, kind="text/plain"), "dsse.unknown-key", "the payload's type is under the signature too"),
        "named-known-key-fails": (envelope(payload, {"sig": b64(ec)}, {"sig": b64(bytes(64)), "keyid": prints["ed25519"]}), "dsse.bad-signature", "one good signature does not excuse a forged one in a known name"),
        "keyid-of-another": (envelope(payload, {"sig": b64(ed), "keyid": prints["p256"]}), "dsse.bad-signature", "a good signature under another key's name"),
        "signed-without-pae": (envelope(payload, {"sig": b64(make.ssl_sign("ssl-ed25519", payload))}), "dsse.unknown-key", "openssl signed the payload itself, not its PAE"),
        "signed-sha512": (envelope(payload, {"sig": b64(make.ssl_sign("ssl-p256", pae(payload), digest="sha512"))}), "dsse.unknown-key", "openssl hashed with SHA-512; P-256 goes with SHA-256 here"),
        "stranger": (envelope(payload, {"sig": b64(make.ssl_sign("ssl-stranger", pae(payload)))}), "dsse.unknown-key", "a good signature by a key nobody named"),
        "ecdsa-raw-pair": (envelope(payload, {"sig": b64(cases_by_hand.raw_pair(ec))}), "dsse.unknown-key", "r and s side by side, 64 bytes: only DER is read"),
        "ecdsa-trailing": (envelope(payload, {"sig": b64(ec + b"\0")}), "dsse.unknown-key", "one byte after the DER"),
        "ecdsa-long-length": (envelope(payload, {"sig": b64(ec[:1] + b"\x81" + ec[1:])}), "dsse.unknown-key", "BER: the length in two bytes where one is enough"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("dsse", f"{name}_fail", data, code, why, args)
    cases_by_hand.dsse_malformed(make, envelope(payload, {"sig": b64(ed)}), args)


def artifact_cases(make: Maker) -> None:
    line = cases_by_hand.line_of(make.run("openssl", "pkey", "-in", "ssl-ed25519.pem", "-pubout", "-outform", "DER"))
    key = cases_by_hand.fingerprint(line)
    args = {"keys": {"release": line}, "digest": f"sha256:{DIGEST}", "now": "2026-11-22T20:00:00Z"}

    def signed(payload: bytes, kind: str = PAYLOAD_TYPE, name: str = "ssl-ed25519") -> bytes:
        return envelope(payload, {"sig": b64(make.ssl_sign(name, pae(payload, kind)))}, kind=kind)

    at = "2026-11-22T08:55:00Z"
    signature = {"type": "Signature", "key": key, "signedAt": at}
    make.case("artifact", "openssl-signature", signed(statement(COSIGN, {"signedAt": at})), {"facts": [signature]}, "signed by openssl, with its time", args)
    make.case(
        "artifact",
        "openssl-signature-other-offset",
        signed(statement(COSIGN, {"signedAt": "2026-11-22T10:55:00.9+02:00"})),
        {"facts": [signature]},
        "the same time, written with its offset and a fraction",
        args,
    )
    make.case(
        "artifact",
        "openssl-signature-without-time",
        signed(statement(COSIGN, {})),
        {"facts": [{"type": "Signature", "key": key, "signedAt": None}]},
        "a signature need not say when",
        args,
    )
    make.case(
        "artifact",
        "statement-v01",
        signed(statement(COSIGN, {}).replace(b"Statement/v1", b"Statement/v0.1")),
        {"facts": [{"type": "Signature", "key": key, "signedAt": None}]},
        "a Statement v0.1, which cosign still writes, means the same",
        args,
    )
    provenance = cases_by_hand.github_provenance()
    fact = {
        "type": "Provenance",
        "builder": "https://github.com/actions/runner/github-hosted",
        "repository": "git+https://github.com/acme/shop",
        "ref": "refs/heads/main",
        "commit": "a" * 40,
    }
    make.case("artifact", "openssl-provenance", signed(statement(SLSA, provenance)), {"facts": [fact]}, "GitHub's form of provenance, signed by openssl", args)
    make.case(
        "artifact",
        "unknown-predicate",
        signed(statement(SCAI, {})),
        {"facts": []},
        "an attribute report says nothing that is read here; it is no fact and no problem",
        args,
    )
    stranger = signed(statement(SCAI, {}), name="ssl-stranger")
    make.case("artifact", "unknown-predicate-by-stranger", stranger, {"facts": []}, "somebody else's attribute report is no problem either", args)
    fail = {
        "other-subject": (signed(statement(COSIGN, {}, OTHER)), "statement.other-subject", "a good signature, moved here from another image"),
        "stranger": (signed(statement(COSIGN, {}), name="ssl-stranger"), "dsse.unknown-key", "signed by a key nobody named"),
        "future-signature": (signed(statement(COSIGN, {"signedAt": "2026-11-22T20:00:01Z"})), "evidence.from-future", "it says it was signed a second from now"),
        "future-provenance": (signed(statement(SLSA, cases_by_hand.github_provenance("2027-01-01T00:00:00Z"))), "evidence.from-future", "built next year"),
        "time-without-offset": (signed(statement(COSIGN, {"signedAt": "2026-11-22T08:55:00"})), "statement.malformed", "a time without its offset is no time"),
        "time-as-number": (signed(statement(COSIGN, {"signedAt": 1795337700})), "statement.malformed", "RFC 3339 or nothing"),
        "statement-v02": (signed(statement(COSIGN, {}).replace(b"Statement/v1", b"Statement/v0.2")), "statement.other-type", "a Statement of a version that is not known"),
        "not-a-statement": (signed(b"hello", "text/plain"), "statement.other-type", "a signed text says nothing about a digest"),
        "provenance-without-builder": (signed(statement(SLSA, {"buildDefinition": {}})), "slsa.malformed", "provenance of nobody"),
        "not-json": (b"\x00\x01", "json.malformed", "no envelope at all"),
        "sbom-of-nothing": (signed(statement("https://spdx.dev/Document/v2.3", {})), "sbom.other-format", "it is called a bill of materials, and is empty"),
        "sbom-by-stranger": (signed(statement("https://spdx.dev/Document/v2.3", {}), name="ssl-stranger"), "dsse.unknown-key", "what a stranger says of what is inside is not looked at"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("artifact", f"{name}_fail", data, code, why, args)
    make.case(
        "artifact",
        "unknown-format_fail",
        signed(statement(COSIGN, {})),
        "evidence.unknown-format",
        "a media type that is not read",
        {**args, "mediaType": "application/vnd.oci.image.layer.v1.tar"},
    )


def record_cases(make: Maker) -> None:
    ssh = {name: " ".join((make.scratch / f"{name}.pub").read_text().split()[:2]) for name in ("ed25519", "p256", "p521", "rsa-3072")}
    permit = cases_by_hand.line_of(make.run("openssl", "pkey", "-in", "ssl-p256.pem", "-pubout", "-outform", "DER"))
    event = cases_by_hand.our_statement("rejection", {"environment": "production", "nonce": "0" * 32, "request": "r-0123456789"})
    for name, line in ssh.items():
        blob = base64.b64decode(b"".join(make.ssh_sign(name, pae(event), "lockgate-rejection@v1").split(b"\n")[1:-2]))
        leaf = cases_by_hand.leaf(event, cases_by_hand.fingerprint(line), blob)
        expected = {"kind": "rejection", "key": line, "subjects": [f"sha256:{DIGEST}"]}
        make.case("record", f"ssh-keygen-{name}", leaf, expected, f"a rejection that ssh-keygen signed with {name}")
    bare = make.ssl_sign("ssl-p256", pae(cases_by_hand.decision()), digest="sha256")
    leaf = cases_by_hand.leaf(cases_by_hand.decision(), cases_by_hand.fingerprint(permit), bare)
    make.case(
        "record",
        "openssl-decision",
        leaf,
        {"kind": "decision", "key": permit, "subjects": [f"sha256:{DIGEST}"]},
        "a decision signed by openssl with the permit key",
        {"permit": permit},
    )
    blob = base64.b64decode(b"".join(make.ssh_sign("ed25519", pae(event), "lockgate-approval@v1").split(b"\n")[1:-2]))
    print_ = cases_by_hand.fingerprint(ssh["ed25519"])
    make.case(
        "record",
        "signed-as-approval_fail",
        cases_by_hand.leaf(event, print_, blob),
        "sshsig.other-namespace",
        "ssh-keygen signed these bytes, but as an approval",
    )
    good = base64.b64decode(b"".join(make.ssh_sign("ed25519", pae(event), "lockgate-rejection@v1").split(b"\n")[1:-2]))
    cases_by_hand.record_malformed(make, event, print_, cases_by_hand.fingerprint(ssh["p256"]), good)
    other = make.ssl_sign("ssl-ed25519", pae(cases_by_hand.decision()))
    line = cases_by_hand.line_of(make.run("openssl", "pkey", "-in", "ssl-ed25519.pem", "-pubout", "-outform", "DER"))
    forged = cases_by_hand.leaf(cases_by_hand.decision(), cases_by_hand.fingerprint(line), other)
    make.case(
        "record",
        "decision-by-another-key_fail",
        forged,
        "event.other-key",
        "a decision openssl signed with a key that is not the permit key",
        {"permit": permit},
    )
    renamed = cases_by_hand.leaf(cases_by_hand.decision(), cases_by_hand.fingerprint(permit), other)
    make.case("record", "decision-under-its-name_fail", renamed, "signature.bad", "the same, and it claims to be the permit key's", {"permit": permit})


def main() -> None:
    shutil.rmtree(CASES, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make = Maker(Path(scratch))
        key_cases(make)
        cases_by_hand.keys_malformed(make)
        make.ssl_key("ssl-stranger", "-algorithm", "ed25519")
        sshsig_cases(make)
        dsse_cases(make)
        cases_by_hand.statements(make)
        cases_by_hand.provenances(make)
        artifact_cases(make)
        record_cases(make)
        cases_of_policy.make_all(make)
        cases_of_advisories.make_all(make)
    print(f"{make.written} cases below {CASES}")


if __name__ == "__main__":
    main()
