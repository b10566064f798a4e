"""Identities and trusted roots as a policy file writes them: read back as written, and each mistake told at its place."""

# ruff: noqa: E501  one mistake, one line: a table

from __future__ import annotations

import json

import pytest

from lockgate.canon import encode
from lockgate.core.policy import Policy
from lockgate.core.signers import Accepts, IdentityRule
from lockgate.errors import PolicyError
from lockgate.evidence.policy_sense import check_policy
from lockgate.evidence.policy_yaml import dump_policy, parse_policy
from private_sigstore import Instance

ROOT = Instance().root_json
FILES = {"trusted_root.json": json.dumps(ROOT, indent=2).encode(), "other.json": b"{}", "gone.json": None}
GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
WRITTEN = f"""\
version: 1
project: shop
environments:
  production:
    accepts: {{formats: [sigstore-bundle, dsse], algorithms: [ecdsa-p256], log: none, certificate-log: no}}
    requires:
      - signed-by: {{identities: [release-workflow]}}
      - built-by: {{builder: b, source: "r@f", identities: [release-workflow]}}
trusted-roots:
  public-good: {{file: trusted_root.json}}
identities:
  release-workflow:
    issuer: "{GITHUB}"
    identity: "{WORKFLOW}"
    claims: {{source-repository-identifier: "123", runner-environment: github-hosted, build-trigger: push}}
    root: public-good
"""


def read_file(name: str) -> bytes:
    data = FILES.get(name)
    if data is None:
        raise FileNotFoundError(name)
    return data


def parsed(text: str) -> Policy:
    return parse_policy(text.encode(), "p.yaml", read_file)


def test_what_is_written_is_kept_by_value_and_read_back() -> None:
    policy = parsed(WRITTEN)
    assert policy.identities == {
        "release-workflow": IdentityRule(
            root="public-good",
            issuer=GITHUB,
            identity=WORKFLOW,
            claims={"source-repository-identifier": "123", "runner-environment": "github-hosted", "build-trigger": "push"},
        )
    }
    assert policy.environments["production"].accepts == Accepts(
        formats=("sigstore-bundle", "dsse"), algorithms=("ecdsa-p256",), log="none", certificate_log="no"
    )
    assert policy.trusted_roots == {"public-good": encode(ROOT).decode()}
    assert parse_policy(dump_policy(policy).encode(), "again.yaml", None) == policy
    assert check_policy(WRITTEN.encode(), "p.yaml", read_file) == (policy, ())


