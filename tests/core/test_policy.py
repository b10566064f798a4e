"""A policy that can be made means what it says; what an approval binds is the effective section, no more and no less."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from build import APPROVED, ATTESTED, BUILT, CAME, HOURS, KEYS, NOT_REVOKED, SCANNED, SIGNED, SOAKED, TESTED, VERIFIED, VULNERABLE, digest, key, policy
from core.cases_of_sboms import HAS, NONE_OF
from lockgate.canon import decode, digest_hex, encode
from lockgate.core.attested import Attested
from lockgate.core.components import LookedInside
from lockgate.core.dependencies import Whose
from lockgate.core.facts import Enrolled, InForce, Intact, Need, Provenance, Rejected, Request, Signature, Source, Stay, Summary
from lockgate.core.findings import Scan
from lockgate.core.policy import EnvironmentPolicy, Policy, believed, needs, requirement_id, section_digest, watched
from lockgate.core.predicate_match import Match
from lockgate.core.requirements import KINDS, AnyRequirement, kind_of
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.no_component import NoComponent
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.revocation import Revocation
from lockgate.core.signers import Accepts, Believed
from lockgate.core.soak import FixLane, ScansWithin
from lockgate.core.trial import Trial
from lockgate.core.windows import Freeze, Window
from lockgate.core.zones import Zone
from lockgate.errors import EvidenceError
from strategies import noun

ALL = (SIGNED, BUILT, VERIFIED, CAME, SOAKED, APPROVED, SCANNED, ATTESTED, TESTED, NOT_REVOKED, HOURS, VULNERABLE, HAS, NONE_OF)


def test_the_policy_of_the_examples_is_read_back() -> None:
    whole = policy(*ALL)
    assert decode(encode(whole), Policy) == whole
    assert [kind_of(requirement) for requirement in whole.environments["production"].requires] == list(KINDS)


@given(noun(Policy))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=50)
def test_every_policy_is_read_back_with_the_same_sections(one: Policy) -> None:
    again = decode(encode(one), Policy)
    assert again == one
    assert {name: section_digest(again, name) for name in again.environments} == {name: section_digest(one, name) for name in one.environments}


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "a key that is not under keys": {"requires": (SIGNED,), "keys": {}},
    "a builder's key that is not under keys": {"requires": (BUILT,), "keys": {}},
    "one key with two names": {"requires": (SIGNED,), "keys": {"release": key("release").public, "also": key("release").public}},
    "a key in another spelling": {"requires": (SIGNED,), "keys": {"release": key("release").public + "="}},
    "two of a kind without an id": {"requires": (SIGNED, SIGNED)},
    "an id twice": {"requires": (replace(SIGNED, id="a"), replace(BUILT, id="a"))},
    "an id that is another's kind": {"requires": (SIGNED, replace(BUILT, id="signed-by"))},
    "promoted from nowhere": {"requires": (SIGNED,), "from_": "testing"},
    "promoted from itself": {"requires": (SIGNED,), "from_": "production"},
    "came through nowhere": {"requires": (CameThrough(environment="testing"),)},
    "soaked nowhere": {"requires": (Soaked(in_="testing", for_="1h"),)},
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_policy_that_does_not_hang_together_cannot_be(name: str) -> None:
    given = dict(IMPOSSIBLE[name])
    with pytest.raises(ValueError, match=r"key|twice|promoted|environment"):
        policy(*given.pop("requires"), **given)


def test_no_environment_is_named_like_the_stream_of_documents() -> None:
    with pytest.raises(ValueError, match="house"):
        Policy(version=1, project="shop", environments={"house": EnvironmentPolicy(requires=(SIGNED,))}, keys=KEYS)


REFUSED: list[dict[str, Any]] = [
    {"kind": "signed-by", "keys": []},
    {"kind": "signed-by"},
    {"kind": "signed-by", "keys": ["release"], "threshold": 0},
    {"kind": "signed-by", "keys": ["release"], "threshold": -1},
    {"kind": "signed-by", "keys": ["release"], "max-age": "0d"},
    {"kind": "signed-by", "keys": ["release"], "max_age": "1d"},
    {"kind": "built-by", "builder": "b", "source": "r@f", "keys": []},
    {"kind": "built-by", "builder": "b", "source": "r@f"},
    {"kind": "built-by", "builder": "", "source": "r@f", "keys": ["builder"]},
    {"kind": "built-by", "builder": "b", "source": "r", "keys": ["builder"]},
    {"kind": "built-by", "builder": "b", "source": "@", "keys": ["builder"]},
    {"kind": "built-by", "builder": "b", "source": "r@f@g", "keys": ["builder"]},
    {"kind": "approved", "duties": {}},
    {"kind": "approved"},
    {"kind": "approved", "duties": {"security": 0}},
    {"kind": "approved", "duties": {"security": 33}},
    {"kind": "approved", "duties": {"security": 1}, "expires": "0h"},
    {"kind": "approved", "duties": {"security": 1}, "independent-of": ["friends"]},
    {"kind": "came-through", "environment": ""},
    {"kind": "came-through"},
    {"kind": "soaked", "in": "staging"},
    {"kind": "soaked", "in": "staging", "for": "0s"},
    {"kind": "soaked", "in": "staging", "for": "1h", "occupancy": "guessed"},
    {"kind": "unknown"},
    {},
]


@pytest.mark.parametrize("requirement", REFUSED, ids=str)
def test_zero_thresholds_empty_lists_and_unknown_words_are_not_read(requirement: dict[str, Any]) -> None:
    document = {"version": 1, "project": "shop", "environments": {"production": {"requires": [requirement]}, "staging": {"requires": []}}, "keys": KEYS}
    with pytest.raises(EvidenceError) as err:
        decode(encode(document), Policy, code="policy.malformed")
    assert err.value.code == "policy.malformed"


def test_what_each_kind_needs() -> None:
    whole = policy(*ALL)
    assert needs(whole, "staging") == (Need(Signature), Need(Rejected))
    assert needs(whole, "production") == (
        Need(Signature), Need(Rejected), Need(Provenance), Need(Summary), Need(Stay, "staging"), Need(InForce), Need(Request), Need(Enrolled), Need(Scan),
        Need(Attested), Need(Trial), Need(Revocation), Need(Revocation, "staging"), Need(Intact), Need(Source), Need(Zone),
        *VULNERABLE.needs(), Need(LookedInside),
    )  # fmt: skip
    assert Need(Provenance) not in needs(policy(replace(APPROVED, independent_of=("requester",))), "production")


def test_which_environments_a_decision_depends_on() -> None:
    assert watched(policy(*ALL), "production") == ("production", "staging")
    assert watched(policy(*ALL), "staging") == ("staging",)


def test_a_requirement_goes_by_its_id_or_its_kind() -> None:
    assert requirement_id(SIGNED) == "signed-by"
    assert requirement_id(replace(SIGNED, id="signed-by-release")) == "signed-by-release"


# What an approval binds.

BASE = policy(*ALL)
ENFORCED = section_digest(BASE, "production")

RENAMED = {"third" if name == "release" else name: public for name, public in KEYS.items()}
CHANGED: dict[str, Policy] = {
    "a requirement less": policy(*ALL[1:]),
    "another order": policy(*reversed(ALL)),
    "another threshold": policy(*(replace(one, duties={"release-management": 2, "security": 1}) if isinstance(one, Approved) else one for one in ALL)),
    "a default said otherwise": policy(*(replace(one, independent_of=("requester",)) if isinstance(one, Approved) else one for one in ALL)),
    "another builder": policy(*(replace(one, builder="x") if isinstance(one, BuiltBy) else one for one in ALL)),
    "a shorter soak": policy(*(replace(one, for_="1h") if isinstance(one, Soaked) else one for one in ALL)),
    "an id": policy(replace(SIGNED, id="signed"), *ALL[1:]),
    "the bytes of a key it names": policy(*ALL, keys={**KEYS, "release": key("stolen").public}),
    "the bytes of the builder's key": policy(*ALL, keys={**KEYS, "builder": key("stolen").public}),
    "another name for the same key": policy(replace(SIGNED, keys=("third",)), *ALL[1:], keys=RENAMED, staging=(BUILT,)),
    "time stamps": policy(*ALL, time="attested"),
    "the permit's length": policy(*ALL, permit="1h"),
    "the baseline": policy(*ALL, baseline=digest("baseline")),
    "where it is promoted from": policy(*ALL, from_=None),
}  # fmt: skip

UNCHANGED: dict[str, Policy] = {
    "staging": policy(*ALL, staging=(SIGNED, BUILT)),
    "a key nobody here names": policy(*ALL, keys={**KEYS, "fourth": key("fourth").public}),
    "a key only staging names": policy(*ALL, keys={**KEYS, "second": key("stolen").public}, staging=(replace(SIGNED, keys=("second",)),)),
    "the project": replace(BASE, project="other"),
    "a default said outright": policy(*ALL, time="unattested", permit="15m", baseline="none"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_changes_the_effective_section(name: str) -> None:
    assert section_digest(CHANGED[name], "production") != ENFORCED


@pytest.mark.parametrize("name", UNCHANGED)
def test_what_does_not(name: str) -> None:
    assert section_digest(UNCHANGED[name], "production") == ENFORCED


def test_the_section_is_written_with_its_defaults_so_that_a_later_default_is_another_section() -> None:
    written = {
        "environment": "production",
        "keys": {"release": KEYS["release"]},
        "section": {
            "baseline": "none",
            "from": "staging",
            "permit": "15m",
            "requires": [{"id": None, "keys": ["release"], "kind": "signed-by", "max-age": None, "threshold": 1}],
            "time": "unattested",
        },
    }
    assert section_digest(policy(SIGNED), "production") == "sha256:" + digest_hex(written)


def test_the_same_section_in_another_environment_is_another() -> None:
    both = Policy(version=1, project="shop", environments={name: EnvironmentPolicy(requires=(SIGNED,)) for name in ("one", "two")}, keys=KEYS)
    assert section_digest(both, "one") != section_digest(both, "two")


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_requirement_is_in_the_section(kind: str) -> None:
    """By reflection, so that a field added later cannot be forgotten: any other value of it is another section."""
    examples: dict[str, AnyRequirement] = dict(zip(KINDS, ALL, strict=True))
    others: dict[str, Any] = {
        "id": "named", "keys": ("second",), "threshold": 2, "max_age": "1d", "builder": "x", "source": "r@f", "environment": "production", "in_": "production",
        "for_": "2h", "occupancy": "observed", "duties": {"security": 2}, "independent_of": (), "expires": "1h", "identities": ("ci",),
        "verifier": "x", "resource": "x", "levels": ("x",), "policy": "x", "policy_digest": digest("x"), "signature_form": "raw",
        "changed_dependencies": "72h", "component_age": "7d", "scans": ScansWithin(keys=("second",)), "security_fix": FixLane(for_="2h"),
        "sboms": Whose(keys=("release",)),
        "at_most": "low", "by": ("x",), "unscored": "allow", "database_max_age": "1d",
        "refuse": "low", "kev": "ignore", "unknown_severity": "ignore", "only_fixable": "yes", "grace": {"low": "1d"}, "kev_max_age": "1d",
        "sbom_keys": ("second",), "sbom_identities": ("ci",), "vex_keys": ("second",), "vex_identities": ("ci",), "uncovered": ("any",),
        "type": "https://example.com/other", "where": (Match(path="a", equals=1),), "match": (Match(path="result", equals="bad"),), "time": "on",
        "configuration": "x", "warned": "allow", "tests": ("x",), "at_least": 2, "materials": "no", "evidence": "no", "reasons": ("vulnerable",),
        "zone": "Europe/Paris", "windows": (Window(from_="08:00", to="09:00"),), "freezes": (Freeze(from_="2026-12-24", to="2026-12-26"),),
        "formats": ("spdx",), "elements": ("ntia",), "complete": "required", "several": "any", "purls": ("pkg:npm/x",), "licences": ("MIT",),
        "unidentified": "allow", "unlicensed": "allow", "found": "attestation",
    }  # fmt: skip
    one = examples[kind]
    if isinstance(one, Soaked):  # what asks about dependencies says whose bills count
        one = replace(one, sboms=Whose(keys=("second",)))
    before = section_digest(policy(one), "production")
    for field in set(one.__struct_fields__) - {"resource_glob", "days", "from_", "to", "inside"}:
        value = ("production",) if (kind, field) == ("not-revoked", "in_") else others[field]
        changed = msgspec.structs.replace(one, **{field: value})
        assert section_digest(policy(changed, with_identities=True), "production") != before, field
    if isinstance(one, VerifiedBy):  # one of both
        changed = replace(one, resource=None, resource_glob=one.resource)
        assert section_digest(policy(changed, with_identities=True), "production") != before
    if isinstance(one, HasSbom | NoComponent):  # where they are inside, nobody signs them
        inside = replace(one, keys=(), inside="/a")
        assert len({section_digest(policy(each), "production") for each in (one, inside, replace(inside, inside="/b"))}) == 3
    if isinstance(one, WithinHours):  # one form of both
        short = WithinHours(zone=one.zone, days=("sun",), from_="21:00", to="22:00")
        others_ = [short, replace(short, days=("mon",)), replace(short, from_="20:00"), replace(short, to="23:00")]
        assert len({section_digest(policy(each), "production") for each in [one, *others_]}) == 5


CERTIFIED = replace(SIGNED, identities=("ci",))
WITH = policy(CERTIFIED, with_identities=True)


def test_the_section_binds_the_identities_it_names_and_the_roots_they_are_believed_by() -> None:
    """And no others: what production does not rest on does not void its approvals."""
    before = section_digest(WITH, "production")
    rules, roots = WITH.identities, WITH.trusted_roots
    for same in (
        replace(WITH, identities={**rules, "nightly": replace(rules["nightly"], identity_glob="x")}),
        replace(WITH, trusted_roots={**roots, "another": '{"mediaType":"changed"}'}),
    ):
        assert section_digest(same, "production") == before
    for other in (
        replace(WITH, identities={**rules, "ci": replace(rules["ci"], claims={"build-trigger": "push"})}),
        replace(WITH, identities={**rules, "ci": replace(rules["ci"], root="another")}),
        replace(WITH, trusted_roots={**roots, "ours": '{"mediaType":"changed"}'}),
    ):
        assert section_digest(other, "production") != before


def test_what_counts_is_in_the_section_where_it_is_said() -> None:
    digests = {section_digest(policy(SIGNED, accepts=one), "production") for one in (
        None, Accepts(), Accepts(formats=("dsse",)), Accepts(formats=("dsse", "sigstore-bundle")), Accepts(formats=("sigstore-bundle", "dsse")),
        Accepts(algorithms=("ed25519",)), Accepts(log="none"), Accepts(certificate_log="no"),
    )}  # fmt: skip
    assert len(digests) == 8
    assert section_digest(policy(SIGNED, with_identities=True), "production") == section_digest(policy(SIGNED), "production")


def test_an_environment_is_believed_as_it_says() -> None:
    whole = policy(CERTIFIED, with_identities=True, accepts=Accepts(log="none"))
    assert believed(whole, "production") == Believed(identities=whole.identities, roots=whole.trusted_roots, accepts=Accepts(log="none"))
    assert believed(whole, "staging").accepts == believed(whole).accepts == Accepts()


HANGING: dict[str, Policy | dict[str, Any]] = {
    "an identity that is not defined": {"requires": (replace(SIGNED, identities=("nobody",)),)},
    "a root that is not defined": {"identities": {"ci": replace(WITH.identities["ci"], root="nowhere")}},
    "one name for a key and an identity": {"identities": {"release": WITH.identities["ci"], **WITH.identities}},
    "more roots than are kept": {"trusted_roots": {**WITH.trusted_roots, **{f"r{n}": "{" + "x" * 60_000 + "}" for n in range(3)}}},
}


@pytest.mark.parametrize("name", HANGING)
def test_identities_that_do_not_hang_together_cannot_be(name: str) -> None:
    change = dict(cast("dict[str, Any]", HANGING[name]))
    with pytest.raises(ValueError, match=r"identity|trusted root"):
        replace(WITH, environments={"production": EnvironmentPolicy(requires=change.pop("requires", (CERTIFIED,)))}, **change)


def test_the_kinds_are_listed_under_their_own_tags() -> None:
    assert list(KINDS.values()) == [type(one) for one in ALL]
    assert all(struct.__struct_config__.tag == kind for kind, struct in KINDS.items())
