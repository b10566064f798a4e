"""Builders: plain values from names, and real keys made from names. ``key("ann")`` is the same key in every test, run and process.

Nothing here mocks anything: what comes out are lockgate's own nouns. Where a test is about one thing, it names that one
thing and takes the rest as it comes. Signed events and whole histories are in `story`.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import force_setattr, replace

from lockgate.core.attested import Attested, Field
from lockgate.core.digest import Digest, digest_of
from lockgate.core.duration import span
from lockgate.core.exceptional import Exceptional, Glass, Hold, Waiver
from lockgate.core.facts import (
    Complete,
    Enrolled,
    Facts,
    Gathered,
    Given,
    Holder,
    InForce,
    Intact,
    Need,
    Provenance,
    Rejected,
    Request,
    Signature,
    Source,
    Stay,
    Summary,
    Unreadable,
)
from lockgate.core.findings import Level, Scan, ScanFinding
from lockgate.core.identity import Actor, Person, PersonId, PublicKey, Root, Roster, fingerprint
from lockgate.core.model import NONE, Release, RequestId, Subject
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.predicate_match import Match
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.tested import Tested
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.revocation import Revocation
from lockgate.core.scanning import order
from lockgate.core.signers import IdentityRule
from lockgate.core.trial import Trial
from lockgate.core.windows import Window
from lockgate.core.zones import Shift, Zone

NOW = datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)
"""When every test takes place."""


def ago(duration: str) -> datetime:
    """``ago("24h")``: so long before NOW."""
    return NOW - span(duration)


def later(duration: str) -> datetime:
    """``later("24h")``: so long after NOW."""
    return NOW + span(duration)


def forced(value: Any, **fields: Any) -> Any:
    """A copy of a frozen noun with fields that no constructor or reader would accept."""
    copied = replace(value)
    for name, field in fields.items():
        force_setattr(copied, name, field)
    return copied


# Digests, ids and keys, from names.


def digest(name: str) -> Digest:
    return digest_of(name.encode())


LOG = digest("leaf 0 of the log")
"""A log that events are signed for, where no log is there."""


def _hex(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind} {name}".encode()).hexdigest()


def nonce(name: str = "") -> str:
    return _hex("nonce", name)[:32]


def request_id(name: str = "") -> RequestId:
    return "r-" + _hex("request", name)[:20]


def person_id(name: str) -> PersonId:
    return "p-" + base64.b32encode(bytes.fromhex(_hex("person", name))).decode().lower()[:16]


class Key:
    """A real Ed25519 key; both a `Signer` (bare signatures) and a `PersonSigner` (SSH signature blobs)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_hex("key", name)))
        self.raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public: PublicKey = "ssh-ed25519 " + base64.b64encode(_ssh(b"ssh-ed25519") + _ssh(self.raw)).decode()
        self.fingerprint = fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(message)

    def sign_ssh(self, data: bytes) -> bytes:
        """``string "ssh-ed25519", string signature`` (RFC 8709 section 6)."""
        return _ssh(b"ssh-ed25519") + _ssh(self.private.sign(data))


