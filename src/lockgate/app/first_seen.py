"""When a component version was first seen: hints in the index, and what the decision that a hint names really rested on.

A hint is filed for each component version that a bill of materials lists which came with a decision, allowed or refused, made under a policy that
asks for a `component-age`, and that was signed by somebody whose bills count there: for the first such decision alone, and for each signer. So nobody
without such a key makes a component old before its time. A hint proves nothing: who goes by it

  1  reads the leaf, which the log authenticates, and takes its time, or the signed one of the decision where that is later
  2  holds the permit key of the root that was in force there against its signature
  3  reads the evidence it names, by digest, and verifies its bills of materials by the keys of now

and what fails one of these was not seen. So whoever edits the index makes components younger, never older.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from lockgate.app.former import bills_of, decision_in, pieces
from lockgate.app.project import Projection, Walk, documents, project
from lockgate.app.world import Ports
from lockgate.core.components import Sbom
from lockgate.core.dependencies import Remembered, Whose
from lockgate.core.digest import Digest
from lockgate.core.policy import Policy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.sbom_difference import Version, bag
from lockgate.errors import EvidenceError, PolicyError, TrustError, UnreadableError
from lockgate.evidence import record
from lockgate.evidence.place import Load, read_policy

Row = tuple[str, str, int]
KINDS = frozenset({"component", "bill"})
"""Kinds of rows that are hints: `log check` does not hold them against the leaves, as what they come of may be erased by right."""

MOST = 512
"""Decisions that are read back for one question: those that hints name for the most components."""


def aging(policy: Policy, environment: str = "") -> list[Whose]:
    """Whose bills of materials count where a `component-age` is asked for: in an environment, or in any."""
    sections = [section for name, section in policy.environments.items() if environment in {"", name}]
    soaks = [one for section in sections for one in section.requires if isinstance(one, Soaked) and one.component_age is not None]
    return [one.sboms for one in soaks if one.sboms is not None]


class Filing:
    """The hints of leaves, in their order."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._load: Load = documents(ports)
        self._policies: dict[Digest, Policy | None] = {}
        self._taken: set[tuple[str, str]] = set()

    def rows(self, data: bytes, index: int) -> list[Row]:
        """The hints that this leaf adds; none for what is no decision, or whose evidence cannot be read."""
        try:
            former = decision_in(data)
            policy = self._policy(former.event.policy)
            if policy is None:
                return []
            held = [one for one in pieces(self._ports, former.event.evidence) if self._is_new("bill", f"{one.digest} {former.event.policy}", index)]
            blobs = {one.digest: self._ports.blobs.get(one.digest) for one in held}
            bills = bills_of(held, blobs, former.artifacts, policy, former.event.environment, former.at)
        except (EvidenceError, UnreadableError):
            return []
        names = [f"{who} {one.text()}" for bill in bills for who in _signers(bill, policy) for one in bag([bill.components]).held]
        found = [("component", name, index) for name in dict.fromkeys(names) if self._is_new("component", name, index)]
        found += [("bill", f"{one.digest} {former.event.policy}", index) for one in held]
        self._taken.update((kind, name) for kind, name, _ in found)
        return list(dict.fromkeys(found))

    def filed(self) -> None:
        """What was given so far is in the index."""
        self._taken.clear()

    def _is_new(self, kind: str, name: str, index: int) -> bool:
        return (kind, name) not in self._taken and self._ports.index.newest(kind, name, index) is None

    def _policy(self, digest: Digest) -> Policy | None:
        """The policy, where it asks for a `component-age` anywhere."""
        if digest not in self._policies:
            try:
                policy = read_policy(self._load(digest))
            except (EvidenceError, UnreadableError, PolicyError):
                policy = None
            self._policies[digest] = policy if policy is not None and aging(policy) else None
        return self._policies[digest]


def _signers(bill: Sbom, policy: Policy) -> list[str]:
    """Those who signed it whose bills count: keys by fingerprint, identities by name."""
    found: dict[str, None] = {}
    for whose in aging(policy):
        who = whose.asked(policy.keys)
        found.update(dict.fromkeys(key for key in bill.keys if key in who.keys))
        found.update(dict.fromkeys(f"identity:{name}" for name in who.identities if bill.by is not None and name in bill.by.names))
    return list(found)


def remembered(ports: Ports, own: Projection, wanted: Iterable[Version], now: datetime) -> tuple[Remembered, ...]:
    """What earlier decisions knew of these component versions, as far as hints lead to it."""
    policy = own.policy_in_force()
    names = [name for whose in aging(policy, own.state.environment.name) for name in _hints(whose, policy)]
    at: dict[int, set[str]] = {}
    for version in wanted:
        for name in dict.fromkeys(names):
            for index in ports.index.find("component", f"{name} {version.text()}")[:1]:
                if 0 <= index < own.size:
                    at.setdefault(index, set()).add(version.text())
    found: list[Remembered] = []
    for index in sorted(sorted(at, key=lambda one: (-len(at[one]), one))[:MOST]):
        try:
            found += listed(ports, own, index, at[index], now)
        except (EvidenceError, UnreadableError, TrustError):  # a hint that leads to nothing: it was not seen
            continue
    return tuple(found)


def _hints(whose: Whose, policy: Policy) -> Sequence[str]:
    who = whose.asked(policy.keys)
    return [*who.keys, *(f"identity:{name}" for name in who.identities)]


def listed(ports: Ports, own: Projection, index: int, texts: set[str], now: datetime, walk: Walk = "committed") -> list[Remembered]:
    """Which of these component versions came with the decision in a leaf: steps 1 to 3.

    Raises:
        EvidenceError, UnreadableError, TrustError: it is no decision that counts, or its evidence cannot be read; by code.
    """
    former = decision_in(ports.log.leaf(index))
    if former.event.log != own.state.house.genesis:
        raise EvidenceError("event.other-log", f"leaf {index} was signed for another log")
    root = own.root if former.event.root == own.root.version else project(ports, "", index, walk).root
    record.check_permit_signature(former.envelope, root.permit)
    held = pieces(ports, former.event.evidence)
    blobs: Mapping[Digest, bytes] = {one.digest: ports.blobs.get(one.digest) for one in held}
    bills = bills_of(held, blobs, former.artifacts, own.policy_in_force(), own.state.environment.name, now)
    return [one for bill in bills if (one := _of(bill, index, former.at, texts)) is not None]


def _of(bill: Sbom, index: int, at: datetime, texts: set[str]) -> Remembered | None:
    there = sorted({version.text() for version in bag([bill.components]).held} & texts)
    if not there:
        return None
    return Remembered(subject=bill.subject, source=bill.source, keys=bill.keys, by=bill.by, decision=index, at=at, components=tuple(there))


def confirmed(ports: Ports, own: Projection, said: Sequence[Remembered], now: datetime) -> bool:
    """Whether what a decision says it remembered is so, read again past every leaf. Raises UnreadableError ``blob.missing`` and its like."""
    look: Callable[[Remembered], list[Remembered]] = lambda one: listed(ports, own, one.decision, set(one.components), now, "every")  # noqa: E731
    try:
        return all(one in look(one) for one in said)
    except (EvidenceError, TrustError):
        return False
