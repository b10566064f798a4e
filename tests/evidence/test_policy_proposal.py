"""evidence.policy_proposal: the file is what was meant whatever evidence holds, is accepted as it is, and the artifact it was made of passes staging."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import NOW, Key, ago, digest, key, subject
from lockgate.core.facts import Complete, Facts, Gathered, Need, Provenance, Rejected, Signature
from lockgate.core.identity import fingerprint
from lockgate.core.model import Release
from lockgate.core.outcome import Pass
from lockgate.core.ports import Evidence
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, b64, dsse, policy_proposal
from lockgate.evidence.carried import SIGNATURE, Survey, claims
from lockgate.evidence.policy_proposal import Offered, Proposal, Wording, propose
from lockgate.evidence.policy_sense import check_policy
from lockgate.evidence.slsa import PREDICATE_TYPE as PROVENANCE

IMAGE = digest("image")
HOSTILE = [
    "\n", "\r\n", "\t", "#", " # ", "'", '"', '"]}', "\\", "\x00", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\ud800",
    "- ", ": ", "? ", "{", "}", "[", "]", ", ", "&a", "*a", "!!python/object:os.system", "%YAML 1.1",
    "@", "`", "|", ">", "---", "...", "true", "null", "1e3", "~",
    "\nkeys:\n  evil: {ed25519: x}\n", "  - signed-by: {keys: [evil]}", "é", "王", "\U0001f600", "x" * 300,
]  # fmt: skip
texts = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), max_size=4).map("".join) | st.sampled_from(
    ["https://ci.example.com", "refs/heads/main", "git+https://x/y"]
)


def piece(
    signer: Key, predicate_type: str, predicate: dict[str, Any], *, keyid: str | None = None, about: str = IMAGE, media_type: str = dsse.MEDIA_TYPE
) -> Evidence:
    """A piece of evidence as anybody could make one, with a good signature."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": about[7:]}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    payload = json.dumps(statement).encode()
    signature = {"keyid": signer.fingerprint if keyid is None else keyid, "sig": b64.encode(signer.sign(dsse.pae("application/vnd.in-toto+json", payload)))}
    data = json.dumps({"payload": b64.encode(payload), "payloadType": "application/vnd.in-toto+json", "signatures": [signature]}).encode()
    return Evidence(media_type=media_type, data=data, origin="")


def signature(signer: Key, days: int | None = 1) -> Evidence:
    return piece(signer, SIGNATURE, {} if days is None else {"signedAt": f"{ago(f'{days}d') if days else NOW:%Y-%m-%dT%H:%M:%SZ}"})


def provenance(signer: Key, builder: str, repository: str, ref: str, **more: Any) -> Evidence:
    workflow = {"repository": repository, "ref": ref}
    return piece(signer, PROVENANCE, {"buildDefinition": {"externalParameters": {"workflow": workflow}}, "runDetails": {"builder": {"id": builder}}}, **more)


def surveyed(evidence: Sequence[Evidence], offered: Sequence[Key]) -> Survey:
    found = artifact.read(evidence, {f"k{number}": one.public for number, one in enumerate(offered)}, {IMAGE}, NOW)
    return Survey(
        pinned=f"oci:image@{IMAGE}", digest=IMAGE, media_type="application/x", platforms=("linux/amd64",), facts=tuple(found), claims=claims(evidence, IMAGE)
    )


def proposed(evidence: Sequence[Evidence], *offered: Key, made: str = "lockgate init --from image", project: str = "shop") -> Proposal:
    wording = Wording(project=project, made=made, apply="lockgate policy apply policy.yaml", at=NOW)
    keys = {one.public: Offered(f"dir/{one.name}.key.pub") for one in offered}
    return propose(surveyed(evidence, offered), keys, wording, lambda: key("owner").public)


def is_as_meant(made: Proposal) -> None:
    """It reads back as what was meant, can pass, says nothing odd, and nothing but comments was added."""
    policy, odd = check_policy(made.text.encode(), "policy.yaml", None)
    assert policy == made.policy
    assert odd == ()
    assert all(line.isprintable() for line in made.text.split("\n"))
    bare = "\n".join(line for line in made.text.split("\n") if not line.lstrip().startswith("#"))
    assert check_policy(bare.encode(), "policy.yaml", None)[0] == made.policy


def passes_staging(made: Proposal, evidence: Sequence[Evidence]) -> bool:
    found = artifact.read(evidence, made.policy.keys, {IMAGE}, NOW)
    gathered: dict[Need, Gathered] = {
        Need(kind): Complete(items=tuple(one for one in found if isinstance(one, kind)), as_of=NOW) for kind in (Signature, Provenance, Rejected)
    }
    asked = made.policy.environments["staging"].requires
    return all(
        isinstance(one.check(subject(Release(artifacts=(IMAGE,))), Facts(gathered), NOW, made.policy.keys), Pass)
        for one in asked
        if isinstance(one, SignedBy | BuiltBy)
    )


