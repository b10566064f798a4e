"""How long one decision takes: 15 requirements over 100 facts, in-process, warm.

    python bench/decide.py [--rounds 5000] [--json FILE]

The facts are spread over signatures, provenance, stays, and requests with approvals, as a busy project has them; the
figure stands beside `json.loads` of the same facts' size, in the same run.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lockgate.canon import encode
from lockgate.core.decide import decide
from lockgate.core.exceptional import Exceptional
from lockgate.core.facts import Complete, Enrolled, Facts, Given, InForce, Intact, Need, Provenance, Rejected, Request, Signature, Stay, Unreadable
from lockgate.core.identity import Actor, Person, Root, Roster, fingerprint
from lockgate.core.model import Release, Subject
from lockgate.core.policy import EnvironmentPolicy, Policy, section_digest
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.revocation import Revocation

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
DEPLOYER = "p-" + "z" * 16


def key(number: int) -> str:
    """A well-formed public key nobody holds."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + number.to_bytes(32, "big")
    return "ssh-ed25519 " + base64.b64encode(blob).decode()


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def policy() -> Policy:
    """Fifteen requirements: five of signatures, three of provenance, two each of the others, one more of soak."""
    names = [f"key-{number}" for number in range(10)]
    builder, source = "https://example.com/ci", "git+https://example.com/shop@refs/heads/main"
    requires: tuple[AnyRequirement, ...] = (
        *(SignedBy(id=f"signed-{number}", keys=tuple(names[number : number + 3]), threshold=2, max_age="30d") for number in range(5)),
        *(BuiltBy(id=f"built-{number}", keys=(names[number],), builder=builder, source=source) for number in range(3)),
        *(CameThrough(id=f"came-{number}", environment="staging") for number in range(2)),
        *(Soaked(id=f"soaked-{number}", in_="staging", for_="24h") for number in range(3)),
        *(Approved(id=f"approved-{number}", duties={"security": 2, "release": 2}, expires="7d") for number in range(2)),
    )
    return Policy(
        version=1,
        project="shop",
        keys={name: key(number) for number, name in enumerate(names)},
        environments={"staging": EnvironmentPolicy(requires=requires[:1]), "production": EnvironmentPolicy(requires=requires, from_="staging")},
    )


def facts(ours: Policy, release: Release) -> Facts:
    """A hundred of them."""
    artifact = release.artifacts[0]
    long_ago = NOW - timedelta(days=2)
    roster = Roster(
        version=1,
        people=(
            *(Person(id=f"p-{'abcdefghij'[n] * 16}", keys=(key(100 + n),), duties={"production": ("approve:release", "approve:security")}) for n in range(10)),
            Person(id=DEPLOYER, keys=(key(110),), duties={"production": ("deploy",)}),
        ),
    )
    section = section_digest(ours, "production")
    given = tuple(
        Given(
            person=person.id,
            key=fingerprint(person.keys[0]),
            duty=duty,
            at=long_ago,
            expires=NOW + timedelta(days=1),
            section=section,
            baseline="none",
            from_="none",
            leaf=n,
            nonce=f"{n:032x}",
        )
        for n, person in enumerate(roster.people[:6])
        for duty in ("security", "release")
    )
    signatures = tuple(Signature(subject=artifact, key=fingerprint(key(n % 10)), source=digest(n), signed_at=long_ago) for n in range(30))
    provenance = tuple(
        Provenance(
            subject=artifact,
            keys=(fingerprint(key(n % 10)),),
            builder="https://example.com/ci",
            source=digest(n),
            repository="git+https://example.com/shop",
            ref="refs/heads/main",
        )
        for n in range(20)
    )
    stays = tuple(
        Stay(
            release=Release(artifacts=(digest(n),)) if n else release,
            since=long_ago,
            until=None if not n else NOW,
            decision=n,
            deployer=roster.people[9].id,
            leaf=n,
        )
        for n in reversed(range(20))
    )
    requests = tuple(
        Request(
            id=f"r-{n:016d}", release=release if not n else Release(artifacts=(digest(n),)), by=roster.people[8].id, at=long_ago, given=given if not n else ()
        )
        for n in range(16)
    )
    return Facts(
        {
            Need(Intact): Complete(items=(Intact(subject=artifact),), as_of=NOW),
            Need(Signature): Complete(items=signatures, as_of=NOW),
            Need(Provenance): Complete(items=provenance, as_of=NOW),
            Need(Rejected): Complete(items=(), as_of=NOW),
            Need(Stay, "staging"): Complete(items=stays, as_of=NOW),
            Need(Stay, "production"): Complete(items=(), as_of=NOW),
            Need(Exceptional): Complete(items=(Exceptional(),), as_of=NOW),
            Need(Revocation): Complete(items=(), as_of=NOW),
            Need(Request): Complete(items=requests, as_of=NOW),
            Need(Enrolled): Complete(items=(Enrolled(roster=roster),), as_of=NOW),
            Need(InForce): Complete(items=(InForce(section=section, baseline="none", from_="none"),), as_of=NOW),
        }
    )


def timed(rounds: int, work: Callable[[], object]) -> list[float]:
    """Microseconds of each round, sorted."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter_ns()
        work()
        found.append((time.perf_counter_ns() - started) / 1000)
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5000)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    ours, release = policy(), Release(artifacts=(digest(1 << 200),))
    known = facts(ours, release)
    root = Root(version=1, threshold=1, owners=(key(100),), log="log", permit=key(50), genesis=digest(0), expires=NOW + timedelta(days=1))
    subject = Subject(release=release, environment="production", actor=Actor(key="SHA256:x", person=DEPLOYER), request="r-0000000000000000")
    judged = decide(subject, ours, known, NOW, root)
    if judged.result != "allowed" or len(judged.outcomes) != 16:
        raise SystemExit(f"the benchmark's own decision is wrong: {judged}")
    found: list[Complete[object] | Unreadable] = [known.of(need.kind, need.environment) for need in known.needs()]
    items = [item for one in found if isinstance(one, Complete) for item in one.items]
    count = len(items) + sum(len(item.given) for item in items if isinstance(item, Request))
    document = encode(judged)
    whole, beside = timed(args.rounds, lambda: decide(subject, ours, known, NOW, root)), timed(args.rounds, lambda: json.loads(document))
    row = {
        "requirements": 15,
        "facts": count,
        "p50_us": statistics.median(whole),
        "p99_us": whole[int(len(whole) * 0.99)],
        "json_loads_of_the_decision_us": statistics.median(beside),
    }
    print(
        f"decide: {row['requirements']} requirements over {count} facts: p50 {row['p50_us']:.0f} us, p99 {row['p99_us']:.0f} us (target p50 <= 400 us); "
        f"json.loads of the {len(document)} bytes it answers {row['json_loads_of_the_decision_us']:.0f} us"
    )
    if args.json:
        args.json.write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()
