"""What earlier decisions knew against an artifact, and is attached no longer: it joins what is fetched now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from lockgate import canon
from lockgate.app.gather import Basket, Item, Manifest
from lockgate.app.project import Projection
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.policy import believed
from lockgate.core.ports import Evidence
from lockgate.core.rechecked import Rechecked
from lockgate.core.sticking import tells_against
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import artifact, record

LEAVES = 64
"""The newest leaves about an artifact that are looked at for decisions."""

DECISIONS = 8
"""As many of those decisions as are looked at, wherever they were made; and the newest of this environment."""

MOST = 64
MOST_BYTES = 2 << 20
"""Pieces of evidence that join, for one artifact: the newest decision's first. Each one that joined is in the next decision's evidence again."""

LOOKED = 256
"""Pieces that are looked at for one artifact, beside those that joined before and come first: as many as one artifact has at most, so that nobody pushes
what tells against it out of sight by attaching other things with it."""


def with_earlier(ports: Ports, basket: Basket, own: Projection, artifacts: Sequence[Digest], now: datetime, known: Collection[int] = ()) -> Basket:
    """The basket, and with it what told against these artifacts when they were decided on before.

      1  the newest decisions and rechecks about each artifact, as the index files them and as the leaves say
      2  their evidence, but for what is in the basket; what was erased by right is gone
      3  of that, what reads as a fact against the artifact today; of what joins, nothing else is ever read (`gather`)

    Args:
        ports, own, artifacts, now: of the decision that is made. basket: what was fetched for it.
        known: decisions whose evidence is in the basket whole.

    Raises:
        UnreadableError: evidence is there and was altered, by `Blobs`' codes. LedgerError: the log's.
    """
    policy, environment = own.policy_in_force(), own.state.environment.name
    items, blobs = list(basket.manifest.items), dict(basket.blobs)
    for digest in artifacts:
        held = {item.digest for item in basket.manifest.items if item.subject == digest}
        joined, room = 0, MOST_BYTES
        for item, data in _pieces(ports, _manifests(ports, environment, digest, own.size, known), digest, held):
            if joined >= MOST:
                break
            piece = Evidence(media_type=item.media_type, data=data, origin=item.digest)
            if len(data) <= room and any(map(tells_against, artifact.read([piece], policy.keys, {digest}, now, believed(policy, environment)))):
                joined, room = joined + 1, room - len(data)
                items.append(replace(item, before=True, held=False))
                blobs[item.digest] = data
    return basket if len(items) == len(basket.manifest.items) else Basket(manifest=replace(basket.manifest, items=tuple(items)), blobs=blobs)


def _pieces(ports: Ports, manifests: Iterable[Manifest], digest: Digest, held: set[Digest]) -> Iterator[tuple[Item, bytes]]:
    """Steps 1 and 2, each piece once: of each decision those that had joined it first, then no more than are looked at."""
    seen, looked = set(held), 0
    for manifest in manifests:
        for item in sorted(manifest.items, key=lambda one: not one.before):
            if item.subject != digest or item.digest in seen or (not item.before and looked >= LOOKED):
                continue
            seen.add(item.digest)
            looked += not item.before
            try:
                data = ports.blobs.get(item.digest)
            except UnreadableError as err:
                if err.code != "blob.missing":
                    raise
                continue
            if len(data) <= MOST_BYTES:
                yield item, data


def _manifests(ports: Ports, environment: str, digest: Digest, size: int, known: Collection[int]) -> Iterator[Manifest]:
    """The manifests that decisions about an artifact rest on, newest first, each once."""
    looked, here = dict[Digest, None](), False
    for index in reversed([index for index in ports.index.find("digest", digest) if 0 <= index < size][-LEAVES:]):
        if index in known:
            continue
        try:
            opened = record.open_envelope(record.read_leaf(ports.log.leaf(index)).event)
        except EvidenceError:
            continue
        event = opened.event
        if not isinstance(event, events.Decided | Rechecked) or digest not in opened.subjects or event.evidence in looked:
            continue
        ours = event.environment == environment
        if len(looked) >= DECISIONS and (here or not ours):
            continue
        looked[event.evidence], here = None, here or ours
        try:
            yield canon.decode(ports.blobs.get(event.evidence), Manifest, what="evidence manifest", code="evidence.malformed")
        except UnreadableError as err:
            if err.code != "blob.missing":
                raise