def _ssh(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


@cache
def key(name: str) -> Key:
    return Key(name)


# People, root and policy.


def person(name: str, duties: Mapping[str, Sequence[str]] | None = None, keys: Sequence[str] = ()) -> Person:
    """``person("ann", {"production": ["approve:security"]}, keys=["ann", "ann-at-home"])``; one key of their own name by default."""
    public = tuple(key(one).public for one in (keys or [name]))
    return Person(id=person_id(name), keys=public, duties={environment: tuple(held) for environment, held in (duties or {}).items()})


def roster(*people: Person, version: int = 1) -> Roster:
    return Roster(version=version, people=people)


def root(**changes: Any) -> Root:
    """Version 1, of the one owner ``owner``, for a year."""
    base: dict[str, Any] = {
        "version": 1,
        "threshold": 1,
        "owners": (key("owner").public,),
        "log": "example.com/shop+00000000+AA==",
        "permit": key("permit").public,
        "genesis": digest("genesis"),
        "expires": later("365d"),
    }
    return Root(**{**base, **changes})


KEYS: dict[str, PublicKey] = {name: key(name).public for name in ("release", "second", "builder")}
"""The keys of `policy`."""

BUILDER = "https://example.com/builder"
REPOSITORY = "git+https://example.com/acme/shop"
REF = "refs/heads/main"
SOURCE = f"{REPOSITORY}@{REF}"
COMMIT = "c0ffee" + "0" * 34

SIGNED = SignedBy(keys=("release",))
BUILT = BuiltBy(builder=BUILDER, source=SOURCE, keys=("builder",))
VERIFIER = "https://example.com/verifier"
RESOURCE = "pkg:oci/shop?repository_url=registry.example/acme"
VERIFIED = VerifiedBy(verifier=VERIFIER, keys=("builder",), resource=RESOURCE, levels=("SLSA_BUILD_LEVEL_2",))
CAME = CameThrough(environment="staging")
SOAKED = Soaked(in_="staging", for_="24h")
REVIEW = "https://example.com/review"
ATTESTED = HasAttestation(type=REVIEW, keys=("builder",), match=(Match(path="result", equals="good"),))
TESTED = Tested(keys=("builder",))
NOT_REVOKED = NotRevoked(materials="yes", evidence="yes", in_=("staging",))
HOURS = WithinHours(zone="Europe/Berlin", windows=(Window(days=("sun",), from_="21:00", to="22:00"),))
"""NOW is 21:14:03 there, on a Sunday."""
VULNERABLE = Vulnerable(refuse="high")
APPROVED = Approved(duties={"release-management": 1, "security": 1})
SCANNED = Scanned(at_most="medium", keys=("builder",))


def policy(
    *requires: AnyRequirement,
    keys: Mapping[str, PublicKey] = KEYS,
    staging: Sequence[AnyRequirement] = (SIGNED,),
    with_identities: bool = False,
    **section: Any,
) -> Policy:
    """``staging`` asks for a signature; ``production`` for what is named here."""
    production = EnvironmentPolicy(requires=requires, **{"from_": "staging", **section})
    more: dict[str, Any] = {"identities": IDENTITIES, "trusted_roots": ROOTS} if with_identities else {}
    environments = {"staging": EnvironmentPolicy(requires=tuple(staging)), "production": production}
    return Policy(version=1, project="shop", environments=environments, keys=dict(keys), **more)


# What is decided about, and facts of it.


def release(*names: str, config: str = NONE) -> Release:
    """``release("shop")``, ``release("shop", "worker", config=digest("config"))``."""
    return Release(artifacts=tuple(sorted(map(digest, names))), config=config)


SHOP = release("shop")
(IMAGE,) = SHOP.artifacts


def actor(name: str) -> Actor:
    """An enrolled person, asking with a key of their own name."""
    return Actor(key=key(name).fingerprint, person=person_id(name), proof=digest(f"question of {name}"))


def subject(release: Release = SHOP, environment: str = "production", actor: Actor | None = None, request: str | None = None) -> Subject:
    return Subject(release=release, environment=environment, actor=actor, request=request)


def intact(artifact: Digest = IMAGE, problem: str = "", where: str = "") -> Intact:
    return Intact(subject=artifact, problem=problem, where=where)


def signature(by: str = "release", artifact: Digest = IMAGE, signed_at: datetime | None = None) -> Signature:
    return Signature(subject=artifact, key=key(by).fingerprint, source=digest(f"signature of {by}"), signed_at=signed_at)


def certified(*names: str, who: str = "ci", artifact: Digest = IMAGE, at: datetime = NOW) -> Signature:
    """Signed by somebody whose certificate these identities of the policy mean."""
    return Signature(subject=artifact, key="", source=digest(f"bundle of {who}"), signed_at=at, by=holder(*names, who=who, at=at))


def holder(*names: str, who: str = "ci", at: datetime = NOW) -> Holder:
    return Holder(names=names, subject=f"https://ci.example/{who}", issuer="https://issuer.example", root="ours", at=at, known="log")


IDENTITIES = {name: IdentityRule(root="ours", issuer="https://issuer.example", identity_glob=f"https://ci.example/{name}*") for name in ("ci", "nightly")}
ROOTS = {"ours": '{"mediaType":"a trusted root"}', "another": '{"mediaType":"another trusted root"}'}


def provenance(*by: str, artifact: Digest = IMAGE, **changes: Any) -> Provenance:
    """Signed by ``builder``, of exactly what `BUILT` asks for."""
    keys = tuple(sorted(key(one).fingerprint for one in (by or ["builder"])))
    base: dict[str, Any] = {"keys": keys, "builder": BUILDER, "repository": REPOSITORY, "ref": REF, "commit": COMMIT, "source": digest("provenance")}
    return Provenance(subject=artifact, **{**base, **changes})


def summary(*by: str, artifact: Digest = IMAGE, **changes: Any) -> Summary:
    """Signed by ``builder``, of exactly what `VERIFIED` asks for."""
    keys = tuple(sorted(key(one).fingerprint for one in (by or ["builder"])))
    base: dict[str, Any] = {"keys": keys, "verifier": VERIFIER, "resource": RESOURCE, "passed": True, "levels": ("SLSA_BUILD_LEVEL_3",)}
    return Summary(subject=artifact, **{**base, "source": digest("summary"), **changes})


def scan(*levels: Level, signed: Sequence[str] = ("builder",), artifact: Digest = IMAGE, **changes: Any) -> Scan:
    """By Trivy, an hour ago with data of the day before, signed by ``builder``: it found something of each of these severities."""
    keys = tuple(sorted(key(one).fingerprint for one in signed))
    found = sorted((ScanFinding(id=f"CVE-2026-{place}", level=level) for place, level in enumerate(levels)), key=lambda one: order(one.level))
    base: dict[str, Any] = {"keys": keys, "tool": "trivy", "format": "trivy", "at": ago("1h"), "database_at": ago("1d"), "source": digest("scan")}
    return Scan(subject=artifact, findings=tuple(found), **{**base, **changes})


def rejected(code: str = "dsse.bad-signature") -> Rejected:
    return Rejected(source=digest(f"evidence {code}"), code=code)


def attested(
    *by: str, artifact: Digest = IMAGE, type_: str = REVIEW + "/v1", at: datetime | None = None, holder: Holder | None = None, **said: Any
) -> Attested:
    """Signed by ``builder``, of exactly what `ATTESTED` asks for; what is `said` stands at these paths, and `at` at ``on``."""
    keys = () if holder else tuple(sorted(key(one).fingerprint for one in (by or ["builder"])))
    values = {"result": "good", **said, **({"on": at} if at else {})}
    fields = tuple(_field(path, value) for path, value in sorted(values.items()) if value is not ABSENT)
    return Attested(subject=artifact, source=digest(f"{by} {said} {at}"), keys=keys, by=holder, type=type_, fields=fields)


def trial(*by: str, artifact: Digest = IMAGE, holder: Holder | None = None, **changes: Any) -> Trial:
    """Signed by ``builder``: both tests passed."""
    keys = () if holder else tuple(sorted(key(one).fingerprint for one in (by or ["builder"])))
    base: dict[str, Any] = {"result": "passed", "passed": ("a", "b"), "source": digest(f"{by} {changes}")}
    return Trial(subject=artifact, keys=keys, by=holder, **{**base, **changes})


def revocation(*digests: Digest, **changes: Any) -> Revocation:
    base: dict[str, Any] = {"id": request_id("no"), "environment": "house", "by": person_id("sam"), "at": NOW, "leaf": 40, "reason": "vulnerable"}
    return Revocation(**{**base, "digests": digests, **changes})


def source(name: str = "provenance", artifact: Digest = IMAGE) -> Source:
    return Source(subject=artifact, source=digest(name))


ABSENT = object()


def _field(path: str, value: Any) -> Field:
    if isinstance(value, datetime):
        return Field(path=path, kind="text", text=f"{value:%Y-%m-%dT%H:%M:%SZ}", at=value)
    kinds: dict[type, Any] = {type(None): "null", bool: "truth", int: "number", str: "text", list: "list", dict: "object"}
    text = value if isinstance(value, str) else "" if isinstance(value, list | dict | None) else str(value).lower()
    return Field(path=path, kind=kinds[type(value)], text=text)


def zone(name: str = "Europe/Berlin", **changes: Any) -> Zone:
    """An hour ahead of UTC; two from the end of March on."""
    shifts = (Shift(at=ago("1h"), offset=3600), Shift(at=datetime(2027, 3, 28, 1, tzinfo=UTC), offset=7200))
    return Zone(**{"name": name, "version": "2026f", "shifts": shifts, "until": later("400d"), **changes})


SECTION = digest("the effective section in force")


def in_force(**changes: Any) -> InForce:
    base: dict[str, Any] = {"section": SECTION, "baseline": NONE, "from_": NONE}
    return InForce(**{**base, **changes})


def given(by: str, duty: str, **changes: Any) -> Given:
    """An approval an hour old that ends in a day, under the section in force, while nothing ran there."""
    base: dict[str, Any] = {
        "person": person_id(by),
        "key": key(by).fingerprint,
        "duty": duty,
        "at": ago("1h"),
        "expires": later("1d"),
        "section": SECTION,
        "baseline": NONE,
        "from_": NONE,
        "leaf": 100 + len(by),
        "nonce": nonce(f"{by} {duty}"),
    }
    return Given(**{**base, **changes})


def request(*approvals: Given, name: str = "", release: Release = SHOP, by: str = "rita", **changes: Any) -> Request:
    """Rita asks for `SHOP`."""
    base: dict[str, Any] = {"id": request_id(name), "release": release, "by": person_id(by), "at": ago("2h"), "given": approvals}
    return Request(**{**base, **changes})


def stay(release: Release = SHOP, since: str = "25h", until: str | None = None, **changes: Any) -> Stay:
    """``stay(since="25h")`` lasts; ``stay(since="50h", until="2h")`` is over."""
    base: dict[str, Any] = {"decision": 7, "deployer": person_id("dora"), "leaf": 8}
    return Stay(release=release, since=ago(since), until=None if until is None else ago(until), **{**base, **changes})


Found = Sequence[Any] | Unreadable | None

ORDINARY = (Exceptional(),)
"""Nothing is held, waived or broken."""


def facts(
    *,
    intact: Found = (),
    signatures: Found = (),
    provenance: Found = (),
    summaries: Found = (),
    rejected: Found = (),
    requests: Found = (),
    in_force: Found = (),
    roster: Roster | Unreadable | None = None,
    revoked: Found = (),
    stays: Mapping[str, Found] | None = None,
    exceptional: Found = ORDINARY,
    scans: Found = (),
    zones: Found = (),
    attested: Found = (),
    trials: Found = (),
    sources: Found = (),
    revoked_in: Mapping[str, Found] | None = None,
) -> Facts:
    """All facts of a decision: a sequence is complete, `Unreadable` stays so, None was never gathered."""
    enrolled: Found = [Enrolled(roster=roster)] if isinstance(roster, Roster) else roster
    found: dict[Need, Found] = {
        Need(Intact): intact,
        Need(Signature): signatures,
        Need(Provenance): provenance,
        Need(Summary): summaries,
        Need(Rejected): rejected,
        Need(Request): requests,
        Need(InForce): in_force,
        Need(Enrolled): enrolled,
        Need(Exceptional): exceptional,
        Need(Revocation): revoked,
        Need(Scan): scans,
        Need(Zone): zones,
        Need(Attested): attested,
        Need(Trial): trials,
        Need(Source): sources,
        **{Need(Revocation, environment): there for environment, there in {"staging": (), **(revoked_in or {})}.items()},
        **{Need(Stay, environment): there for environment, there in {"production": (), **(stays or {})}.items()},
    }
    return Facts({need: complete(items) for need, items in found.items() if items is not None})


def complete(items: Sequence[Any] | Unreadable) -> Gathered:
    return items if isinstance(items, Unreadable) else Complete(items=tuple(items), as_of=NOW)


UNREADABLE = Unreadable(code="ref.unreadable")


# Out of the ordinary.


def exception_id(kind: str, name: str = "") -> str:
    """``exception_id("h")``: of a hold, ``"w"`` of a waiver, ``"g"`` of a broken glass."""
    return f"{kind}-" + _hex(kind, name)[:16]


def held(name: str = "", by: str = "sam", **changes: Any) -> Hold:
    """A hold an hour old, without an end."""
    base: dict[str, Any] = {"id": exception_id("h", name), "by": person_id(by), "at": ago("1h"), "reason": digest("why")}
    return Hold(**{**base, **changes})


def waiver(name: str = "", by: str = "max", requirement: str = "soaked", **changes: Any) -> Waiver:
    """Max lets a requirement fail for Rita's request, until tomorrow."""
    base: dict[str, Any] = {
        "id": exception_id("w", name),
        "request": request_id(),
        "requirement": requirement,
        "by": person_id(by),
        "key": key(by).fingerprint,
        "at": ago("1h"),
        "expires": later("1d"),
        "section": SECTION,
        "reason": digest("why"),
    }
    return Waiver(**{**base, **changes})


def glass(*by: str, name: str = "", release: Release = SHOP, **changes: Any) -> Glass:
    """Broken for `SHOP` ten minutes ago; by Ann and Sam unless somebody is named."""
    people = by or ("ann", "sam")
    base: dict[str, Any] = {
        "id": exception_id("g", name),
        "release": release,
        "reason": digest("why"),
        "at": ago("10m"),
        "until": later("50m"),
        "by": tuple(map(person_id, people)),
        "keys": tuple(key(one).fingerprint for one in people),
    }
    return Glass(**{**base, **changes})
