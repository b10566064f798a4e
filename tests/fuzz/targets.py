"""What is fuzzed: one function per reader. It reads any bytes, lets only lockgate's own refusals pass, and holds what reads to its promises.

`test_fuzz_readers.py` runs these under Hypothesis as ordinary tests; `run` runs them under atheris, for longer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import build
import older_layout
import private_sigstore
from fuzz.said_targets import SAID
from fuzz.sigstore_targets import SIGSTORE
from lockgate import canon
from lockgate.adapters.zones import PackagedZones
from lockgate.core.cases import run_case
from lockgate.core.facts import Provenance, Summary
from lockgate.core.identity import Person, Roster, fingerprint
from lockgate.core.policy import Policy
from lockgate.core.ports import Evidence
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.errors import EvidenceError, LedgerError, PolicyError
from lockgate.evidence import (
    annotated,
    artifact,
    attestation,
    carried,
    cosign_layout,
    dsse,
    junit,
    keys,
    policy_cases,
    policy_sense,
    policy_yaml,
    record,
    roster_yaml,
    simple_signing,
    slsa,
    sshsig,
    statement,
    test_result,
    tzif,
    vsa,
)
from lockgate.evidence.advisories import cvss, kev, match, osv, packages, versions
from lockgate.evidence.sigstore import bundle, trust
from lockgate.evidence.sigstore.verify import Demands
from lockgate.ledger import checkpoint, note, proof

CASES = Path(__file__).parent.parent / "evidence" / "cases"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"throw-away key of the fuzz tests")
KEY = PRIVATE.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
KNOWN = {fingerprint(KEY): KEY}
LOG = note.SignerKey(name="example.com/fuzz", seed=PRIVATE.private_bytes_raw())
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
PROMISE = Demands(log="promise")


class Target(NamedTuple):
    """A reader to fuzz: `run` returns normally for every input, or there is a bug."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def read_dsse(data: bytes) -> None:
    piece = Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="fuzz")
    facts = artifact.read([piece], {"fuzz": KEY}, {"sha256:" + "9f2c" * 16}, NOW)
    if any(not fact.source.startswith("sha256:") for fact in facts) or facts != artifact.read([piece], {"fuzz": KEY}, {"sha256:" + "9f2c" * 16}, NOW):
        raise AssertionError("the same bytes gave other facts")
    canon.encode(facts)
    try:
        envelope = dsse.parse(data)
        dsse.verify(envelope, KNOWN)
    except EvidenceError:
        return


def read_bundle(data: bytes) -> None:
    read_attached(bundle.MEDIA_TYPE, data)
    try:
        found = bundle.read(data)
        bundle.material(found)
    except EvidenceError:
        return
    if not found.signed.signature:
        raise AssertionError("a bundle has one signature")


def read_simple_signing(data: bytes) -> None:
    """The bytes as a piece, and as a payload that a known key signed."""
    read_attached(simple_signing.MEDIA_TYPE, data)
    read_attached(simple_signing.MEDIA_TYPE, simple_signing.join(data, base64.b64encode(PRIVATE.sign(data)).decode()))


def read_cosign_layout(data: bytes) -> None:
    """The bytes as a layer with its annotations, of either kind: nothing reads that a Sigstore of our own did not sign."""
    for media_type in (annotated.ATTESTATION, simple_signing.MEDIA_TYPE):
        try:
            found = cosign_layout.verify(Evidence(media_type=media_type, data=data, origin="fuzz"), trusted()[1], {older_layout.DIGEST}, demands=PROMISE)
        except EvidenceError:
            continue
        if found.payload not in {older_layout.PAYLOAD, private_sigstore.STATEMENT}:
            raise AssertionError("something else was signed")


@cache
def trusted() -> tuple[private_sigstore.Instance, trust.TrustedRoot]:
    ours = private_sigstore.Instance()
    return ours, ours.root()


@cache
def layers() -> list[bytes]:
    """Layers that verify; small ones, as the fuzzers want."""
    return [older_layout.layer(trusted()[0], kind=kind, chain="").data for kind in ("hashedrekord", "dsse", "intoto")]


def read_attached(media_type: str, data: bytes) -> None:
    piece = Evidence(media_type=media_type, data=data, origin="fuzz")
    facts = artifact.read([piece], {"fuzz": KEY}, {"sha256:" + "9f2c" * 16}, NOW)
    if facts != artifact.read([piece], {"fuzz": KEY}, {"sha256:" + "9f2c" * 16}, NOW):
        raise AssertionError("the same bytes gave other facts")
    canon.encode(facts)


