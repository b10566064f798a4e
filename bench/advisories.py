"""10,000 components against 200,000 advisories, made of the shapes of real ones: cold in a process of its own, warm, and ten times fewer; and the import.

Cold is a new process, from the end of its imports of lockgate on: univers and packageurl are imported within the time, and the index is read from
disk as the system has it cached. Then the same process looks up another bill of materials, and that one again: warm.
Processor time is what is judged, for other work on the machine has no share in it; wall time stands beside.
A fifth of the components are named by advisories, 3 each; one in three of those is affected.

    python bench/advisories.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter as clock
from time import process_time as cpu

DATA = Path(__file__).parents[2] / "shared" / "data" / "osv-pypi"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ECOSYSTEMS = {"PyPI": "pypi", "npm": "npm", "Go": "golang", "RubyGems": "gem", "Maven": "maven", "Debian:12": "deb"}
COLD_SECONDS, WARM_SECONDS = 2.0, 0.3


def shapes() -> list[tuple[list[list[str]], int]]:
    """Of each real advisory: its events, and how many versions it lists."""
    from lockgate.evidence.advisories import osv

    found = []
    for path in sorted(DATA.rglob("*.yaml")):
        entry = osv.read(path.read_bytes(), yaml=True)
        for affected in entry.affected:
            events = [[event.kind, event.version] for one in affected.ranges if one.type != "GIT" for event in one.events]
            if events:
                found.append((events, len(affected.versions)))
    return found


def exports(count: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Made-up OSV entries of real shapes: for each package 3."""
    rng, real = random.Random(1), shapes()
    names = list(ECOSYSTEMS)
    for number in range(count):
        ecosystem = names[(number // 3) % len(names)]
        name = f"group:lib{number // 3}" if ecosystem == "Maven" else f"lib{number // 3}"
        events, listed = rng.choice(real)
        kind = "SEMVER" if ecosystem in {"npm", "Go"} else "ECOSYSTEM"
        versions = [f"{n // 9}.{n % 9}.{n % 5}" for n in range(min(listed, 40))] if kind == "ECOSYSTEM" and ecosystem == "PyPI" else []
        ranges = [{"type": kind, "events": [{event: plain(version)} for event, version in events]}]
        yield f"MADE-{number}.json", {
            "id": f"MADE-{number}", "modified": "2026-11-21T00:00:00Z", "published": "2026-01-02T00:00:00Z", "aliases": [f"CVE-2026-{10_000 + number // 2}"],
            "details": "x" * 900, "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"}],
            "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, "versions": versions}],
        }  # fmt: skip


def plain(version: str) -> str:
    """A version that every ecosystem has: its numbers, three at most."""
    numbers = [part for part in version.split(".") if part.isdigit()][:3]
    return ".".join([*numbers, "0", "0"][:3]) if version != "0" else "0"


def sbom(components: int, advisories: int, seed: int = 2) -> object:
    """A bill of materials: every fifth component is of a package with advisories."""
    from lockgate.core.components import Component, Sbom
    from lockgate.core.digest import digest_of

    rng, listed = random.Random(seed), []
    names = list(ECOSYSTEMS)
    packages = advisories // 3
    for number in range(components):
        package = rng.randrange(packages) if number % 5 == 0 else packages + number
        type_ = ECOSYSTEMS[names[package % len(names)]]
        space, tail = {"maven": "group/", "deb": "debian/"}.get(type_, ""), "?distro=debian-12" if type_ == "deb" else ""
        version = f"{rng.randrange(6)}.{rng.randrange(12)}.{rng.randrange(9)}"
        listed.append(Component(purl=f"pkg:{type_}/{space}lib{package}@{version}{tail}", name=f"lib{package}", version=version))
    return Sbom(subject=digest_of(b"a"), source=digest_of(b"s"), format="cyclonedx", spec="1.6", components=tuple(listed))


def look_up(folder: Path, components: int, advisories: int) -> None:
    """In a process of its own: twice, each with its time; and how much of it is the store's."""
    from lockgate.adapters.store.advisories import SqliteAdvisories
    from lockgate.canon import encode
    from lockgate.evidence.advisories.facts import derive, packages_of, read_extract

    for seed in (2, 3, 3, 3):
        made = sbom(components, advisories, seed)
        wall, begin = clock(), cpu()
        extract = SqliteAdvisories(folder).lookup(packages_of([made]))  # type: ignore[list-item]
        looked = cpu()
        data = encode(extract)
        derived = derive([made], read_extract(data))  # type: ignore[list-item]
        end = cpu()
        told = {
            "seconds": end - begin,
            "wall": clock() - wall,
            "lookup": looked - begin,
            "findings": len(derived.findings),
            "advisories": len(extract.advisories),
            "bytes": len(data),
        }
        print(json.dumps(told))
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}))


def import_(folder: Path, count: int) -> None:
    """In a process of its own: the import of so many."""
    import zipfile

    from lockgate.adapters.sources.advisory_exports import exported
    from lockgate.adapters.store.advisories import SqliteAdvisories
    from lockgate.evidence.advisories import osv

    archive = folder / "all.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, entry in exports(count):
            file.writestr(name, json.dumps(entry))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    begin = clock()
    database = SqliteAdvisories(folder).replace((osv.read(one.data) for one in exported([archive])), lambda counted: counted)
    seconds = clock() - begin
    size = (folder / "osv.db").stat().st_size >> 20
    print(
        json.dumps(
            {"entries": database.entries, "seconds": seconds, "before": before, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, "MiB": size}
        )
    )


def run(*words: str) -> list[dict[str, float]]:
    done = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _times(what: str, one: dict[str, float]) -> str:
    return f"{what} {one['seconds']:.2f} s ({one['wall']:.2f} s wall)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures here")
    out = parser.parse_args().json
    if not DATA.is_dir():
        sys.exit("../shared/data is not there: nothing was measured")
    slow, rows = False, []
    for count, components in ((20_000, 1_000), (200_000, 10_000)):
        with tempfile.TemporaryDirectory() as folder:
            imported = run("import", folder, str(count))[0]
            cold, other, *warm, peak = run("lookup", folder, str(components), str(count))
            best = min(warm, key=lambda one: one["seconds"])
            print(
                f"{imported['entries']:>8,} advisories  imported in {imported['seconds']:.1f} s, {imported['peak']} MiB at most, {imported['MiB']} MiB on disk"
            )
            print(f"{components:>8,} components  {_times('cold', cold)}, {_times('other ones then', other)}, {_times('those again', best)}")
            named, found, kept = cold["advisories"], cold["findings"], cold["bytes"] / 1e6
            print(f"{'':>8} {named:.0f} advisories name them, {found:.0f} findings, {kept:.1f} MB kept, {peak['peak']} MiB at most")
            rows.append({"imported": imported, "cold": cold, "other": other, "again": best, "peak": peak["peak"]})
            slow = slow or cold["seconds"] > COLD_SECONDS or best["seconds"] > WARM_SECONDS
    if out:
        out.write_text(json.dumps({"bench": "advisories", "rows": rows}, indent=1) + "\n")
    if slow:
        sys.exit(f"slower than {COLD_SECONDS} s cold, {WARM_SECONDS} s warm")


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        import_(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["lookup"]:
        look_up(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
