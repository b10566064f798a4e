"""What was recorded before deployments had a begin folds to the very states it folded to then: their digests stand in decisions."""

from __future__ import annotations

from collections.abc import Callable

from build import release
from lockgate.core.state import state_digest
from story import house

THEN = (
    "sha256:0fe1a69e771ae0b1704958098f2daffbc71ed8e7a308db6f11e84ce9045f2845",
    "sha256:d51e6e1af479c4e640cde2e96b53f3cee2fe3204c3791e4fef9e2d11f036ee95",
    "sha256:74575287cbd5e54b50ef643184efd812c95438cad0e8e22c9ea82fcef453fa2c",
    "sha256:f681c3da1ca3308a0ab7115246324655039d9bba915eae499fb4eef0006b6852",
    "sha256:be7f815843fb0653baa5efc88ed05f4ab37363afa43b2c4ea8373004adef0764",
    "sha256:5a1500c5d18bf96992d2142587c180c0939fa536bd745ee6d861f67e1fe7fd56",
    "sha256:863a2a3d4c3e19cf3ec5b0c8fc13f02209e8999f1af4e8d30035d5b0a43cbf62",
    "sha256:f6e32af944145ef1cd73414f942712d8964b466c0ec34d9ccb4a939811c9935f",
    "sha256:7e67bf088417f59bd9ef3fbf43ed75e0697aee2bec22f092335fdb1644bd9700",
    "sha256:9ab451ef7751186e70e4e9a067b4515354018f80a2e1dcee64ce9b1eebbd5ad2",
    "sha256:4e4bcc5a75de90f1d3a9b32b88093d68473e5daa2d5797ebda6cf48426271c77",
    "sha256:7e74cb7114ddb5c4dd654dad3c158e3e873fc446a56f7b09a76e0a6f14962619",
    "sha256:21b9c3dbf7f47bbe66847eec09f7a58a020a96705fdd6c67c86224c06eb169f2",
    "sha256:a8dcb89fc5f39b6aafcc16d83c6a3cb71018c51787e75a6abafbd4f0235cde1b",
)
"""After each leaf, as the lockgate of that time gave it."""


def test_states_have_the_digests_they_had() -> None:
    story, shop, other = house(), release("shop"), release("other")
    steps: tuple[Callable[[], str], ...] = (
        lambda: story.request(shop),
        lambda: story.approve(shop, "ann", "release-management"),
        lambda: story.approve(shop, "sam", "security"),
        lambda: story.decide(shop),
        lambda: story.deploy(shop, failed=137),
        lambda: story.decide(shop),
        lambda: story.deploy(shop),
        lambda: story.request(other, "b"),
        lambda: story.reject(other, "max", "b"),
        lambda: story.withdraw(other, "max", "rejection", "b"),
        lambda: story.decide(other, "b"),
        lambda: story.deploy(other),
        lambda: story.decide(shop, None),
        lambda: story.deploy(shop),
    )
    for step, then in zip(steps, THEN, strict=True):
        assert step() == ""
        assert state_digest(story.state) == then