def read_predicate(data: bytes) -> None:
    """A predicate as each type that is read, well signed: the fact, what is told of it, and the same as a pair of r and s."""
    subject = "sha256:" + "9f2c" * 16
    try:
        predicate = canon.parse_foreign(data, max_bytes=1 << 16, what="predicate")
    except EvidenceError:
        return
    for kind in (artifact.SIGNATURE_TYPE, *sorted(slsa.PREDICATE_TYPES), vsa.PREDICATE_TYPE, test_result.PREDICATE_TYPE):
        signed = attestation.write_attestation(subject, kind, predicate if isinstance(predicate, dict) else {"x": predicate}, KEY, PRIVATE.sign)
        piece = Evidence(media_type=dsse.MEDIA_TYPE, data=signed, origin="fuzz")
        facts = artifact.read([piece], {"fuzz": KEY}, {subject}, NOW)
        (claim,) = carried.claims([piece], subject)
        if len(facts) != 1 or (claim.problem and isinstance(facts[0], Provenance | Summary)):
            raise AssertionError("one well signed statement is one fact, and can be told of")
        canon.encode([*facts, claim])


def read_statement(data: bytes) -> None:
    try:
        said = statement.parse("application/vnd.in-toto+json", data)
    except EvidenceError:
        return
    if list(said.subjects) != sorted(set(said.subjects)) or not said.subjects:
        raise AssertionError("subjects are sorted, each once, at least one")
    canon.encode([*said.subjects, said.predicate_type])


def read_sshsig(data: bytes) -> None:
    try:
        blob = sshsig.dearmor(data.decode("utf-8", "replace")) if data.startswith(b"-----") else data
        found = sshsig.parse_sshsig(blob)
    except EvidenceError:
        return
    if keys.check(found.key) != found.key or sshsig.dearmor(sshsig.armor(blob)) != blob:
        raise AssertionError("what was read is not in normal form")
    try:
        sshsig.verify_sshsig(blob, b"message", found.namespace)
    except EvidenceError:
        return


def read_keys(data: bytes) -> None:
    try:
        key = keys.parse_public_key(data)
    except EvidenceError:
        return
    if keys.check(key) != key or keys.parse_blob(keys.blob_of(key)) != key:
        raise AssertionError("a key has more than one normal form")
    fingerprint(key)
    if not keys.verifier_of(key).application:
        keys.spki_pem(key)


def read_record(data: bytes) -> None:
    try:
        leaf = record.read_leaf(data)
        if record.leaf_bytes(leaf) != data:
            raise AssertionError("a leaf that reads does not write back")
        opened = record.open_envelope(leaf.event)
        record.statement_bytes(opened.event, opened.subjects)
        record.person_key(leaf.event, "rejection")
    except EvidenceError:
        return


def read_policy(data: bytes) -> None:
    try:
        policy = policy_yaml.parse_policy(data, "fuzz.yaml", None)
        policy_sense.check_policy(data, "fuzz.yaml", None)
    except PolicyError as err:
        if not all(line.startswith("fuzz.yaml:") for line in err.message.splitlines()):
            raise AssertionError(f"a problem without its place: {err.message}") from None
        return
    if canon.decode(canon.encode(policy), Policy) != policy or policy_yaml.parse_policy(policy_yaml.dump_policy(policy).encode(), "again.yaml", None) != policy:
        raise AssertionError("a policy that reads does not come back")


def read_junit(data: bytes) -> None:
    try:
        run = junit.read(data)
        predicate = junit.predicate_of(data, "unit", NOW)
    except EvidenceError:
        return
    fact = test_result.read(canon.parse_foreign(json.dumps(predicate).encode(), max_bytes=1 << 24), "sha256:" + "9f2c" * 16, [], "sha256:" + "0" * 64)
    if (fact.passed, fact.warned, fact.failed, fact.at) != (run.passed, run.warned, run.failed, NOW):
        raise AssertionError("what a JUnit file says comes back otherwise")
    if (fact.result == "failed") != bool(run.failed):
        raise AssertionError("a failure is lost")


def read_zone(data: bytes) -> None:
    try:
        zone = tzif.read_zone(data, "X", "x", NOW)
    except EvidenceError as err:
        if err.code != "zone.malformed":
            raise
        return
    if zone.shifts[0].at != NOW or sorted(zone.shifts, key=lambda one: one.at) != list(zone.shifts):
        raise AssertionError("a zone that reads is out of order")


@cache
def zones() -> list[bytes]:
    return [PackagedZones().read(name).data for name in ("Etc/UTC", "Asia/Kathmandu", "Europe/Berlin", "Africa/Casablanca")]


