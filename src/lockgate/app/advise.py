"""advise: what the gate would say now, for a trial in a pipeline. Nothing is recorded, and nothing in it can be taken for a permit.

It goes the gate's own way (`why.would`) and differs in the answer alone: that never is a decision, and has none of its words.
"""

from __future__ import annotations

from typing import Literal

from lockgate.app.gate import GateRequest
from lockgate.app.why import would
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.model import Release
from lockgate.core.outcome import Outcome
from lockgate.core.ports import PersonSigner

Would = Literal["would-pass", "would-refuse", "would-not-decide"]

_WOULD: dict[str, Would] = {"allowed": "would-pass", "refused": "would-refuse", "undecided": "would-not-decide"}


class Advice(Noun, frozen=True, kw_only=True):
    """What the gate would say.

    Attributes:
        advice: what would become of it.
        environment: where to. about: what was advised on, as pinned references; no permission to use them.
        outcomes: of each requirement. request: the one it would go by, empty for none. policy: in force, by digest.
        at: when. history: the size of the log that was looked at.
        unpinned: no root is pinned, so that the gate refuses whatever holds.
        recorded: never.
    """

    advice: Would
    environment: Name
    about: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    request: str
    policy: Digest
    at: Time
    history: int
    unpinned: bool
    recorded: Literal[False]


def advise(ports: Ports, ask: GateRequest, signer: PersonSigner | None) -> tuple[Advice, events.Decided, Release]:
    """What `gate` would decide; that decision, which was never made, for a hint; and of what.

    Raises:
        LockgateError: nothing can be advised; as `why.would`.
    """
    decided, resolved = would(ports, ask, signer)
    unpinned = ports.pinned is None
    advice = Advice(
        advice="would-refuse" if unpinned and decided.outcome == "allowed" else _WOULD[decided.outcome],
        environment=decided.environment,
        about=resolved.pinned(),
        outcomes=decided.outcomes,
        request=decided.request,
        policy=decided.policy,
        at=decided.decided_at,
        history=decided.history,
        unpinned=unpinned,
        recorded=False,
    )
    return advice, decided, resolved.release
