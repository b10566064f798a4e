"""evidence.policy_yaml and policy_keys: what the case folders do not show."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lockgate import canon
from lockgate.core.policy import EnvironmentPolicy, Policy, requirement_id
from lockgate.core.requirements import KINDS
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.errors import EvidenceError, PolicyError, UnreadableError
from lockgate.evidence import keys
from lockgate.evidence.policy_yaml import dump_policy, parse_policy

ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 40").public_key()
EC = ec.derive_private_key(0xABC, ec.SECP256R1()).public_key()
ED_KEY, EC_KEY = (public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() for public in (ED, EC))
POLICY = "version: 1\nproject: shop\nenvironments:\n  a:\n    requires: [{signed-by: {keys: [k]}}]\nkeys:\n  k: "


def read(text: str, read_file: Any = None) -> Policy:
    return parse_policy(text.encode(), "p.yaml", read_file)


def refusal(text: str, read_file: Any = None) -> PolicyError:
    with pytest.raises(PolicyError) as err:
        read(text, read_file)
    return err.value


names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True) | st.sampled_from(["no", "on", "null", "true", "0x1f", "1e3", "12", "y", "0"])
durations = st.from_regex(r"[1-9][0-9]{0,3}[smhd]", fullmatch=True)
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20).filter(str.isprintable)
sources = st.from_regex(r"[a-z+:/.\"'#-]{1,20}@[a-z/.{}\\-]{1,10}", fullmatch=True)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    key_names = draw(st.lists(names, min_size=1, max_size=2, unique=True))
    environments = draw(st.lists(names.filter(lambda name: name != "house"), min_size=1, max_size=3, unique=True))
    some_keys = st.lists(st.sampled_from(key_names), min_size=1, max_size=2, unique=True).map(tuple)
    one = st.sampled_from(environments)
    roles = st.lists(st.sampled_from(["requester", "builder", "deployer", "author"]), min_size=1, max_size=4, unique=True).map(tuple)
    requirement = st.one_of(
        st.builds(SignedBy, keys=some_keys, threshold=st.integers(1, 64), max_age=st.none() | durations),
        st.builds(BuiltBy, builder=words, source=sources, keys=some_keys),
        st.builds(
            VerifiedBy,
            verifier=words,
            keys=some_keys,
            resource=words,
            levels=st.lists(words, max_size=3, unique=True).map(tuple),
            policy=st.none() | words,
            policy_digest=st.none() | st.just("sha256:" + "b" * 64),
            max_age=st.none() | durations,
            signature_form=st.sampled_from(["der", "raw"]),
        ),
        st.builds(VerifiedBy, verifier=words, keys=some_keys, resource_glob=words),
        st.builds(
            Scanned,
            at_most=st.sampled_from(["none", "low", "medium", "high", "critical", "any"]),
            by=st.lists(words, max_size=3, unique=True).map(tuple),
            keys=some_keys,
            unscored=st.sampled_from(["refuse", "allow"]),
            max_age=st.none() | durations,
            database_max_age=st.none() | durations,
        ),
        st.builds(CameThrough, environment=one),
        st.builds(Soaked, in_=one, for_=durations, occupancy=st.sampled_from(["claimed", "observed"])),
        st.builds(Approved, duties=st.dictionaries(names, st.integers(1, 32), min_size=1, max_size=3), independent_of=roles, expires=durations),
    )
    sections = {}
    for name in environments:
        listed = draw(st.lists(requirement, min_size=1, max_size=4))
        with_ids = tuple(canon.decode(canon.encode(one), type(one)) if len(listed) == 1 else _with_id(one, f"id-{number}") for number, one in enumerate(listed))
        sections[name] = EnvironmentPolicy(
            requires=with_ids,
            from_=draw(st.sampled_from([None, *(other for other in environments if other != name)])),
            time=draw(st.sampled_from(["unattested", "attested"])),
            permit=draw(durations),
            baseline=draw(st.sampled_from(["none", "sha256:" + "a" * 64])),
            waivable=tuple(draw(st.sets(st.sampled_from(can), max_size=2))) if (can := _waivable(with_ids)) else (),
        )
    return Policy(version=1, project=draw(names), environments=sections, keys=dict(zip(key_names, [ED_KEY, EC_KEY], strict=False)))


def _waivable(requires: tuple[Any, ...]) -> list[str]:
    return [requirement_id(one) for one in requires if type(one).waivable]


def _with_id(requirement: Any, id_: str) -> Any:
    return type(requirement)(**{field: getattr(requirement, field) for field in requirement.__struct_fields__ if field != "id"}, id=id_)


@given(policies())
def test_what_is_shown_reads_back_as_the_same_policy(policy: Policy) -> None:
    text = dump_policy(policy)
    again = read(text)
    assert again == policy
    assert dump_policy(again) == text


@given(policies())
def test_another_yaml_reader_sees_the_same(policy: Policy) -> None:
    """What `policy show` writes means the same to readers of YAML 1.1: no ``no`` without quotes."""
    seen = yaml.load(dump_policy(policy), Loader=yaml.CSafeLoader)
    assert list(seen["environments"]) == list(policy.environments)
    assert seen["project"] == policy.project
    for name, section in policy.environments.items():
        assert [next(iter(item)) for item in seen["environments"][name]["requires"]] == [
            next(kind for kind, type_ in KINDS.items() if type_ is type(one)) for one in section.requires
        ]


@given(policies())
def test_the_policy_in_force_is_the_same_in_canonical_json(policy: Policy) -> None:
    assert canon.decode(canon.encode(read(dump_policy(policy))), Policy) == policy


VERIFIED = """\
version: 1
project: shop
environments:
  a:
    requires:
      - verified-by: {verifier: "https://v", keys: [k], %s}