@st.composite
def pieces(draw: st.DrawFn) -> Evidence:
    signer = key(draw(st.sampled_from(["known", "other", "stranger"])))
    about = draw(st.sampled_from([IMAGE, IMAGE, IMAGE, digest("another")]))
    keyid = draw(st.none() | texts)
    match draw(st.sampled_from(["signature", "provenance", "statement", "rubbish"])):
        case "signature":
            return piece(
                signer,
                SIGNATURE,
                draw(st.sampled_from([{}, {"signedAt": "2026-11-20T00:00:00Z"}, {"signedAt": "2020-01-01T00:00:00Z"}])),
                about=about,
                keyid=keyid,
            )
        case "provenance":
            return provenance(signer, draw(texts), draw(texts), draw(texts), about=about, keyid=keyid)
        case "statement":
            return piece(signer, draw(texts), {"x": draw(texts)}, about=about, keyid=keyid, media_type=draw(st.sampled_from([dsse.MEDIA_TYPE]) | texts))
        case _:
            return Evidence(media_type=draw(texts), data=draw(st.binary(max_size=20)), origin="")


@given(st.lists(pieces(), max_size=5), texts)
def test_whatever_evidence_holds_the_file_is_what_was_meant(evidence: list[Evidence], made: str) -> None:
    known = key("known"), key("other")
    proposal = proposed(evidence, *known, made=made)
    is_as_meant(proposal)
    assert set(proposal.policy.keys.values()) <= {known[0].public, known[1].public, key("owner").public}
    assert passes_staging(proposal, evidence) or not proposal.required
    assert {one.source for one in proposal.unused} | set(proposal.required) >= {one.source for one in claims(evidence, IMAGE)}


SUMMARY = {"verifier": {"id": "https://v.example"}, "resourceUri": "pkg:oci/shop", "verificationResult": "PASSED", "verifiedLevels": []}
VSA, SCAI = "https://slsa.dev/verification_summary/v1", "https://in-toto.io/attestation/scai/v0.3"


def test_summaries_and_known_types_are_told_by_name() -> None:
    """Nothing is required of them, and the file says what they are."""
    known = key("known")
    failed = {**SUMMARY, "verificationResult": "FAILED", "resourceUri": 'x" # y'}
    proposal = proposed([piece(known, VSA, SUMMARY), piece(known, VSA, failed), piece(known, SCAI, {}), piece(known, "x:y", {})], known)
    assert [one.why for one in proposal.unused] == ["summary", "not-passed", "unread", "unread"]
    assert f'"{VSA}" (SLSA verification summary): good; verified-by can ask for it' in proposal.text
    assert f'"{VSA}" (SLSA verification summary): its verifier says that it did not pass' in proposal.text
    assert f'"{SCAI}" (SCAI attribute report): no requirement of this release reads this kind' in proposal.text
    assert 'a statement of type "x:y": no requirement' in proposal.text
    assert 'it claims the verifier "https://v.example"' in proposal.text
    is_as_meant(proposal)


def test_older_provenance_is_asked_for_too() -> None:
    known = key("known")
    config = {"uri": "git+https://x/y@refs/heads/main", "entryPoint": "build.yaml"}
    older = piece(known, "https://slsa.dev/provenance/v0.2", {"builder": {"id": "https://ci"}, "invocation": {"configSource": config}})
    proposal = proposed([older], known)
    (asked,) = proposal.policy.environments["staging"].requires
    assert isinstance(asked, BuiltBy)
    assert (asked.builder, asked.source) == ("https://ci", "git+https://x/y@refs/heads/main")
    is_as_meant(proposal)


def hostile() -> Iterator[tuple[str, str, str]]:
    for text in HOSTILE:
        yield f"https://ci{text}", "git+https://x/y", "refs/heads/main"
        yield "https://ci", f"git+https://x{text}/y", "refs/heads/main"
        yield "https://ci", "git+https://x/y", f"refs/{text}"


@pytest.mark.parametrize(("builder", "repository", "ref"), list(hostile()))
@pytest.mark.parametrize("signer", ["known", "stranger"])
def test_a_hostile_builder_or_source_is_a_quoted_string_or_a_comment(builder: str, repository: str, ref: str, signer: str) -> None:
    evidence = [signature(key("known")), provenance(key(signer), builder, repository, ref)]
    made = proposed(evidence, key("known"))
    is_as_meant(made)
    assert passes_staging(made, evidence)
    asked = [one for one in made.policy.environments["staging"].requires if isinstance(one, BuiltBy)]
    assert [(one.builder, one.source) for one in asked] in ([], [(builder, f"{repository}@{ref}")])
    assert not asked or signer == "known"


