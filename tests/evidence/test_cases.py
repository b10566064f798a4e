"""Every folder of ``cases/``: the reader says what `expected.json` says, and every `_fail` case its code."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lockgate import canon
from lockgate.core import events
from lockgate.core.facts import Provenance, Rejected, Signature, Summary, Vouched
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, PolicyError
from lockgate.evidence import (
    artifact,
    dsse,
    junit,
    keys,
    policy_yaml,
    readers,
    record,
    said_types,
    sbom,
    slsa,
    sshsig,
    statement,
    test_result,
    vex_cyclonedx,
    vsa,
)
from lockgate.evidence.advisories import kev, match, osv, packages

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(folder for reader in CASES.iterdir() for folder in reader.iterdir())
DIGEST = "sha256:" + "9f2c" * 16


def time_text(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def read_keys(data: bytes, args: Any) -> Any:
    key = keys.parse_public_key(data)
    return {"key": key, "fingerprint": fingerprint(key)}


def read_sshsig(data: bytes, args: Any) -> Any:
    if not data.startswith(b"SSHSIG") and b"SSH SIGNATURE" in data:
        data = sshsig.dearmor(data.decode())
    return {"key": sshsig.verify_sshsig(data, base64.b64decode(args["message"]), args["namespace"], require_uv=args.get("requireUv", False))}


def read_dsse(data: bytes, args: Any) -> Any:
    names = {fingerprint(key): name for name, key in args["keys"].items()}
    verified = dsse.verify(dsse.parse(data), {fingerprint(key): key for key in args["keys"].values()})
    return {"keys": sorted(names[key] for key in verified.keys)}


def read_statement(data: bytes, args: Any) -> Any:
    said = statement.parse("application/vnd.in-toto+json", data)
    return {"subjects": list(said.subjects), "predicateType": said.predicate_type}


def read_slsa(data: bytes, args: Any) -> Any:
    fact = slsa.read(json.loads(data), DIGEST, ["SHA256:x"], "sha256:" + "0" * 64)
    assert (fact.subject, fact.keys) == (DIGEST, ("SHA256:x",))
    return {"builder": fact.builder, "repository": fact.repository, "ref": fact.ref, "commit": fact.commit, "finishedAt": time_text(fact.finished_at)}


def read_provenance(data: bytes, args: Any) -> Any:
    fact = slsa.of(args["type"], json.loads(data), DIGEST, ["SHA256:x"], "sha256:" + "0" * 64)
    assert (fact.subject, fact.keys) == (DIGEST, ("SHA256:x",))
    return {
        "builder": fact.builder,
        "repository": fact.repository,
        "ref": fact.ref,
        "commit": fact.commit,
        "finishedAt": time_text(fact.finished_at),
        "entryPoint": fact.entry_point,
        "level": fact.level,
        "materials": [{"uri": one.uri, "digests": list(one.digests)} for one in fact.materials],
    }


def read_vsa(data: bytes, args: Any) -> Any:
    fact = vsa.read(json.loads(data), DIGEST, ["SHA256:x"], "sha256:" + "0" * 64)
    assert (fact.subject, fact.keys, fact.raw) == (DIGEST, ("SHA256:x",), False)
    return {
        "verifier": fact.verifier,
        "resource": fact.resource,
        "passed": fact.passed,
        "levels": list(fact.levels),
        "policy": fact.policy,
        "policyDigest": fact.policy_digest,
        "verifiedAt": time_text(fact.verified_at),
    }


def read_said(data: bytes, args: Any) -> Any:
    """A predicate of a type that is listed, signed by some key: what follows from it, but who says it."""
    about, kind = [{"digest": {"sha256": DIGEST.removeprefix("sha256:")}}], args["type"]
    whole = {"_type": "https://in-toto.io/Statement/v1", "subject": about, "predicateType": kind, "predicate": json.loads(data)}
    said = statement.parse("application/vnd.in-toto+json", json.dumps(whole).encode())
    read = vex_cyclonedx.statements if kind in said_types.CYCLONEDX_VEX else readers.READERS[kind]
    facts = read(said, DIGEST, ("SHA256:x",), "sha256:" + "0" * 64, datetime.fromisoformat(args["now"]))
    told = [json.loads(canon.encode(fact)) for fact in facts]
    assert [canon.decode(canon.encode(fact), type(fact)) for fact in facts] == list(facts)
    assert all((one.pop("subject"), one.pop("source"), one.pop("keys")) == (DIGEST, "sha256:" + "0" * 64, ["SHA256:x"]) for one in told)
    return {"facts": told}


def read_test_result(data: bytes, args: Any) -> Any:
    fact = test_result.read(json.loads(data), DIGEST, ["SHA256:x"], "sha256:" + "0" * 64)
    assert (fact.subject, fact.keys) == (DIGEST, ("SHA256:x",))
    lists = {name: list(getattr(fact, name)) for name in ("passed", "warned", "failed", "configuration")}
    return {"result": fact.result, **lists, "at": time_text(fact.at)}


def read_junit(data: bytes, args: Any) -> Any:
    return {name: list(tests) for name, tests in junit.read(data)._asdict().items()}


def read_artifact(data: bytes, args: Any) -> Any:
    piece = Evidence(media_type=args.get("mediaType", dsse.MEDIA_TYPE), data=data, origin="case")
    facts: list[dict[str, Any]] = []
    for fact in artifact.read([piece], args["keys"], {args["digest"]}, datetime.fromisoformat(args["now"])):
        match fact:
            case Signature():
                facts.append({"type": "Signature", "key": fact.key, "signedAt": time_text(fact.signed_at)})
            case Provenance():
                facts.append({"type": "Provenance", "builder": fact.builder, "repository": fact.repository, "ref": fact.ref, "commit": fact.commit})
            case Summary():
                facts.append(
                    {
                        "type": "Summary",
                        "verifier": fact.verifier,
                        "resource": fact.resource,
                        "passed": fact.passed,
                        "raw": fact.raw,
                        "keys": list(fact.keys),
                    }
                )
            case Rejected():
                raise EvidenceError(fact.code, "rejected")
            case Vouched():
                facts.append({"type": type(fact).__name__, **msgspec.to_builtins(fact)})
    return {"facts": facts}


def read_record(data: bytes, args: Any) -> Any:
    leaf = record.read_leaf(data)
    opened = record.open_envelope(leaf.event)
    kind = events.kind_of(opened.event)
    if kind == "decision":
        record.check_permit_signature(leaf.event, args["permit"])
        key = args["permit"]
    else:
        key = record.person_key(leaf.event, kind)
    assert record.leaf_bytes(leaf) == data
    assert record.statement_bytes(opened.event, opened.subjects) == base64.b64decode(leaf.event.payload)
    return {"kind": kind, "key": key, "subjects": list(opened.subjects)}


def read_policy(data: bytes, args: Any) -> Any:
    policy = policy_yaml.parse_policy(data, "policy.yaml", None)
    assert policy == policy_yaml.parse_policy((CASES / "policy" / "plain" / "input").read_bytes(), "plain.yaml", None)
    assert policy_yaml.parse_policy(policy_yaml.dump_policy(policy).encode(), "again.yaml", None) == policy
    return {"sameAs": "plain"}


def read_osv(data: bytes, args: Any) -> Any:
    entries = [osv.of(one) for one in json.loads(data)] if data.startswith(b"[{") else [osv.read(data)]
    named = packages.named(args["purl"])
    found = match.Book(entries, args["exploited"]).matches(named) if named is not None else []
    told = [{"fixedIn" if key == "fixed_in" else key: value for key, value in one._asdict().items() if key != "published"} for one in found]
    return json.loads(json.dumps({"matches": told}))


def read_kev(data: bytes, args: Any) -> Any:
    found = kev.read(data)
    return {"released": time_text(found.released), "exploited": [[one.cve, one.added] for one in found.exploited]}


def read_sbom(data: bytes, args: Any) -> Any:
    fact = sbom.fact(sbom.parse(data), args["digest"], "sha256:" + "0" * 64, datetime.fromisoformat(args["now"]))
    assert (fact.subject, fact.keys, fact.found, fact.where) == (args["digest"], (), "attestation", "")
    said = {name: value for name, value in json.loads(msgspec.json.encode(fact)).items() if name not in {"subject", "source"}}
    parts = [{name: value for name, value in part.items() if value or name == "licences"} for part in said["components"]]
    return {**said, "components": parts}


READERS: dict[str, Callable[[bytes, Any], Any]] = {
    "keys": read_keys,
    "sshsig": read_sshsig,
    "dsse": read_dsse,
    "statement": read_statement,
    "slsa": read_slsa,
    "provenance": read_provenance,
    "vsa": read_vsa,
    "test-result": read_test_result,
    "junit": read_junit,
    "summary": read_artifact,
    "artifact": read_artifact,
    "bundle": read_artifact,
    "simple-signing": read_artifact,
    **dict.fromkeys(("vex_openvex", "vex_cyclonedx", "vex_csaf", "scan_vulns", "scan_cosign", "scan_trivy", "scan_grype", "scan_sarif"), read_said),
    **dict.fromkeys(("sbom_cyclonedx", "sbom_spdx"), read_sbom),
    "record": read_record,
    "policy": read_policy,
    "osv": read_osv,
    "kev": read_kev,
}


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{folder.parent.name}/{folder.name}" for folder in FOLDERS])
def test_case(folder: Path) -> None:
    data = (folder / "input").read_bytes()
    args = json.loads((folder / "case.json").read_text()) if (folder / "case.json").exists() else None
    expected = json.loads((folder / "expected.json").read_text())
    read = READERS[folder.parent.name]
    if not folder.name.endswith("_fail"):
        assert read(data, args) == expected
        return
    with pytest.raises((EvidenceError, PolicyError)) as err:
        read(data, args)
    assert err.value.code == expected["code"]
    if "message" in expected:
        assert expected["message"] in err.value.message
        assert err.value.message.startswith("policy.yaml:")


def test_every_case_says_why() -> None:
    assert all((folder / "README").read_text().strip() for folder in FOLDERS)


def test_no_case_holds_a_private_key() -> None:
    # keys/private-openssh_fail has the frame of one around three zero bytes.
    framed = [path for folder in FOLDERS for path in folder.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert [path.parent.name for path in framed] == ["private-openssh_fail"]
    assert framed[0].read_bytes().splitlines()[1] == b"AAAA"
