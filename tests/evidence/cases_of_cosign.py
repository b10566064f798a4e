"""Makes the cases of Sigstore bundles and of cosign's older signatures: ``tests/evidence/cases/{bundle,simple-signing}``.

    cd tests && python -m evidence.cases_of_cosign          needs openssl, and what dev/servers brings

What reads is what cosign itself wrote to a registry, or openssl signed where cosign writes no such thing; what does not is that,
bent. Every private key is thrown away with its temporary directory.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cosigning
import debian_registry
from evidence.make_cases import COSIGN, DIGEST, SLSA, Maker, pae, statement

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"
BUILT = {
    "facts": [
        {"type": "Provenance", "builder": "https://example.com/ci", "repository": "git+https://github.com/acme/shop", "ref": "refs/heads/main", "commit": ""}
    ]
}

Json = dict[str, Any]


def signature_by(key: str, at: str | None = None) -> Json:
    """What reading a signature gives; the key by its fingerprint."""
    return {"facts": [{"type": "Signature", "key": key, "signedAt": at}]}


class Foreign:
    """What cosign wrote, of an image that is always the same.

    Attributes:
        key, name: the policy's key, in normal form, and its fingerprint. image: the digest.
        signature, noted_bundle, provenance, message, stranger: bundles; the last one by another key.
        payload, noted: older payloads with their signatures, plain and with an annotation.
    """

    def __init__(self, make: Maker) -> None:
        self.make, scratch = make, make.scratch
        make.run(str(cosigning.COSIGN), "generate-key-pair", "--output-key-prefix", str(scratch / "cosign"))
        self.key, self.name = self.line("cosign")
        (scratch / "provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
        (scratch / "bytes").write_bytes(b"the bytes of release 1.0")
        how = ("--key", str(scratch / "cosign.key"), *cosigning.OFFLINE)
        with debian_registry.registry(scratch) as host:
            _, self.image = cosigning.image(scratch / "image")
            for repository, older in (("new", ()), ("old", (cosigning.OLDER,))):
                cosigning.push(scratch / "image", f"{host}/shop/{repository}:1")
                place = f"{host}/shop/{repository}@{self.image}"
                cosigning.cosigned("sign", *how, *older, place)
                cosigning.cosigned("sign", *how, *older, "-a", "build=7", place)
                cosigning.cosigned("attest", *how, *older, "--type", "slsaprovenance1", "--predicate", str(scratch / "provenance.json"), place)
            base = f"http://{host}/v2/shop"
            self.signature, self.noted_bundle, self.provenance = (
                cosigning.layers(f"{base}/new", each)[0][1] for each in cosigning.referring(f"{base}/new", self.image)
            )
            older_layers = cosigning.layers(f"{base}/old", cosigning.manifest(f"{base}/old", self.image.replace(":", "-") + ".sig"))
            self.payload, self.noted = ((data, each["annotations"]["dev.cosignproject.cosign/signature"]) for each, data in older_layers)
        cosigning.cosigned("sign-blob", *how, "--bundle", str(scratch / "message.json"), str(scratch / "bytes"))
        self.message = (scratch / "message.json").read_bytes()
        make.run(str(cosigning.COSIGN), "generate-key-pair", "--output-key-prefix", str(scratch / "other"))
        (scratch / "statement.json").write_bytes(statement(COSIGN, {}, self.image[7:]))
        by_another = ("--key", str(scratch / "other.key"), *cosigning.OFFLINE)
        cosigning.cosigned("attest-blob", *by_another, "--statement", str(scratch / "statement.json"), "--bundle", str(scratch / "other.json"))
        self.stranger = (scratch / "other.json").read_bytes()

    def line(self, name: str) -> tuple[str, str]:
        """The key in NAME.pub, which is PEM, in normal form and by its fingerprint: ssh-keygen's word for both."""
        (self.make.scratch / f"{name}-line.pub").write_bytes(self.make.run("ssh-keygen", "-i", "-m", "PKCS8", "-f", f"{name}.pub"))
        return " ".join((self.make.scratch / f"{name}-line.pub").read_text().split()[:2]), self.make.fingerprint(f"{name}-line")

    def raw(self, payload: bytes, key: str = "ssl") -> str:
        """openssl's signature of bare bytes, base64."""
        return base64.b64encode(self.make.ssl_sign(key, payload, digest="sha256")).decode()