def read_cases(data: bytes) -> None:
    try:
        read = policy_cases.cases(policy_cases.read_cases(data, "fuzz.yaml"), build.policy(*REQUIRES, with_identities=True), PackagedZones().read)
    except PolicyError as err:
        if err.code != "cases.malformed" or not all(line.startswith("fuzz.yaml:") for line in err.message.splitlines()):
            raise AssertionError(f"a problem without its place: {err.message}") from None
        return
    for case in read:
        run_case(case, build.policy(*REQUIRES, with_identities=True), "fuzz.yaml")


def read_roster(data: bytes) -> None:
    try:
        read = roster_yaml.parse_roster(data, "fuzz.yaml", None)
    except PolicyError as err:
        if err.code != "roster.bad-file" or not all(line.startswith("fuzz.yaml:") for line in err.message.splitlines()):
            raise AssertionError(f"a problem without its place: {err.message}") from None
        return
    canon.encode(read)
    ids = {name: f"p-{number:a>16}".translate(str.maketrans("0189", "bcde")) for number, name in enumerate(read.people)}
    try:
        roster = Roster(version=1, people=tuple(Person(id=ids[name], keys=one.keys, duties=one.duties) for name, one in read.people.items()))
    except ValueError:  # one key under two people
        return
    again = roster_yaml.parse_roster(roster_yaml.dump_roster(roster, {id_: name for name, id_ in ids.items()}).encode(), "again.yaml", None)
    if [(one.keys, one.duties) for one in again.people.values()] != [(one.keys, one.duties) for one in read.people.values()]:
        raise AssertionError("a roster that reads does not come back")


def read_checkpoint(data: bytes) -> None:
    for read in (
        lambda: checkpoint.verify_checkpoint(data, LOG.verifier),
        lambda: note.verify_note(data, [LOG.verifier]),
        lambda: proof.verify_proof(data, str(LOG.verifier)),
    ):
        try:
            read()
        except (LedgerError, EvidenceError):
            continue
    try:
        text = data.decode()
        found = checkpoint.parse_checkpoint(text)
    except (LedgerError, EvidenceError, UnicodeDecodeError):
        return
    if checkpoint.checkpoint_text(found) != text:
        raise AssertionError("a checkpoint that reads does not write back")


@cache
def cases(reader: str) -> list[bytes]:
    """The case folders' inputs, small ones first."""
    return sorted((path.read_bytes() for path in sorted((CASES / reader).glob("*/input")) if path.stat().st_size < 10_000), key=len)


@cache
def rosters() -> list[bytes]:
    people = (Person(id="p-" + "a" * 16, keys=(KEY,), duties={"production": ("deploy", "approve:security")}),)
    written = roster_yaml.dump_roster(Roster(version=1, people=people), {"p-" + "a" * 16: "Ada"}).encode()
    return [written, written.replace(b"Ada", b"'A d\\a'"), *cases("policy")[:40]]


REQUIRES = (build.SIGNED, build.BUILT, build.VERIFIED, build.CAME, build.SOAKED, build.APPROVED, SignedBy(id="held", identities=("ci",)))


@cache
def made_up() -> list[bytes]:
    facts = """signatures: [{key: release, signed-at: 3h ago}, {by: ci}], provenance: [{keys: [builder], builder: b, repository: r, ref: f}],
      summaries: [{by: {names: [ci], at: now}, verifier: v, resource: r, levels: [a]}], stays: [{in: staging, since: 2026-01-01T00:00:00Z, until: now}],
      approvals: [{by: ann, duty: security, expires: in 3h}], request: {by: rita, rollback: true}, holds: [{by: a}], glasses: [{by: [a, b]}],
      waivers: [{by: a, requirement: soaked}], revocations: [{by: a, digests: [web]}], intact: [{problem: digest.mismatch}], rejected: [{code: a.b}],
      sboms: [{components: [{purl: p}]}], findings: [{component: c, advisory: a, kev: true}], scans: [{tool: t, format: grype, findings: [{id: i}]}]"""
    head = "policy: p.yaml\npeople: {ann: {duties: {production: [approve:security]}, keys: [release]}, rita: {}}\ncases:\n"
    case = f"  - name: a\n    to: production\n    release: {{artifacts: [web, worker]}}\n    asker: ann\n    facts: {{{facts}}}\n"
    whole = head + case + "    unreadable: {stays: ref.unreadable}\n    expect: {result: refused, held: pass}\n"
    return [whole.encode(), whole.replace(head, "cases:\n").encode(), whole.replace("asker: ann", "asker: none").encode(), *cases("policy")[:20]]


