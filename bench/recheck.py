"""What `lockgate recheck` costs: a gate on disk with as many environments, in each of which another release runs.

Each was allowed by a signature; provenance lies beside it, and is verified too. (More is not asked, for a policy of 10,000 environments would be larger
than lockgate reads.)

    python bench/recheck.py [--environments 10000] [--json FILE]

Two figures, both on one core, and the first with warm files:

- whole: all that `lockgate recheck --offline` does in its process but to start, to open the gate and to print: each environment folded from its last
  decision on with every signature in it checked, evidence read and verified anew, decided, and compared with what stands recorded. Nothing changed, so that
  nothing is recorded. Where things are attached is not asked: that is the registries' time.
- decision: `core.recheck.again` alone, in memory, on facts as they are read.

The gate is made by lockgate itself, one question and one `deployed` for each environment. The memory is the most that the process had in use after each part,
less what it had before the first: flat where it does not grow with the number.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from build import KEYS, SIGNED, person
from disk_world import DiskWorld
from lockgate.app import permit, recheck
from lockgate.app.gather import complete
from lockgate.app.project import project
from lockgate.core.model import Subject
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.recheck import again, runs_or_may

PARTS = 8


def names(count: int) -> list[str]:
    """Of environments."""
    return [f"e{number:05}" for number in range(count)]


def made(path: Path, count: int) -> DiskWorld:
    """A gate with so many environments, something running in each."""
    world = DiskWorld(path)
    world.begin()
    world.roster(person("dora", {name: ["deploy"] for name in names(count)}))
    section = EnvironmentPolicy(requires=(SIGNED,))
    world.policy(Policy(version=1, project="shop", environments=dict.fromkeys(names(count), section), keys=dict(KEYS)))
    began = time.monotonic()
    for number, name in enumerate(names(count), 1):
        world.artifact(name)
        gated = world.gate(name, name)
        world.record(world.deployed(gated.index, name), gated.release.artifacts, "dora")
        del world.source.artifacts[name]
        if number % 500 == 0:
            print(f"  {number} environments made, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return world


def looked(world: DiskWorld, wanted: list[str]) -> tuple[float, int]:
    """CPU seconds of looking at these again, and how many were allowed."""
    began = time.process_time()
    found: Iterator[object] = recheck.recheck(world.ports, wanted, recheck.Manner(offline=True))
    allowed = sum(isinstance(one, recheck.Look) and one.outcome == "allowed" for one in found)
    return time.process_time() - began, allowed


def decided(world: DiskWorld, rounds: int = 2_000) -> float:
    """Seconds of the pure part of one."""
    house = project(world.ports, "")
    own = project(world.ports, names(1)[0], beside=house)
    ((decision, (release, _)),) = runs_or_may(own.state.environment).items()
    event, now = permit.decided(world.ports, decision), world.clock.now()
    basket, _ = recheck.basket_of(world.ports, own, event, decision, recheck.Attached(world.ports), now, recheck.Manner(offline=True))
    basket, facts = complete(world.ports, basket, release.artifacts, own, {}, now)
    subject, policy = Subject(release=release, environment=names(1)[0]), own.policy_in_force()
    began = time.process_time()
    for _ in range(rounds):
        again(subject, policy, facts, event.decided_at, now, own.root, event.outcomes)
    return (time.process_time() - began) / rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environments", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as folder:
        world = made(Path(folder), args.environments)
        every = names(args.environments)
        looked(world, every[:50])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = []
        for part in range(1, PARTS + 1):
            wanted = every[: len(every) * part // PARTS]
            seconds, allowed = looked(world, wanted)
            if allowed != len(wanted):
                raise SystemExit(f"the benchmark's own gate is wrong: {allowed} of {len(wanted)} are allowed")
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            rows.append({"environments": len(wanted), "seconds": seconds, "each_ms": seconds * 1000 / len(wanted), "grown_mib": grown})
            print(f"recheck: {len(wanted):>6} in {seconds:6.2f} s, {len(wanted) / seconds:5.0f} a second, {grown:.0f} MiB more in use (target >= 500 a second)")
        alone = decided(world)
        print(f"recheck: the decision alone {alone * 1e6:.0f} us, {1 / alone:,.0f} a second")
        world.close()
    if args.json:
        args.json.write_text(json.dumps({"whole": rows, "decision_us": alone * 1e6}, indent=1) + "\n")


if __name__ == "__main__":
    main()
