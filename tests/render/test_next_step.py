"""What comes next: one command for every refusal, with the values it was asked with."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import IMAGE, digest, later, person_id
from lockgate.core.outcome import Outcome, Params
from lockgate.render import outcomes
from lockgate.render.next_step import Asked, after, not_before
from refusals import decided


def fail(code: str, **params: Any) -> Outcome:
    return Outcome(requirement=code.partition(".")[0], result="fail", code=code, params={name.replace("_", "-"): value for name, value in params.items()})


ASKED = Asked(
    refs=("oci:my image:1", "a.whl"),
    places={IMAGE: "oci:my image:1", digest("a"): "a.whl"},
    options=" --gate g",
    config=" --config app.yaml",
    own_key=" --key ada.key",
    request_key=" --key ada.key",
    keys={"release": "keys/release key", "second": "SHA256:abc"},
    deployer="dora.key",
)
NAMED = "'oci:my image:1' a.whl"


@pytest.mark.parametrize(
    ("outcome", "typed"),
    [
        (fail("signed-by.no-signature", artifact=IMAGE, keys=("release",)), "lockgate sign 'oci:my image:1' --key 'keys/release key'"),
        (fail("signed-by.too-few-keys", artifact=digest("a"), keys=("release", "second"), signed=("release",)), "lockgate sign a.whl --key SHA256:abc"),
        (fail("signed-by.too-old", artifact=IMAGE, keys=("other",)), "lockgate sign 'oci:my image:1' --key KEY"),
        (
            fail("signed-by.no-good-signature", artifact=IMAGE, keys=("other", "second"), because=("dsse.unknown-key",)),
            "lockgate sign 'oci:my image:1' --key SHA256:abc",
        ),
        (
            fail("came-through.never-there", environment="staging"),
            f"lockgate deploy {NAMED} --to staging --config app.yaml --key ada.key --gate g -- CMD {{refs}} {{config}}",
        ),
        (
            fail("soaked.replaced", **{"in": "staging"}),
            f"lockgate deploy {NAMED} --to staging --config app.yaml --key ada.key --gate g -- CMD {{refs}} {{config}}",
        ),
        (
            fail("soaked.never-there", **{"in": "staging"}),
            f"lockgate deploy {NAMED} --to staging --config app.yaml --key ada.key --gate g -- CMD {{refs}} {{config}}",
        ),
        (fail("soaked.too-young"), f"lockgate gate {NAMED} --to production --config app.yaml --key ada.key --gate g"),
        (fail("soaked.only-claimed"), "lockgate status --gate g"),
        (fail("approved.no-request"), f"lockgate request {NAMED} --to production --config app.yaml --key ada.key --gate g"),
        (fail("approved.too-few-people", request="r-1", missing=("security",), able=1), "lockgate approve r-1 --duty security --gate g"),
        (fail("approved.expired", request="r-1", missing="security", able=1), "lockgate approve r-1 --duty security --gate g"),
        (
            fail("approved.not-enrolled", request="r-1", missing=("security",), able=0),
            "lockgate people add NAME --public FILE --duty production=approve:security --gate g",
        ),
        (fail("approved.rejected", request="r-1"), "lockgate log show --about r-1 --gate g"),
        (fail("approved.deployer-unknown"), f"lockgate gate {NAMED} --to production --config app.yaml --key dora.key --gate g"),
        (fail("approved.not-deployer"), f"lockgate gate {NAMED} --to production --config app.yaml --key dora.key --gate g"),
        (fail("approved.permit-outstanding", by=person_id("dora")), "lockgate status --gate g"),
        (fail("approved.unreadable"), "lockgate log check --gate g"),
        (fail("policy.no-environment"), "lockgate policy show --gate g"),
        (fail("root.expired"), "lockgate key renew --key ada.key --gate g"),
        (fail("hold.standing"), "lockgate status --gate g"),
        (fail("review.open", break_glass="g-1"), "lockgate review g-1 --findings FILE --gate g"),
        (fail("exception.unreadable"), "lockgate log check --gate g"),
        (fail("policy.all-waived"), "lockgate policy show --gate g"),
        (fail("break-glass.permit-outstanding"), "lockgate status --gate g"),
        (fail("break-glass.not-deployer"), f"lockgate gate {NAMED} --to production --config app.yaml --key dora.key --gate g"),
        (fail("vulnerable.found", found=1), "lockgate verify 'oci:my image:1' --environment production --gate g"),
        (fail("vulnerable.no-data"), "lockgate advisories import FILE --gate g"),
        (fail("vulnerable.no-kev"), "lockgate advisories import --kev FILE --gate g"),
        (fail("vulnerable.stale", database="kev"), "lockgate advisories import --kev FILE --gate g"),
        (fail("vulnerable.no-sbom", artifact=digest("a")), "lockgate attest a.whl --sbom FILE --key KEY"),
        (fail("has-sbom.no-sbom", artifact=IMAGE, keys=("second",)), "lockgate attest 'oci:my image:1' --sbom FILE --key SHA256:abc"),
        (fail("no-component.no-sbom", artifact=digest("a"), keys=("other",)), "lockgate attest a.whl --sbom FILE --key KEY"),
        (fail("scanned.no-scan", artifact=IMAGE, keys=("second",)), "lockgate attest 'oci:my image:1' --scan FILE --key SHA256:abc"),
        (fail("soaked.no-scan", artifact=IMAGE), "lockgate attest 'oci:my image:1' --scan FILE --key KEY"),
        (fail("digest.mismatch", artifact=digest("a")), "lockgate verify a.whl --gate g"),
        (fail("tested.no-result", artifact=IMAGE, keys=("second",)), "lockgate attest 'oci:my image:1' --junit FILE --suite NAME --key SHA256:abc"),
        (fail("tested.failed", artifact=digest("a")), "lockgate verify a.whl --gate g"),
        (fail("tested.warned", artifact=IMAGE), "lockgate policy show --gate g"),
        (
            fail("has-attestation.no-attestation", artifact=IMAGE, type="https://x/it's", keys=("other",)),
            "lockgate attest 'oci:my image:1' --type 'https://x/it'\"'\"'s' --predicate FILE --key KEY",
        ),
        (fail("has-attestation.other-value", artifact=IMAGE), "lockgate verify 'oci:my image:1' --environment production --gate g"),
        (fail("not-revoked.material", artifact=IMAGE, leaf=40), "lockgate log show 40 --gate g"),
        (fail("not-revoked.unknown-materials", artifact=IMAGE), "lockgate verify 'oci:my image:1' --environment production --gate g"),
        (fail("not-revoked.unreadable"), "lockgate log check --gate g"),
        (fail("within-hours.closed"), "lockgate policy show --gate g"),
        (fail("within-hours.unreadable"), "lockgate policy show --gate g"),
        (fail("built-by.no-provenance", artifact=IMAGE), "lockgate verify 'oci:my image:1' --environment production --gate g"),
    ],
    ids=lambda value: value.code if isinstance(value, Outcome) else "",
)
def test_what_is_typed_next(outcome: Outcome, typed: str) -> None:
    assert after(decided(outcome), ASKED) == typed


def test_what_no_key_signs_is_looked_at() -> None:
    assert after(decided(fail("has-sbom.no-sbom", artifact=IMAGE)), ASKED) == "lockgate verify 'oci:my image:1' --environment production --gate g"
    by_certificates = fail("no-component.no-sbom", artifact=digest("a"), keys=("other",), identities=("ci",))
    assert after(decided(by_certificates), ASKED) == "lockgate verify a.whl --gate g"


def test_of_two_databases_the_one_that_is_old_is_imported() -> None:
    assert after(decided(fail("vulnerable.stale", database="osv")), ASKED) == "lockgate advisories import FILE --gate g"


def test_whoever_holds_the_permit_asks_again() -> None:
    """Asked by somebody else, the same question would get the same answer; its holder gets the permit."""
    held = decided(fail("approved.permit-outstanding", by=person_id("dora")), person=person_id("dora"))
    assert after(held, ASKED) == f"lockgate gate {NAMED} --to production --config app.yaml --key ada.key --gate g"
    for whose, who in ((person_id("dora"), person_id("don")), (person_id("dora"), None), ("", None)):
        assert after(decided(fail("approved.permit-outstanding", by=whose), person=who), ASKED) == "lockgate status --gate g"


def test_a_refused_deployment_is_what_is_asked_again() -> None:
    one = Asked(refs=("image:1",), again="lockgate deploy image:1 --to production -- run '{ref}'")
    for code in ("soaked.too-young", "approved.permit-outstanding"):
        assert after(decided(fail(code, by=person_id("dora")), person=person_id("dora")), one) == one.again
    assert after(decided(fail("approved.no-request")), one) == "lockgate request image:1 --to production"


def test_without_a_key_at_hand_the_people_are_shown() -> None:
    assert after(decided(fail("approved.not-deployer")), Asked(refs=("image",))) == "lockgate people list"
    assert after(decided(fail("approved.deployer-unknown")), Asked(refs=("image",))) == "lockgate people list"
    assert after(decided(fail("signed-by.no-signature")), Asked(refs=("image",))) == "lockgate sign image --key KEY"


def test_where_only_an_identity_is_missing_no_key_of_ours_signs() -> None:
    asked = Asked(refs=("image",))
    missing = Outcome(requirement="signed-by", result="fail", code="signed-by.no-signature", params={"keys": (), "identities": ("ci",)})
    assert after(decided(missing), asked) == "lockgate verify image"
    either = replace(missing, params={"keys": ("release",), "identities": ("ci",)})
    assert after(decided(either), asked) == "lockgate sign image --key KEY"
    left = replace(missing, code="signed-by.too-few-keys", params={"keys": ("release",), "identities": ("ci",), "signed": ("release",)})
    assert after(decided(left), asked) == "lockgate verify image"


@pytest.mark.parametrize("code", ["came-through.never-there", "soaked.never-there", "soaked.replaced", "soaked.unknown"])
def test_what_never_ran_there_is_deployed_there_and_not_only_asked_about(code: str) -> None:
    outcome = fail(code, environment="staging", **{"in": "staging"})
    one = Asked(refs=("image:1",), config=" --config app.yaml", own_key=" --key ada.key", options=" --gate g")
    assert after(decided(outcome), one) == "lockgate deploy image:1 --to staging --config app.yaml --key ada.key --gate g -- CMD {ref} {config}"
    none = Asked(refs=("image:1",), config=" --config none")
    assert after(decided(outcome), none) == "lockgate deploy image:1 --to staging --config none -- CMD {ref}"
    file = Asked(refs=("image:1", "b"), typed=("--release", "release.yaml"))
    assert after(decided(outcome), file) == "lockgate deploy --release release.yaml --to staging -- CMD {refs}"


def test_what_was_signed_as_other_bytes_is_looked_at_and_not_signed() -> None:
    spoilt = fail("signed-by.no-good-signature", artifact=IMAGE, keys=("release",), because=("dsse.unknown-key", "statement.other-subject"))
    assert after(decided(spoilt), ASKED) == "lockgate verify 'oci:my image:1' --environment production --gate g"
    stranger = fail("signed-by.no-good-signature", artifact=IMAGE, keys=("release",), because=("dsse.unknown-key",))
    assert after(decided(stranger), ASKED).startswith("lockgate sign ")


def test_who_may_not_ask_for_a_release_is_not_told_to_with_that_key() -> None:
    by_pipeline = Asked(refs=("image:1",), own_key=" --key ci", request_key=" --key KEY", options=" --gate g")
    assert after(decided(fail("approved.no-request")), by_pipeline) == "lockgate request image:1 --to production --key KEY --gate g"


def test_what_only_time_mends_says_when() -> None:
    soaks = Outcome(requirement="soaked", result="fail", code="soaked.too-young", opens_at=later("1h"))
    assert not_before(decided(soaks)) == later("1h")
    assert not_before(decided(soaks, fail("approved.no-request"))) is None
    assert not_before(decided(Outcome(requirement="digest", result="pass"))) is None


def test_a_hold_that_ends_is_waited_for() -> None:
    held = Outcome(requirement="hold", result="fail", code="hold.standing", opens_at=later("1h"))
    assert not_before(decided(held)) == later("1h")
    assert after(decided(held), ASKED) == f"lockgate gate {NAMED} --to production --config app.yaml --key ada.key --gate g"


@pytest.mark.parametrize("code", ["tested.no-result", "has-attestation.no-attestation"])
def test_where_an_identity_may_say_it_no_key_of_ours_is_proposed(code: str) -> None:
    missing = fail(code, artifact=IMAGE, type="x", keys=("second",), identities=("ci",))
    assert after(decided(missing), ASKED) == "lockgate verify 'oci:my image:1' --environment production --gate g"


@pytest.mark.parametrize("code", ["within-hours.closed", "within-hours.frozen"])
def test_a_window_is_waited_for_while_all_else_can_be_mended(code: str) -> None:
    shut = Outcome(requirement="within-hours", result="fail", code=code, opens_at=later("1h"))
    assert not_before(decided(shut)) == later("1h")
    assert after(decided(shut), ASKED) == f"lockgate gate {NAMED} --to production --config app.yaml --key ada.key --gate g"
    assert after(decided(shut, fail("approved.no-request")), ASKED).startswith("lockgate request")


def test_what_is_waived_needs_no_mending() -> None:
    let = Outcome(requirement="soaked", result="waived", code="soaked.too-young", params={"waiver": "w-1"})
    assert after(decided(let), ASKED) == ""
    assert after(decided(let, fail("approved.no-request")), ASKED).startswith("lockgate request")


def test_a_permit_that_is_out_comes_last() -> None:
    """Asking again would say the same while something else stands against it."""
    mine = fail("approved.permit-outstanding", by=person_id("dora"))
    assert after(decided(mine, fail("hold.standing"), person=person_id("dora")), ASKED) == "lockgate status --gate g"
    soaks = Outcome(requirement="soaked", result="fail", code="soaked.too-young", opens_at=later("1h"))
    assert not_before(decided(mine, soaks, person=person_id("dora"))) == later("1h")


def test_what_somebody_can_mend_comes_before_what_time_mends() -> None:
    soaks = Outcome(requirement="soaked", result="fail", code="soaked.too-young", opens_at=later("1h"))
    assert after(decided(soaks, fail("approved.no-request")), ASKED).startswith("lockgate request")
    assert after(decided(fail("approved.no-request"), fail("digest.missing", artifact=IMAGE)), ASKED).startswith("lockgate verify")


def test_where_all_holds_nothing_comes_next() -> None:
    assert after(decided(Outcome(requirement="digest", result="pass")), ASKED) == ""


@given(
    st.sampled_from([code for code in outcomes._WORDS if "." in code]),
    st.dictionaries(
        st.sampled_from(["artifact", "keys", "signed", "request", "missing", "able", "in", "environment"]), st.text(max_size=9) | st.integers(0, 3)
    ),
    st.text(min_size=1, max_size=12),
)
def test_nothing_that_was_found_adds_a_command(code: str, params: Params, ref: str) -> None:
    typed = after(decided(Outcome(requirement="x", result="fail", code=code, params=params)), Asked(refs=(ref,), places={IMAGE: ref}))
    words = shlex.split(typed)
    assert words[0] == "lockgate"
    assert not {";", "&&", "|", ">", "$(", "`"} & set(shlex.shlex(typed, punctuation_chars=True)) or shlex.join(words) == shlex.join(
        shlex.split(shlex.join(words))
    )