def bent(data: bytes, change: Callable[[Json], object]) -> bytes:
    document = json.loads(data)
    change(document)
    return json.dumps(document).encode()


def without(document: Json, *names: str) -> None:
    for name in names:
        document.pop(name)


def renamed(document: Json, **names: str) -> None:
    for old, new in names.items():
        document[new] = document.pop(old)


def bundle_cases(make: Maker, found: Foreign) -> None:
    def case(name: str, data: bytes, expected: Any, why: str, digest: str = found.image) -> None:
        args = {"digest": digest, "keys": {"release": found.key}, "mediaType": BUNDLE, "now": "2030-01-01T00:00:00Z"}
        make.case("bundle", name, data, expected, why, args)

    good, by_cosign = found.signature, signature_by(found.name)
    log = {"tlogEntries": [{"logIndex": "-1", "nothing": "of this is true"}], "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}}
    case("cosign-signature", good, by_cosign, "cosign sign --key: a bundle with a Statement of its sign predicate")
    case(
        "cosign-signature-annotated", found.noted_bundle, by_cosign, "cosign sign --key -a build=7: annotations of the subject are signed, and say nothing here"
    )
    case("cosign-provenance", found.provenance, BUILT, "cosign attest --key --type slsaprovenance1: a Statement v0.1")
    case(
        "log-entries-not-looked-at",
        bent(good, lambda it: it["verificationMaterial"].update(log)),
        by_cosign,
        "a log entry and a time stamp that are nonsense: with keys nothing rests on them",
    )
    case(
        "hint-of-another-key",
        bent(good, lambda it: it["verificationMaterial"].update(publicKey={"hint": "AAAA"})),
        by_cosign,
        "the hint is no proof, neither for nor against",
    )
    case(
        "older-name-of-the-version",
        bent(good, lambda it: it.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.3")),
        by_cosign,
        "version 0.3 has two names",
    )
    case("null-is-missing", bent(good, lambda it: it.update(messageSignature=None)), by_cosign, "protobuf's JSON writes null for what is not there")
    case("copied-from-another-image_fail", good, "statement.other-subject", "cosign's signature of one image beside another", "sha256:" + DIGEST)
    case("stranger_fail", found.stranger, "dsse.unknown-key", "cosign's signature of this image by another key than the policy's")
    case(
        "altered-payload_fail",
        bent(good, lambda it: it["dsseEnvelope"].update(payload=base64.b64encode(statement(COSIGN, {}, found.image[7:])).decode())),
        "dsse.unknown-key",
        "the signature stayed, the Statement is another",
    )
    case(
        "altered-type_fail",
        bent(good, lambda it: it["dsseEnvelope"].update(payloadType="text/plain")),
        "dsse.unknown-key",
        "the type is under the signature too",
    )
    case(
        "certificate_fail",
        bent(
            good,
            lambda it: (it["dsseEnvelope"]["signatures"][0].update(sig="MAYCAQECAQE="), it.update(verificationMaterial={"certificate": {"rawBytes": "AAAA"}})),
        ),
        "bundle.keyless",
        "signed by a certificate's key, which no policy names",
    )
    case("message-signature_fail", found.message, "bundle.no-envelope", "cosign sign-blob --bundle: a signature of bare bytes says nothing of an artifact")
    case(
        "version-0.1_fail",
        bent(good, lambda it: it.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.1")),
        "bundle.other-version",
        "an older version of the format",
    )
    case(
        "version-0.4_fail",
        bent(good, lambda it: it.update(mediaType="application/vnd.dev.sigstore.bundle.v0.4+json")),
        "sigstore.unknown-version",
        "a version that is not known yet",
    )
    case("no-version_fail", bent(good, lambda it: without(it, "mediaType")), "sigstore.malformed", "a bundle that does not say which version it is")
    case(
        "both-contents_fail",
        bent(good, lambda it: it.update(messageSignature={"signature": "AAAA"})),
        "sigstore.malformed",
        "an envelope and a message signature: which one is meant is not guessed",
    )
    case("no-content_fail", bent(good, lambda it: without(it, "dsseEnvelope")), "sigstore.malformed", "nothing in it")
    case(
        "no-material_fail",
        bent(good, lambda it: without(it, "verificationMaterial")),
        "sigstore.no-certificate",
        "verification material is required, though nothing of it is believed",
    )
    case("empty-material_fail", bent(good, lambda it: it.update(verificationMaterial={})), "sigstore.no-certificate", "neither a key's hint nor a certificate")
    case(
        "two-materials_fail",
        bent(good, lambda it: it["verificationMaterial"].update(certificate={"rawBytes": "AAAA"})),
        "sigstore.no-certificate",
        "a key's hint and a certificate",
    )
    case(
        "material-of-text_fail",
        bent(good, lambda it: it.update(verificationMaterial={"publicKey": "AAAA"})),
        "sigstore.malformed",
        "a key's hint that is no object",
    )
    case(
        "two-signatures_fail",
        bent(good, lambda it: it["dsseEnvelope"].update(signatures=it["dsseEnvelope"]["signatures"] * 2)),
        "sigstore.too-many-signatures",
        "an envelope in a bundle has one signature; other readers refuse two",
    )
    case(
        "no-signatures_fail", bent(good, lambda it: it["dsseEnvelope"].update(signatures=[])), "sigstore.too-many-signatures", "an envelope without a signature"
    )
    case(
        "unknown-field_fail",
        bent(good, lambda it: it.update(note="x")),
        "sigstore.malformed",
        "protobuf's own readers refuse unknown fields, and nobody signed this one",
    )
    case("unknown-field-of-the-envelope_fail", bent(good, lambda it: it["dsseEnvelope"].update(note="x")), "sigstore.malformed", "the same, further in")
    case(
        "unknown-field-of-a-signature_fail",
        bent(good, lambda it: it["dsseEnvelope"]["signatures"][0].update(cert="x")),
        "sigstore.malformed",
        "the same, further in still",
    )
    case(
        "underlined-names_fail",
        bent(good, lambda it: renamed(it, mediaType="media_type", dsseEnvelope="dsse_envelope")),
        "sigstore.malformed",
        "protobuf reads media_type for mediaType; two names for one thing are one too many",
    )
    case(
        "payload-not-base64_fail",
        bent(good, lambda it: it["dsseEnvelope"].update(payload="%%%")),
        "sigstore.malformed",
        "the envelope is read as strictly as one that stands alone",
    )
    case("no-payload-type_fail", bent(good, lambda it: without(it["dsseEnvelope"], "payloadType")), "sigstore.malformed", "the same")
    case(
        "duplicate-content_fail",
        good.replace(b'{"mediaType"', b'{"dsseEnvelope":{},"mediaType"', 1),
        "json.duplicate-key",
        "two envelopes under one name: readers differ in which one they take",
    )
    case("array_fail", b"[" + good + b"]", "sigstore.malformed", "a list of bundles is none")
    case(
        "bare-envelope_fail",
        json.dumps(json.loads(good)["dsseEnvelope"]).encode(),
        "sigstore.malformed",
        "an envelope that is said to be a bundle: the media type decides how it is read",
    )
    case("not-json_fail", b"-----BEGIN", "json.malformed", "no JSON at all")
    case("cut-short_fail", good[:-20], "json.malformed", "the end is missing")
    case("large_fail", good[:-1] + b" " * (1 << 20) + b"}", "json.too-large", "more than 1 MiB")


def payload(digest: str, kind: str = "cosign container image signature", optional: Any = None, **critical: Any) -> bytes:
    inner = {"identity": {"docker-reference": "registry.example/shop"}, "image": {"docker-manifest-digest": digest}, "type": kind, **critical}
    return json.dumps({"critical": inner, "optional": optional}, separators=(",", ":")).encode()


def piece(data: bytes, signature: str) -> bytes:
    """Payload and annotation as a source hands them on."""
    return json.dumps({"payload": base64.b64encode(data).decode(), "signature": signature}, separators=(",", ":")).encode()


def simple_signing_cases(make: Maker, found: Foreign) -> None:
    ssl = make.ssl_key("ssl", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    (make.scratch / "ssl.pub").write_bytes(ssl)
    ssl_line, ssl_name = found.line("ssl")
    ed_line = make.ssh_key("ed", "ed25519")
    now = "2030-01-01T00:00:00Z"

    def case(name: str, data: bytes, expected: Any, why: str, digest: str = found.image) -> None:
        args = {"digest": digest, "keys": {"release": found.key, "openssl": ssl_line, "unused": ed_line}, "mediaType": PAYLOAD, "now": now}
        make.case("simple-signing", name, data, expected, why, args)

    def signed(data: bytes) -> bytes:
        return piece(data, found.raw(data))

    by_cosign, by_openssl = signature_by(found.name), signature_by(ssl_name)
    data, signature = found.payload
    case("cosign", piece(data, signature), by_cosign, "cosign sign --key --new-bundle-format=false")
    case("cosign-annotated", piece(*found.noted), by_cosign, "the same with -a build=7, which stands under optional")
    case("openssl", signed(payload(found.image)), by_openssl, "the same payload, signed by openssl dgst -sha256")
    case(
        "openssl-timestamp",
        signed(payload(found.image, optional={"creator": "containers/image", "timestamp": 1763931600})),
        signature_by(ssl_name, "2025-11-23T21:00:00Z"),
        "optional.timestamp, as containers/image writes it, says when",
    )
    case(
        "timestamp-of-text",
        signed(payload(found.image, optional={"timestamp": "yesterday"})),
        by_openssl,
        "cosign sign -a timestamp=yesterday: somebody's own annotation, and no time",
    )
    case("no-reference", signed(payload(found.image, identity={"docker-reference": ""})), by_openssl, "cosign signs without a claimed identity too")
    case(
        "other-reference",
        signed(payload(found.image, identity={"docker-reference": "elsewhere.example/other"})),
        by_openssl,
        "cosign's specification ignores it: a digest is the same wherever it lies",
    )
    case(
        "copied-from-another-image_fail",
        piece(data, signature),
        "simple-signing.other-digest",
        "cosign's signature of one image beside another",
        "sha256:" + DIGEST,
    )
    case(
        "altered-payload_fail",
        piece(data.replace(b'"optional":null', b'"optional":{}'), signature),
        "simple-signing.unknown-key",
        "the signature stayed, the payload is another",
    )
    case("white-space_fail", piece(data + b"\n", signature), "simple-signing.unknown-key", "the signature is of the very bytes, and not of what they mean")
    case(
        "signature-of-the-digest_fail", piece(data, found.raw(found.image.encode())), "simple-signing.unknown-key", "a signature by a known key, of other bytes"
    )
    case(
        "signed-sha512_fail",
        piece(data, base64.b64encode(make.ssl_sign("ssl", data, digest="sha512")).decode()),
        "simple-signing.unknown-key",
        "the hash is SHA-256 and no other",
    )
    case(
        "signature-of-an-envelope_fail",
        signed(pae(statement(SLSA, {}, found.image[7:]))),
        "json.malformed",
        "the signature of an envelope, put here with what it signs: that is no JSON, so that neither passes for the other",
    )
    case("unsigned_fail", piece(data, ""), "simple-signing.unsigned", "a payload without the annotation")
    case("signature-not-base64_fail", piece(data, "*"), "simple-signing.unsigned", "an annotation that is no signature")
    case("signature-with-line-end_fail", piece(data, signature + "\\n"), "simple-signing.unsigned", "one text, one meaning")
    case(
        "other-type_fail",
        signed(payload(found.image, "atomic container signature")),
        "simple-signing.other-type",
        "what GPG signs looks like this: another format, of which this key may mean something else",
    )
    case("no-type_fail", signed(payload(found.image, None)), "simple-signing.malformed", "a payload that does not say what it is")  # type: ignore[arg-type]
    case(
        "critical-unknown_fail",
        signed(payload(found.image, expires="2026-01-01")),
        "simple-signing.malformed",
        "something critical that is not understood must not be passed over",
    )
    case(
        "no-identity_fail",
        signed(bent(payload(found.image), lambda it: without(it["critical"], "identity"))),
        "simple-signing.malformed",
        "identity is required, though ignored",
    )
    case("reference-of-numbers_fail", signed(payload(found.image, identity={"docker-reference": 7})), "simple-signing.malformed", "a reference that is no text")
    case("no-image_fail", signed(bent(payload(found.image), lambda it: without(it["critical"], "image"))), "simple-signing.malformed", "of what image?")
    case(
        "capital-letter_fail",
        signed(payload(found.image, image={"Docker-manifest-digest": found.image})),
        "simple-signing.malformed",
        "some readers take it for docker-manifest-digest",
    )
    case(
        "two-digests_fail",
        signed(payload(found.image).replace(b'"image":{', b'"image":{"docker-manifest-digest":"sha256:00",')),
        "json.duplicate-key",
        "two digests under one name: readers differ in which one they take",
    )
    case("digest-without-name_fail", signed(payload(found.image[7:])), "simple-signing.other-digest", "64 hex digits alone are no digest")
    case(
        "other-field_fail",
        signed(bent(payload(found.image), lambda it: it.update(also="x"))),
        "simple-signing.malformed",
        "a payload has critical and optional",
    )
    case("optional-list_fail", signed(payload(found.image, optional=[])), "simple-signing.malformed", "optional is an object")
    case("array_fail", signed(b"[]"), "simple-signing.malformed", "a signed list")
    case("not-json_fail", signed(b"hello"), "json.malformed", "signed bytes that are no JSON, such as a file's")
    case("from-future_fail", signed(payload(found.image, optional={"timestamp": 1924992000})), "evidence.from-future", "says it was signed in 2031")
    case("timestamp-too-late_fail", signed(payload(found.image, optional={"timestamp": 253402300800})), "simple-signing.malformed", "the year 10000")
    case("timestamp-negative_fail", signed(payload(found.image, optional={"timestamp": -1})), "simple-signing.malformed", "before 1970")
    case("large_fail", signed(payload(found.image, optional={"x": "y" * 70_000})), "simple-signing.malformed", "more than 64 KiB")
    case("payload-not-base64_fail", b'{"payload":"*","signature":"AAAA"}', "simple-signing.malformed", "a piece that no source of ours put together")
    case("spaces_fail", piece(data, signature).replace(b",", b", "), "json.not-canonical", "the same")
    case("bare-payload_fail", data, "simple-signing.malformed", "a payload without what joins it with its signature")


if __name__ == "__main__":
    import os

    os.environ["COSIGN_PASSWORD"] = ""
    with tempfile.TemporaryDirectory() as scratch:
        maker = Maker(Path(scratch))
        foreign = Foreign(maker)
        bundle_cases(maker, foreign)
        simple_signing_cases(maker, foreign)
        print(f"{maker.written} cases")
