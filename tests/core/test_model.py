"""A release is never empty, and has one form."""

from __future__ import annotations

import pytest

from build import SHOP, digest, release, subject
from lockgate.canon import decode, encode
from lockgate.core.model import NONE, Release, Subject
from lockgate.errors import EvidenceError

A, B = sorted([digest("a"), digest("b")])


def test_a_release_is_its_artifacts_and_its_configuration() -> None:
    assert release("a", "b") == Release(artifacts=(A, B), config=NONE)
    assert release("a") != release("a", config=digest("config"))
    assert decode(encode(SHOP), Release) == SHOP


@pytest.mark.parametrize("artifacts", [(), (B, A), (A, A), tuple(sorted(digest(str(number)) for number in range(65)))], ids=["none", "unsorted", "twice", "65"])
def test_no_other_form_can_be_made_or_read(artifacts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="artifacts"):
        Release(artifacts=artifacts)
    with pytest.raises(EvidenceError) as err:
        decode(encode({"artifacts": list(artifacts)}), Release, code="release.malformed")
    assert err.value.code == "release.malformed"


def test_as_many_as_there_may_be() -> None:
    assert len(release(*map(str, range(64))).artifacts) == 64


@pytest.mark.parametrize(
    "said", [{"artifacts": ["latest"]}, {"artifacts": [A.upper()]}, {"artifacts": [A], "config": ""}, {"artifacts": [A], "config": "None"}, {}]
)
def test_what_is_no_digest_is_not_read(said: dict[str, object]) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode(said), Release)
    assert err.value.code == "json.malformed"


@pytest.mark.parametrize("id_", ["", "r-", "r-SHORTNESSES", "r-short", "R-0123456789", "r-0123456789\n", "r-" + "0" * 27])
def test_what_is_no_request_id_is_not_read(id_: str) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode(subject(request=id_)), Subject)
    assert err.value.code == "json.malformed"
