"""What was recorded before deployments had a begin folds to the very states it folded to then: their digests stand in decisions."""

from __future__ import annotations

from collections.abc import Callable

from build import release
from lockgate.core.state import state_digest
from story import house

THEN = (
    "sha256:f6eaa8fb2d1b4833ba5e6e58b3a0c808373e922baa45b97288fb82c9fbf3bf7b",
    "sha256:49ff4ab0088f430c1bfb6b139f9347d6a52c12aaaef8bd1bd03dbd2fdd65f35f",
    "sha256:d83143e97f4f134a1f53d6bc6b2db66e4ac1547f8788a3b8f48bd2dab2f52cf4",
    "sha256:6fddc9c08dac8a2a4482b937f3ef16ef0da46909982b079dd82775f6a414b10c",
    "sha256:ada186abadb3f05ec2406bb85c40040cb176fe066a1f977501b975479d15f8b1",
    "sha256:aebddd88b03bdc99e26adaccf1f488f682585c449931336037a97c0d34fdc781",
    "sha256:0973ff0e0d9123ab63506b8c77274b4a181414bc026503f42a4037abc9b5d9d0",
    "sha256:6439e9940eaf3292bbcfc09cc32612ba95d04d62d0d6293501e99a0caf87303d",
    "sha256:3bb99ddcfae0202273a09277f702e0edfb64a75179a6ec35e7444dbf2b48f210",
    "sha256:17000e2f94b624c9337776625f0d93372294d2ab56b47164fff0d81786cddc90",
    "sha256:1eb5dd2bafbf12b5a4e69f2b344f8d3e943dc7816d6484818b72e274d860b5e0",
    "sha256:272977015f68e4da7d7043821128e0af7d5afaf9732a5191ec5e33fa5eb8cf9b",
    "sha256:6a343167b4fa5ebe135e34bd83fa172c773bbd3a4dc925741b433cf7df70afa8",
    "sha256:9351162e776d5abfc4b417b4eb24053704e24ed8d0f0d5cfe2e68dca78ad38a3",
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