MISTAKES = {
    "no such root": ("root: public-good", "root: public-god", "policy.undefined", "16:11: there is no trusted root 'public-god' in this policy: there is public-good"),
    "no such identity": ("identities: [release-workflow]}\n      - b", "identities: [release]}\n      - b", "policy.undefined", "7:34: there is no identity 'release'"),
    "no root": ("    root: public-good\n", "", "policy.missing-key", "13:5: release-workflow lacks 'root'"),
    "no issuer": (f'    issuer: "{GITHUB}"\n', "", "policy.missing-key", "13:5: release-workflow lacks 'issuer', or issuer-glob or issuer-regex"),
    "identity twice": ("    root:", '    identity-glob: "x"\n    root:', "policy.bad-value", "16:5: release-workflow says its identity twice, as identity and as identity-glob"),
    "no pattern": (f'identity: "{WORKFLOW}"', 'identity-regex: "(a"', "policy.bad-value", "14:21: identity-regex of release-workflow is no pattern: it ends too early"),
    "no such claim": ("build-trigger: push", "trigger: push", "policy.bad-value", "15:86: 'trigger' in claims is one of build-config-digest"),
    "a claim that is no text": ('"123"', "123", "policy.bad-value", "put it in quotes"),
    "no such format": ("[sigstore-bundle, dsse]", "[sigstore]", "policy.bad-value", "5:25: formats is one of cosign-attestation, cosign-signature, dsse"),
    "a format twice": ("[sigstore-bundle, dsse]", "[dsse, dsse]", "policy.bad-value", "stands twice"),
    "accepts nothing": ("{formats: [sigstore-bundle, dsse], algorithms: [ecdsa-p256], log: none, certificate-log: no}", "{}", "policy.empty", "5:14: accepts is empty"),
    "no formats": ("[sigstore-bundle, dsse]", "[]", "policy.empty", "formats is an empty list"),
    "nobody signs": ("signed-by: {identities: [release-workflow]}", "signed-by: {threshold: 1}", "policy.missing-key", "7:20: signed-by lacks 'keys', or 'identities'"),
    "a root that is none": ("trusted_root.json", "other.json", "policy.bad-value", "10:23: this is no trusted root"),
    "a root that is not there": ("trusted_root.json", "gone.json", "policy.bad-value", "10:23: file cannot be read"),
    "a root in no form": ("{file: trusted_root.json}", "{url: x}", "policy.bad-value", "10:16: a trusted root is written in one of the forms file, json"),
    "a root that is text": ("{file: trusted_root.json}", "trusted_root.json", "policy.bad-value", "is a mapping"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_place(name: str) -> None:
    before, after, code, said = MISTAKES[name]
    assert before in WRITTEN
    with pytest.raises(PolicyError) as err:
        parsed(WRITTEN.replace(before, after))
    assert err.value.code == code
    assert said in err.value.message


def test_an_identity_has_no_name_of_a_keys() -> None:
    with pytest.raises(PolicyError) as err:
        parsed(WRITTEN + 'keys:\n  release-workflow: {ed25519: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}\n')
    assert (err.value.code, err.value.message) == (
        "policy.bad-value",
        "p.yaml:12:3: 'release-workflow' is the name of a key already: give the identity another",
    )


def test_files_are_read_where_a_policy_is_proposed_and_nowhere_else() -> None:
    with pytest.raises(PolicyError) as err:
        parse_policy(WRITTEN.encode(), "p.yaml", None)
    assert "files are not read here" in err.value.message


def remarks(**fields: str) -> list[str]:
    """What is odd where the identity is written so."""
    lines = "\n".join(f"    {name.replace('_', '-')}: '{value}'" for name, value in fields.items())
    text = WRITTEN.replace(f'    issuer: "{GITHUB}"\n    identity: "{WORKFLOW}"', lines).replace(
        '    claims: {source-repository-identifier: "123", runner-environment: github-hosted, build-trigger: push}\n', ""
    )
    return list(check_policy(text.encode(), "p.yaml", read_file)[1])


ANYBODY = "this pattern means anybody that the issuer knows, in other organizations too: write the part that is yours"
ANY_REF = "this pattern names no ref: any branch and any tag of the repository may sign, and whoever may push one"
ODD = [
    ("identity_glob", "**", ANYBODY),
    ("identity_glob", "https://github.com/**", ANYBODY),
    ("identity_glob", "*@*", ANYBODY),
    ("identity_regex", ".*", ANYBODY),
    ("identity_regex", r"https://github\.com/.*/release\.yml.*", ANYBODY),
    ("identity_glob", "https://github.com/acme/shop/**", ANY_REF),
    ("identity_glob", "https://github.com/acme/shop/.github/workflows/release.yml@**", ANY_REF),
    ("identity_regex", r"https://github\.com/acme/shop/\.github/workflows/release\.yml@.*", ANY_REF),
    ("identity_glob", "https://github.com/acme/*/.github/workflows/release.yml@refs/heads/main", ""),
    ("identity_glob", "*@acme.example", ""),
]


@pytest.mark.parametrize(("form", "pattern", "said"), ODD)
def test_what_means_more_than_anybody_would_say_is_odd(form: str, pattern: str, said: str) -> None:
    found = remarks(issuer=GITHUB, **{form: pattern})
    if said:
        (remark,) = found
        assert remark.startswith("p.yaml:14:")
        assert remark.endswith(said)
    else:
        assert [one for one in found if ANYBODY in one] == []


def test_an_issuer_that_is_anybody_is_odd() -> None:
    (remark,) = remarks(issuer_glob="**", identity="ann@acme.example")
    assert remark == "p.yaml:13:18: this pattern means any issuer, so that the name alone decides: write which"


def test_an_identity_nobody_asks_for_is_odd() -> None:
    text = WRITTEN + "  unused: {issuer: x, identity: y, root: public-good}\n"
    assert list(check_policy(text.encode(), "p.yaml", read_file)[1]) == ["p.yaml:17:3: no requirement names the identity 'unused'"]


def test_an_identity_of_githubs_without_a_ref_never_matches() -> None:
    with pytest.raises(PolicyError) as err:
        check_policy(WRITTEN.replace("@refs/heads/main", "").encode(), "p.yaml", read_file)
    assert err.value.code == "policy.never-passes"
    assert err.value.message.startswith("p.yaml:14:15: an identity of GitHub's ends in @ and a ref")


def test_more_signers_than_can_sign_are_never_met() -> None:
    with pytest.raises(PolicyError) as err:
        check_policy(WRITTEN.replace("{identities: [release-workflow]}", "{identities: [release-workflow], threshold: 2}").encode(), "p.yaml", read_file)
    assert "threshold is 2, and only 1 can sign: release-workflow" in err.value.message
