"""What every use case is given: the ports, and the root it believes."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.advisory_port import Advisories
from lockgate.core.identity import Root
from lockgate.core.ports import Blobs, Clock, Directory, Heads, Index, Log, Outbox, Runner, Scratch, Signer, Source, Underway
from lockgate.core.zones import Zones


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The world, as the use cases see it. `wire` makes it; tests make it of fakes.

    Attributes:
        permit: the key that signs decisions; None where this process may only read.
        pinned: the root from ``lockgate.trust``; None for none, and then nothing is a permit.
    """

    log: Log
    blobs: Blobs
    source: Source
    index: Index
    heads: Heads
    directory: Directory
    clock: Clock
    runner: Runner
    outbox: Outbox
    underway: Underway
    scratch: Scratch
    zones: Zones
    advisories: Advisories
    permit: Signer | None
    pinned: Root | None