keys:
  k: {ed25519: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
"""


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ("levels: [a]", "policy.bad-value", "6:9"),
        ("resource: a, resource-glob: a", "policy.bad-value", "6:9"),
        ("resource: a, levels: []", "policy.empty", "6:78"),
        ("resource: a, signature-form: pss", "policy.bad-value", "6:86"),
        ("resource: a, policy-digest: sha256:AB", "policy.bad-value", "6:85"),
        ("resource-glob: " + "x" * 401, "policy.bad-value", "6:9"),
        ("resource: a, identity: b", "policy.unknown-key", "6:70"),
    ],
)
def test_a_summary_that_is_asked_for_wrongly_is_told_where(fields: str, code: str, place: str) -> None:
    err = refusal(VERIFIED % fields)
    assert (err.code, err.message.partition(": ")[0]) == (code, f"p.yaml:{place}")


def test_keys_by_file() -> None:
    files = {"release.pub": (ED_KEY + " somebody\n").encode(), "release.pem": keys.spki_pem(EC_KEY).encode()}
    assert read(POLICY + "{file: release.pub}", files.__getitem__).keys == {"k": ED_KEY}
    assert read(POLICY + "{file: release.pem}", files.__getitem__).keys == {"k": EC_KEY}


def test_a_key_file_that_cannot_be_read() -> None:
    def missing(name: str) -> bytes:
        raise FileNotFoundError(2, "No such file", name)

    def unreadable(name: str) -> bytes:
        raise UnreadableError("ref.unreadable", "the disk is gone")

    assert str(refusal(POLICY + "{file: gone.pub}", missing)).startswith("p.yaml:7:13: file cannot be read: [Errno 2]")
    assert str(refusal(POLICY + "{file: gone.pub}", unreadable)) == "p.yaml:7:13: the disk is gone [policy.bad-value]"
    assert refusal(POLICY + "{file: rsa.pub}", lambda _: b"hello").code == "policy.bad-value"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("{ed25519: '*'}", "7:16: ed25519 cannot be read: this is not base64"),
        ("{ed25519: [a]}", "7:16: ed25519 is text"),
        ("{ecdsa-p256: 'AAAA'}", "7:19: this is no DER"),
        ("{ed25519: 'AAAA', ssh: x}", "7:6: a key is written in one of the forms"),
        ("{}", "7:6: a key is written in one of the forms"),
        ("ssh-ed25519", "7:6: the key k is a mapping"),
        ("[]", "7:6: the key k is a mapping"),
    ],
)
def test_a_key_in_no_form(form: str, said: str) -> None:
    assert said in refusal(POLICY + form).message


def test_a_key_of_another_kind() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    line = rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert refusal(POLICY + "{ssh: " + line + "}").code == "key.no-algorithm"
    ed = keys.spki_pem(ED_KEY).splitlines()[1]
    assert refusal(POLICY + "{ecdsa-p256: " + ed + "}").code == "key.other-algorithm"


def test_a_key_another_made_is_still_shown() -> None:
    p384 = ec.derive_private_key(7, ec.SECP384R1()).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    policy = Policy(version=1, project="shop", environments={"a": EnvironmentPolicy(requires=(CameThrough(environment="a"),))}, keys={"k": p384})
    assert f'k: {{ssh: "{p384}"}}' in dump_policy(policy)
    with pytest.raises(EvidenceError) as err:
        dump_policy(Policy(version=1, project="shop", environments={}, keys={"k": ED_KEY[:-4]}))
    assert err.value.code == "key.malformed"


def test_no_more_problems_than_can_be_read() -> None:
    lines = refusal("version: 1\nproject: shop\n" + "".join(f"x{number}: 1\n" for number in range(12))).message.splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("p.yaml:3:1: the policy has no 'x0'")
    assert lines[-1] == "p.yaml: and 3 more"


def test_entries_are_counted() -> None:
    duties = ", ".join(f"d{number}: 1" for number in range(17))
    assert (
        "duties has 17 entries; at most 16" in refusal(POLICY.replace("signed-by: {keys: [k]}", f"approved: {{duties: {{{duties}}}}}") + "{ed25519: x}").message
    )
    many = ", ".join(f"k{number}" for number in range(65))
    assert "keys has 65 entries; at most 64" in refusal(POLICY.replace("[k]", f"[{many}]") + "{ed25519: x}").message


def test_builder_is_bounded_and_printable() -> None:
    for builder in ('""', '"\\e[2J"', "x" * 1001):
        text = POLICY.replace("signed-by: {keys: [k]}", f"built-by: {{builder: {builder}, source: a@b, keys: [k]}}") + f"{{ssh: {ED_KEY}}}"
        assert "builder is 1 to 1000 printable characters" in refusal(text).message


def test_a_source_has_its_form() -> None:
    text = POLICY.replace("signed-by: {keys: [k]}", "built-by: {builder: b, source: git, keys: [k]}") + f"{{ssh: {ED_KEY}}}"
    assert "source is 'git', not REPOSITORY@REF" in refusal(text).message


def test_a_bad_key_name_in_a_mapping() -> None:
    assert "'K' in keys is 'K', not a name" in refusal((POLICY + f"{{ssh: {ED_KEY}}}").replace("\n  k:", "\n  K:")).message


def test_an_id_inside_and_beside_are_the_same() -> None:
    key = f"{{ssh: {ED_KEY}}}"
    inside, beside = (POLICY.replace("{signed-by: {keys: [k]}}", form) for form in ("{signed-by: {keys: [k], id: x}}", "{signed-by: {keys: [k]}, id: x}"))
    assert read(inside + key) == read(beside + key)
    assert read(inside + key).environments["a"].requires[0].id == "x"


def test_a_policy_without_keys() -> None:
    policy = read(
        "version: 1\nproject: shop\nenvironments: {a: {requires: [came-through: {environment: b}]}, b: {requires: [came-through: {environment: a}]}}\n"
    )
    assert policy.keys == {}
    assert read(dump_policy(policy)) == policy


def test_the_core_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stricter(Policy, frozen=True, kw_only=True):
        def __post_init__(self) -> None:
            raise ValueError("not on a Sunday")

    monkeypatch.setattr("lockgate.evidence.policy_yaml.Policy", Stricter)
    found = refusal(POLICY + f"{{ssh: {ED_KEY}}}")
    assert (found.code, found.message) == ("policy.bad-value", "p.yaml:1:1: not on a Sunday")


def test_pyyaml_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert refusal(POLICY).code == "policy.no-libyaml"
