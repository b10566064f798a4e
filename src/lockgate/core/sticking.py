"""Which facts tell against an artifact: once an earlier decision knew them, they stay known, though what said so is attached no longer.

A fact that speaks for an artifact never stays so: whoever takes a signature away, or an attestation that says that all is well, has taken it back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockgate.core.facts import Summary
from lockgate.core.findings import Exploitability, Scan
from lockgate.core.trial import Trial

AGAINST: dict[type, Callable[[Any], bool]] = {
    Summary: lambda fact: not fact.passed,
    Exploitability: lambda fact: fact.status in {"affected", "under_investigation"},
    Trial: lambda fact: fact.result != "passed",
    Scan: lambda fact: bool(fact.findings or fact.more),
}
"""Kind of fact -> whether one tells against its artifact. A kind that is not here never does."""


def tells_against(fact: object) -> bool:
    """Whether this fact speaks against its artifact."""
    says = AGAINST.get(type(fact))
    return says is not None and says(fact)