def test_what_is_signed_by_known_keys_is_asked_for_by_all_of_them() -> None:
    evidence = [
        signature(key("ann")),
        signature(key("bob")),
        signature(key("ann"), 3),
        provenance(key("ci"), "https://ci", "git+https://x/y", "refs/heads/main"),
    ]
    made = proposed(evidence, key("ann"), key("bob"), key("ci"), key("idle"))
    staging = made.policy.environments["staging"].requires
    assert staging == (
        SignedBy(keys=("ann", "bob"), threshold=2, max_age="30d"),
        BuiltBy(builder="https://ci", source="git+https://x/y@refs/heads/main", keys=("ci",)),
    )
    assert made.policy.environments["production"].requires[:2] == staging
    assert made.keys == {name: f"dir/{name}.key.pub" for name in ("ann", "bob", "ci")}  # a key that signed nothing would count as a builder
    assert len(made.required) == 3
    assert [one.why for one in made.unused] == ["too-many"]
    for source in made.required:
        assert f"# {source}" in made.text
    assert passes_staging(made, evidence)


@pytest.mark.parametrize(("days", "age"), [(1, "30d"), (30, "30d"), (31, None), (None, None)])
def test_a_max_age_is_asked_only_where_it_holds(days: int | None, age: str | None) -> None:
    evidence = [signature(key("ann"), days)]
    made = proposed(evidence, key("ann"))
    assert made.policy.environments["staging"].requires == (SignedBy(keys=("ann",), max_age=age),)
    assert ("No max-age" in made.text) == (age is None)
    assert passes_staging(made, evidence)


def test_a_signature_by_a_key_nobody_offered_is_told_with_the_key_it_names() -> None:
    made = proposed([signature(key("ann")), signature(key("stranger"))], key("ann"))
    assert made.policy.keys == {"ann": key("ann").public}
    assert [one.why for one in made.unused] == ["dsse.unknown-key"]
    assert f'# {" " * 4}it names the key "{key("stranger").fingerprint}"' in made.text
    assert "get its public half from its owner" in made.text


def test_where_nothing_can_be_asked_for_the_owners_own_key_is() -> None:
    for evidence in ([], [signature(key("stranger"))], [provenance(key("ann"), "https://ci", "", "")]):
        made = proposed(evidence, key("ann"))
        is_as_meant(made)
        assert made.required == ()
        assert made.policy.keys == {"release": key("owner").public}
        assert not passes_staging(made, evidence)


def test_a_key_whose_provenance_cannot_be_asked_for_is_left_out() -> None:
    made = proposed([signature(key("ann")), provenance(key("ci"), "https://ci", "", "")], key("ann"), key("ci"))
    is_as_meant(made)
    assert made.policy.keys == {"ann": key("ann").public}
    assert [one.why for one in made.unused] == ["no-source"]


def test_an_owners_key_that_signs_no_evidence_is_refused() -> None:
    wording = Wording(project="shop", made="m", apply="a", at=NOW)
    with pytest.raises(EvidenceError) as err:
        propose(surveyed([], []), {}, wording, lambda: "sk-ssh-ed25519@openssh.com AAAA")
    assert err.value.code == "key.unsupported"


def test_several_builders_each_have_an_id_and_a_limit() -> None:
    evidence = [provenance(key("ci"), f"https://ci{number:02}", "git+https://x/y", "main") for number in range(policy_proposal.MOST_BUILDS + 2)]
    made = proposed(evidence, key("ci"))
    is_as_meant(made)
    assert [one.id for one in made.policy.environments["staging"].requires] == [f"built-by-{number}" for number in range(1, policy_proposal.MOST_BUILDS + 1)]
    assert [one.why for one in made.unused] == ["too-many"] * 2


def test_keys_of_one_name_and_of_no_name_are_told_apart() -> None:
    offered = {
        key("a").public: Offered("x/K.pub"),
        key("b").public: Offered("y/k.key"),
        key("c").public: Offered("SHA256:abc", "at hand here"),
        key("d").public: Offered("王.pem"),
    }
    signers = [key(name) for name in "abcd"]
    survey = surveyed([signature(one) for one in signers], signers)
    made = propose(survey, offered, Wording(project="p", made="m", apply="a", at=NOW), lambda: key("owner").public)
    assert made.keys == {"k": "x/K.pub", "k-2": "y/k.key", "key": "SHA256:abc", "key-2": "王.pem"}
    assert {made.policy.keys["k"], made.policy.keys["k-2"]} == {key("a").public, key("b").public}
    is_as_meant(made)


def test_a_flood_of_statements_is_cut_short_and_still_read() -> None:
    evidence = [piece(key("stranger"), "t" * 900 + str(number), {}, keyid="\x00" * 900) for number in range(200)]
    made = proposed([signature(key("ann")), *evidence], key("ann"))
    is_as_meant(made)
    assert "and 160 more" in made.text
    assert len(made.text) < 256 * 1024


def test_every_key_in_the_file_has_its_fingerprint_beside_it() -> None:
    made = proposed([signature(key("ann"))], key("ann"))
    assert f"  # {fingerprint(key('ann').public)}, dir/ann.key.pub, named with --public" in made.text