@cache
def checkpoints() -> list[bytes]:
    text = checkpoint.checkpoint_text(checkpoint.Checkpoint(origin=LOG.name, size=7, root=bytes(range(32))))
    signed = checkpoint.sign_checkpoint(checkpoint.parse_checkpoint(text), LOG.verifier, PRIVATE.sign)
    return [text.encode(), signed, proof.format_proof(3, [bytes(32)] * 3, signed, b"leaf"), str(LOG.verifier).encode()]


@cache
def envelopes() -> list[bytes]:
    """What verifies under our own key, and the cases, which do not."""
    subject, predicate = "sha256:" + "9f2c" * 16, json.loads((CASES / "slsa" / "workflow" / "input").read_bytes())
    ours = [attestation.write_attestation(subject, kind, predicate, KEY, PRIVATE.sign) for kind in (artifact.SIGNATURE_TYPE, slsa.PREDICATE_TYPE)]
    return ours + cases("dsse") + cases("artifact")


@cache
def bundles() -> list[bytes]:
    """As `envelopes`, in bundles; and cosign's own."""
    return [bundle.write(each, KEY) for each in envelopes()[:2]] + cases("bundle")


@cache
def payloads() -> list[bytes]:
    """Payloads, and the pieces of the cases."""
    held = [base64.b64decode(json.loads(each)["payload"]) for each in cases("simple-signing") if each.startswith(b'{"payload":"e')]
    return [each.replace(b"e833cfbb77e617776be774f7f48910876919d6fdd27c89a711a2aee6cc2434fa", b"9f2c" * 16) for each in held] + cases("simple-signing")


def read_advisory(data: bytes) -> None:
    """An entry that is read is kept and read back, and says of any component whether it concerns it."""
    try:
        entry = osv.read(data)
    except EvidenceError:
        return
    if msgspec.json.decode(canon.encode(entry), type=type(entry)) != entry:
        raise AssertionError("an advisory does not come back")
    book = match.Book([entry, entry], ["CVE-2026-1001"])
    for purl in PURLS:
        if (meant := packages.named(purl)) is not None:
            canon.encode(book.matches(meant))


def read_catalogue(data: bytes) -> None:
    try:
        found = kev.read(data)
    except EvidenceError:
        return
    if not found.exploited or [one.cve for one in found.exploited] != sorted({one.cve for one in found.exploited}):
        raise AssertionError("a catalogue that lists nothing, or something twice")


def read_purl(data: bytes) -> None:
    """Any text means a package, or none; and then its version has a place, or none."""
    text = data.decode("utf-8", "replace")
    for version in ("", text):
        if (meant := packages.named(text, version)) is not None:
            canon.encode(meant.package)
            versions.parsed(versions.scheme_of(meant.package.ecosystem), meant.version)
    for scheme in ("pypi", "semver", "composer", "maven", "gem", "nuget", "deb", "apk", "rpm", "conan"):
        if versions.parsed(scheme, text) is not None and versions.key(scheme, text) < versions.key(scheme, text):
            raise AssertionError("a version before itself")
    cvss.score(text)


PURLS = ["pkg:pypi/foo-bar@1.5", "pkg:pypi/foo-bar", "pkg:npm/x@1.0.0", "pkg:deb/debian/x@1.0-1?distro=debian-12", "pkg:maven/org.acme/shop@1"]
TARGETS = {
    "advisory": Target(read_advisory, lambda: cases("osv")),
    "catalogue": Target(read_catalogue, lambda: cases("kev")),
    "purl": Target(read_purl, lambda: [one.encode() for one in PURLS]),
    "dsse": Target(read_dsse, envelopes),
    "bundle": Target(read_bundle, bundles),
    "simple-signing": Target(read_simple_signing, payloads),
    "cosign-layout": Target(read_cosign_layout, layers),
    "predicate": Target(read_predicate, lambda: cases("slsa") + cases("provenance") + cases("vsa") + cases("test-result")),
    "statement": Target(read_statement, lambda: cases("statement")),
    "sshsig": Target(read_sshsig, lambda: cases("sshsig")),
    "keys": Target(read_keys, lambda: cases("keys")),
    "record": Target(read_record, lambda: cases("record")),
    "policy": Target(read_policy, lambda: cases("policy")),
    "junit": Target(read_junit, lambda: cases("junit")),
    "zone": Target(read_zone, zones),
    "cases": Target(read_cases, made_up),
    "roster": Target(read_roster, rosters),
    "checkpoint": Target(read_checkpoint, checkpoints),
    **{name: Target(run, seeds) for name, (run, seeds) in (SIGSTORE | SAID).items()},
}
