"""Cases of provenance in both versions and of verification summaries: run it by hand to make these anew, and no others.

    cd tests && python -m evidence.cases_of_slsa          needs openssl

The shapes are those that GitHub's generators, Google Cloud Build, Tekton Chains and npm write, and Google's summaries; the values are made up.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from evidence import cases_by_hand
from evidence.make_cases import CASES, DIGEST, OTHER, Maker, b64, envelope, pae, statement

V1, V02, VSA = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2", "https://slsa.dev/verification_summary/v1"
SHOP, GIT, MAIN = "https://github.com/acme/shop", "git+https://github.com/acme/shop", "refs/heads/main"
COMMIT = "a" * 40
GENERATOR = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.10.0"
READERS = ("provenance", "vsa", "summary")

Json = dict[str, Any]


def provenances(make: Maker) -> None:
    def v02(config: Any = None, materials: Any = (), builder: Any = None, **more: Any) -> Json:
        invocation = {} if config is None else {"invocation": {"configSource": config}}
        return {
            "builder": {"id": "https://ci.example/b"} if builder is None else builder,
            "buildType": "https://ci.example/t",
            **invocation,
            "materials": materials,
            **more,
        }

    def v1(external: Any, dependencies: Any = (), builder: str = "https://ci.example/b") -> Json:
        return {
            "buildDefinition": {"buildType": "https://ci.example/t", "externalParameters": external, "resolvedDependencies": dependencies},
            "runDetails": {"builder": {"id": builder}},
        }

    def says(repository: str = "", ref: str = "", commit: str = "", **more: Any) -> Json:
        none: Json = {"builder": "https://ci.example/b", "finishedAt": None, "entryPoint": "", "level": "", "materials": []}
        return {**none, "repository": repository, "ref": ref, "commit": commit, **more}

    at, workflow = f"{GIT}@{MAIN}", ".github/workflows/release.yml"
    config = {"uri": at, "digest": {"sha1": COMMIT}, "entryPoint": workflow}
    source = {"uri": at, "digest": {"sha1": COMMIT}}
    shown = {"uri": at, "digests": [f"sha1:{COMMIT}"]}
    main, tool = says(GIT, MAIN, COMMIT, entryPoint=workflow), "gcr.io/cloud-builders/docker"
    level = {"builder": GENERATOR, "level": "SLSA_BUILD_LEVEL_3"}
    other = {"uri": "pkg:deb/debian/gcc", "digest": {"sha256": "b" * 64, "md5": "c" * 32}}
    google = {"repository": GIT, "ref": MAIN, "path": "cloudbuild.yaml"}
    passes: dict[str, tuple[str, Json, Json, str]] = {
        "v02-github-generator": (V02, v02(config, [source], {"id": GENERATOR}, metadata={"buildFinishedOn": "2026-11-22T10:00:00+02:00"}), {**main, **level, "materials": [shown], "finishedAt": "2026-11-22T08:00:00Z"}, "what GitHub's generators write"),
        "v02-npm": (V02, v02(config, [source], {"id": "https://github.com/npm/cli/gha"}), {**main, "builder": "https://github.com/npm/cli/gha", "materials": [shown]}, "what npm wrote on GitHub"),
        "v02-tekton": (V02, v02({"uri": GIT, "digest": {"sha1": COMMIT}, "entryPoint": "build.yaml"}), says(GIT, "", COMMIT, entryPoint="build.yaml"), "Tekton Chains: no ref is said, none is guessed"),
        "v02-materials-alone": (V02, v02(None, [source]), says(materials=[shown]), "materials without a configSource: any of them might be the source"),
        "v02-no-uri": (V02, v02({"digest": {"sha1": COMMIT}, "entryPoint": workflow}), says(), "an entry point and a commit of no source"),
        "v02-other-material": (V02, v02(config, [source, other]), {**main, "materials": [shown, {"uri": "pkg:deb/debian/gcc", "digests": [f"md5:{'c' * 32}", f"sha256:{'b' * 64}"]}]}, "a compiler beside the source"),
        "v02-two-commits": (V02, v02(config, [{"uri": at, "digest": {"sha1": "b" * 40}}]), says(GIT, MAIN, entryPoint=workflow, materials=[{"uri": at, "digests": [f"sha1:{'b' * 40}"]}]), "the material names another commit than the source: neither is taken"),
        "v02-commit-list": (V02, v02({**config, "digest": {"sha1": [COMMIT]}}), says(GIT, MAIN, entryPoint=workflow), "a commit that is a list"),
        "v02-two-at-signs": (V02, v02({"uri": f"git+ssh://git@github.com/acme/shop@{MAIN}"}), says(), "a user name in the address could read as another pair"),
        "v02-v1-fields": (V02, {**v1({"workflow": {"repository": SHOP, "ref": MAIN}}), **v02()}, says(), "v1's fields in v0.2 say nothing"),
        "v02-digest-text": (V02, v02(config, [{"uri": at, "digest": "sha1"}]), {**main, "materials": [{"uri": at, "digests": []}]}, "a digest that is a text: the material has none"),
        "v02-not-shown": (V02, v02(config, [{"uri": "x\n" + at, "digest": {"sha1": 7}}, {}]), {**main, "materials": [{"uri": "", "digests": []}] * 2}, "what cannot be shown is left out, and nothing rests on it"),
        "level-of-another-host": (V02, v02(builder={"id": GENERATOR.replace("github.com", "example.com")}), says(builder=GENERATOR.replace("github.com", "example.com")), "a name that is like GitHub's claims nothing"),
        "level-nine": (V02, v02(builder={"id": GENERATOR.replace("slsa3", "slsa9")}), says(builder=GENERATOR.replace("slsa3", "slsa9")), "there is no level 9"),
        "level-without-ref": (V02, v02(builder={"id": GENERATOR.partition("@")[0]}), says(builder=GENERATOR.partition("@")[0]), "a workflow at no ref could be any"),
        "v1-google": (V1, v1({"buildConfigSource": google, "substitutions": {}}, [{"uri": at, "digest": {"gitCommit": COMMIT}}, {"uri": f"{tool}@sha256:{'d' * 64}", "digest": {"sha256": "d" * 64}}]), says(GIT, MAIN, COMMIT, entryPoint="cloudbuild.yaml", materials=[{"uri": at, "digests": [f"gitCommit:{COMMIT}"]}, {"uri": f"{tool}@sha256:{'d' * 64}", "digests": [f"sha256:{'d' * 64}"]}]), "what Google Cloud Build writes"),
        "v1-google-and-workflow": (V1, v1({"buildConfigSource": google, "workflow": {"repository": SHOP, "ref": MAIN}}), says(), "two forms: nobody says which one was built"),
        "v1-workflow-path": (V1, v1({"workflow": {"repository": SHOP, "ref": MAIN, "path": workflow}}), says(GIT, MAIN, entryPoint=workflow), "the workflow's file"),
        "v1-container-based": (V1, v1({"source": source, "configPath": "build.toml"}), says(GIT, MAIN, COMMIT, entryPoint="build.toml"), "the container-based builder's configuration"),
        "v1-v02-fields": (V1, {**v02(config), **v1({})}, says(), "v0.2's fields in v1 say nothing"),
        "v1-commit-list": (V1, v1({"workflow": {"repository": SHOP, "ref": MAIN}}, [{"uri": at, "digest": {"gitCommit": ["x"]}}]), says(GIT, MAIN, materials=[{"uri": at, "digests": []}]), "a commit that is a list"),
    }  # fmt: skip
    for name, (kind, predicate, expected, why) in passes.items():
        make.case("provenance", name, json.dumps(predicate).encode(), expected, why, {"type": kind})
    fail: dict[str, tuple[str, Json, str]] = {
        "v02-no-builder": (V02, {"buildType": "https://ci.example/t"}, "nobody built it"),
        "v02-builder-text": (V02, v02(builder="https://ci.example/b"), "a builder that is a text"),
        "v02-as-v1": (V1, v02(config), "v0.2 under v1's name has no builder"),
        "v1-as-v02": (V02, v1({}), "v1 under v0.2's name has no builder"),
        "v02-invocation-list": (V02, {**v02(), "invocation": []}, "an invocation that is a list"),
        "v02-config-text": (V02, v02(at), "a configSource that is a text"),
        "v02-uri-number": (V02, v02({"uri": 7}), "an address that is a number"),
        "v02-entry-point-line-feed": (V02, v02({**config, "entryPoint": "build.yaml\n"}), "a line feed after the entry point"),
        "v02-materials-object": (V02, v02(config, {}), "materials that are no list"),
        "v02-materials-4097": (V02, v02(config, [{}] * 4097), "4,097 materials"),
        "v02-material-text": (V02, v02(config, [at]), "a material that is a text"),
        "v02-finished-local": (V02, v02(metadata={"buildFinishedOn": "2026-11-22T10:00:00"}), "a time without its offset"),
        "v1-google-text": (V1, v1({"buildConfigSource": "main"}), "a buildConfigSource that is a text"),
        "v1-path-number": (V1, v1({"workflow": {"repository": SHOP, "path": 7}}), "a path that is a number"),
    }  # fmt: skip
    for name, (kind, predicate, why) in fail.items():
        make.case("provenance", f"{name}_fail", json.dumps(predicate).encode(), "slsa.malformed", why, {"type": kind})


VERIFIER, RESOURCE = "https://verifier.example/v1", "pkg:oci/shop?repository_url=registry.example/acme"
SUMMARY: Json = {
    "verifier": {"id": VERIFIER},
    "timeVerified": "2026-11-22T10:00:00.25+02:00",
    "resourceUri": RESOURCE,
    "policy": {"uri": "https://verifier.example/policy", "digest": {"sha256": "e" * 64}},
    "inputAttestations": [{"uri": "https://example.com/a.jsonl", "digest": {"sha256": "f" * 64}}],
    "verificationResult": "PASSED",
    "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"],
    "dependencyLevels": {"SLSA_BUILD_LEVEL_2": 7},
    "slsaVersion": "1.1",
}


def summaries(make: Maker) -> None:
    def without(*names: str, **more: Any) -> Json:
        return {**{name: value for name, value in SUMMARY.items() if name not in names}, **more}

    whole: Json = {
        "verifier": VERIFIER,
        "resource": RESOURCE,
        "passed": True,
        "levels": SUMMARY["verifiedLevels"],
        "policy": "https://verifier.example/policy",
        "policyDigest": "sha256:" + "e" * 64,
        "verifiedAt": "2026-11-22T08:00:00Z",
    }
    google = {"uri": "googlefile:/google_src/files/1/depot/google3/image.sw_policy.textproto"}
    passes: dict[str, tuple[Json, Json, str]] = {
        "whole": (SUMMARY, whole, "every field there is"),
        "failed": (without(verificationResult="FAILED", verifiedLevels=["FAILED"]), {**whole, "passed": False, "levels": ["FAILED"]}, "it did not pass, and says so"),
        "google": (without("inputAttestations", "dependencyLevels", "slsaVersion", policy=google, verifiedLevels=["BCID_L1", "SLSA_BUILD_LEVEL_2"]), {**whole, "policy": google["uri"], "policyDigest": "", "levels": ["BCID_L1", "SLSA_BUILD_LEVEL_2"]}, "what Google's verifier writes"),
        "two-tracks": (without(verifiedLevels=["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_2"]), {**whole, "levels": ["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_2"]}, "one level of each track"),
        "no-levels": (without("verifiedLevels"), {**whole, "levels": []}, "no levels: it reaches none"),
        "no-policy": (without("policy"), {**whole, "policy": "", "policyDigest": ""}, "no policy is said"),
        "no-time": (without("timeVerified"), {**whole, "verifiedAt": None}, "no time is said: it is older than any limit"),
        "unknown-fields": (without(**{"https://example.com/more": {}}), whole, "fields that are not known are ignored (parsing rules)"),
        "policy-sha512": (without(policy={"digest": {"sha512": "e" * 128}}), {**whole, "policy": "", "policyDigest": ""}, "a digest of another kind is none that could be compared"),
    }  # fmt: skip
    for name, (predicate, expected, why) in passes.items():
        make.case("vsa", name, json.dumps(predicate).encode(), expected, why)
    fail: dict[str, tuple[Any, str]] = {
        "no-result": (without("verificationResult"), "no result"),
        "lower-case-result": (without(verificationResult="passed"), "there are two results, and this is neither"),
        "result-true": (without(verificationResult=True), "a result that is no text"),
        "no-verifier": (without("verifier"), "nobody verified it"),
        "verifier-text": (without(verifier=VERIFIER), "a verifier that is a text"),
        "verifier-empty": (without(verifier={"id": ""}), "an empty verifier"),
        "no-resource": (without("resourceUri"), "no resource: it could be meant for anything"),
        "old-name-of-resource": (without("resourceUri", resource_uri=RESOURCE), "the field as version 0.2 wrote it"),
        "resource-escape": (without(resourceUri="pkg:oci/\x1b[2Jshop"), "what a terminal would obey"),
        "resource-long": (without(resourceUri="x" * 1001), "a thousand and one characters"),
        "levels-text": (without(verifiedLevels="SLSA_BUILD_LEVEL_3"), "levels that are a text"),
        "level-number": (without(verifiedLevels=[3]), "a level that is a number"),
        "level-long": (without(verifiedLevels=["x" * 201]), "a level of 201 characters"),
        "levels-65": (without(verifiedLevels=[f"L{number}" for number in range(65)]), "65 levels"),
        "two-levels-of-a-track": (without(verifiedLevels=["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]), "two levels of one track"),
        "same-level-twice": (without(verifiedLevels=["SLSA_BUILD_LEVEL_3"] * 2), "one level twice"),
        "passed-and-failed": (without(verifiedLevels=["SLSA_BUILD_LEVEL_3", "FAILED"]), "it passed, and failed among its levels"),
        "policy-text": (without(policy="https://verifier.example/policy"), "a policy that is a text"),
        "policy-digest-upper-case": (without(policy={"digest": {"sha256": "E" * 64}}), "a second text of the same digest"),
        "policy-digest-short": (without(policy={"digest": {"sha256": "e" * 63}}), "one digit short"),
        "time-local": (without(timeVerified="2026-11-22T10:00:00"), "a time without its offset"),
        "time-number": (without(timeVerified=1795337700), "RFC 3339 or nothing"),
    }  # fmt: skip
    for name, (predicate, why) in fail.items():
        make.case("vsa", f"{name}_fail", json.dumps(predicate).encode(), "vsa.malformed", why)


def signed(make: Maker) -> None:
    """Summaries as they are attached, signed by openssl; with the trap of Google's: a signature that is no DER."""
    make.ssl_key("p256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    make.ssl_key("ed25519", "-algorithm", "ed25519")
    make.ssl_key("stranger", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    lines = {name: cases_by_hand.line_of(make.run("openssl", "pkey", "-in", f"{name}.pem", "-pubout", "-outform", "DER")) for name in ("p256", "ed25519")}
    args = {"keys": lines, "digest": f"sha256:{DIGEST}", "now": "2026-11-22T20:00:00Z"}
    printed = cases_by_hand.fingerprint(lines["p256"])

    def der(payload: bytes, key: str = "p256") -> bytes:
        return make.ssl_sign(key, pae(payload), digest="sha256")

    def pair(payload: bytes, key: str = "p256") -> bytes:
        return cases_by_hand.raw_pair(der(payload, key))

    said = statement(VSA, SUMMARY)
    older = said.replace(b"Statement/v1", b"Statement/v0.1")
    fact = {"type": "Summary", "verifier": VERIFIER, "resource": RESOURCE, "passed": True, "raw": False, "keys": [printed]}
    keyid = {"keyid": "keystore://1:prod:vsa_signing_public_key"}
    passes: dict[str, tuple[bytes, Json, str]] = {
        "der": (envelope(said, {"sig": b64(der(said))}), fact, "signed by openssl"),
        "ed25519": (envelope(said, {"sig": b64(make.ssl_sign("ed25519", pae(said)))}), {**fact, "keys": [cases_by_hand.fingerprint(lines["ed25519"])]}, "64 bytes that are a signature as they stand"),
        "older-statement": (envelope(older, {"sig": b64(der(older))}), fact, "in a Statement v0.1"),
        "pair": (envelope(said, {"sig": b64(pair(said))}), {**fact, "raw": True}, "r and s side by side: read, and marked as what it is"),
        "pair-as-google-names-it": (envelope(said, {**keyid, "sig": b64(pair(said))}), {**fact, "raw": True}, "the same, with Google's keyid"),
        "pair-that-names-the-key": (envelope(said, {"keyid": printed, "sig": b64(pair(said))}), {**fact, "raw": True}, "the same, with our own name of the key"),
        "der-beside-pair": (envelope(said, {"sig": b64(pair(said, "stranger"))}, {"sig": b64(der(said))}), fact, "a stranger's pair beside our DER changes nothing"),
    }  # fmt: skip
    for name, (data, expected, why) in passes.items():
        make.case("summary", name, data, {"facts": [expected]}, why, args)
    moved, later = statement(VSA, SUMMARY, OTHER), statement(VSA, {**SUMMARY, "timeVerified": "2026-11-22T20:00:01Z"})
    release, built = statement("https://sigstore.dev/cosign/sign/v1", {}), statement(V02, {"builder": {"id": "b"}})
    swapped = pair(said)[32:] + pair(said)[:32]
    fail: dict[str, tuple[bytes, str, str]] = {
        "pair-of-a-stranger": (envelope(said, {"sig": b64(pair(said, "stranger"))}), "dsse.unknown-key", "a pair by a key nobody named"),
        "pair-cut": (envelope(said, {"sig": b64(pair(said)[:-1])}), "dsse.unknown-key", "63 bytes are no pair"),
        "pair-longer": (envelope(said, {"sig": b64(pair(said) + b"\0")}), "dsse.unknown-key", "65 bytes are no pair"),
        "pair-swapped": (envelope(said, {"sig": b64(swapped)}), "dsse.unknown-key", "s and r"),
        "pair-of-zeros": (envelope(said, {"sig": b64(bytes(64))}), "dsse.unknown-key", "zeros sign nothing"),
        "pair-over-other-bytes": (envelope(said, {"sig": b64(pair(moved))}), "dsse.unknown-key", "another payload's pair"),
        "pair-over-the-payload": (envelope(said, {"sig": b64(cases_by_hand.raw_pair(make.ssl_sign("p256", said, digest="sha256")))}), "dsse.unknown-key", "a pair over the payload, not over its PAE"),
        "pair-that-names-the-key-and-is-not": (envelope(said, {"keyid": printed, "sig": b64(pair(said, "stranger"))}), "dsse.bad-signature", "a stranger's pair under our key's name"),
        "pair-beside-bad-der": (envelope(said, {"keyid": printed, "sig": b64(der(moved))}, {"sig": b64(pair(said))}), "dsse.bad-signature", "a good pair does not rescue a bad signature"),
        "signature-as-pair": (envelope(release, {"sig": b64(pair(release))}), "dsse.raw-signature", "a plain signature counts in DER alone"),
        "provenance-as-pair": (envelope(built, {"sig": b64(pair(built))}), "dsse.raw-signature", "provenance counts in DER alone"),
        "other-subject": (envelope(moved, {"sig": b64(der(moved))}), "statement.other-subject", "about another image"),
        "future": (envelope(later, {"sig": b64(der(later))}), "evidence.from-future", "verified a second from now"),
        "malformed": (envelope(empty := statement(VSA, {}), {"sig": b64(der(empty))}), "vsa.malformed", "a summary of nothing"),
        "no-sha256": (envelope(image := said.replace(b'"sha256": "' + DIGEST.encode(), b'"gce_image_id": "8970095005306000053'), {"sig": b64(pair(image))}), "statement.no-sha256", "about a machine image, which has no digest that could be compared"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("summary", f"{name}_fail", data, code, why, args)


def make_all(make: Maker) -> None:
    provenances(make)
    summaries(make)
    signed(make)


def main() -> None:
    for reader in READERS:
        shutil.rmtree(CASES / reader, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make = Maker(Path(scratch))
        make_all(make)
    print(f"{make.written} cases below {CASES}")


if __name__ == "__main__":
    main()
