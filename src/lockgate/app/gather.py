"""FETCH and READ: everything a plan asks for, once, into facts; a failure becomes `Unreadable`, never absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from msgspec.structs import replace

from lockgate import canon
from lockgate.app import advised, lookback
from lockgate.app.lookback import NOTHING, Lookback, look_back
from lockgate.app.project import Projection
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core.decide import RULES
from lockgate.core.digest import Digest, Ref, digest_of, pinned
from lockgate.core.exceptional import Exceptional
from lockgate.core.facts import Complete, Enrolled, Facts, Gathered, InForce, Intact, Need, Rejected, Request, Source, Stay, Unreadable
from lockgate.core.identity import Name, PublicKey
from lockgate.core.policy import believed, section_digest
from lockgate.core.ports import Evidence, Measured
from lockgate.core.recall import freed, freed_glasses, standing
from lockgate.core.revocation import Revocation
from lockgate.core.signers import Believed
from lockgate.core.state import release_digest
from lockgate.core.sticking import tells_against
from lockgate.core.zones import Zone, ZoneName
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import artifact, asked_for, inside, readers


class Item(Noun, frozen=True, kw_only=True):
    """A piece of evidence in a manifest.

    Attributes:
        digest: of its bytes. media_type: as found.
        subject: the artifact it was attached to.
        before: it was not found now, and an earlier decision rested on it: it counts for what it says against the artifact alone.
        held: the decision that is looked at again rested on it. It is read apart: what somebody attached since does not undo that it was verified.
    """

    digest: Digest
    media_type: str
    subject: Digest
    before: bool = False
    held: bool = False


class Lost(Noun, frozen=True, kw_only=True):
    """What could not be read, and why."""

    subject: Digest
    code: str


class KeptZone(Noun, frozen=True, kw_only=True):
    """A time zone in a manifest.

    Attributes:
        name: of the zone. digest: of its bytes, a blob. version: of the database it is from.
        code: why it could not be read, and then nothing else is there.
    """

    name: ZoneName
    digest: str = ""
    version: str = ""
    code: str = ""


class Origin(Noun, frozen=True, kw_only=True):
    """Where an artifact was read from, as a reference with its digest."""

    subject: Digest
    ref: str


class SeenInside(Noun, frozen=True, kw_only=True):
    """What was found at a path inside an artifact, which a requirement names.

    Attributes:
        subject: the artifact. path: in it.
        digest: of what stands there, a blob; empty for nothing.
        code: why it could not be looked at, and then nothing else is there.
    """

    subject: Digest
    path: str
    digest: str = ""
    code: str = ""


class Manifest(Noun, frozen=True, kw_only=True):
    """Everything a decision rests on besides the log: kept as a blob, named by the decision, enough to replay it.

    Attributes:
        measured: what reading each artifact's bytes gave.
        items: evidence, by digest; its bytes are blobs.
        lost: artifacts whose bytes or evidence could not be read.
        asked: digest of the signed question; empty where nobody proved who asks.
        zones: time zones that requirements name, sorted.
        places: where the artifacts and what is attached to them were looked for, so that a recheck looks there again.
        advisories: digest of the extract that was looked up; empty where none was asked for.
        unadvised: why none could be had, where it was; else empty.
        inside: what stands inside artifacts, at the paths that requirements name.
        back: what was looked back at, where requirements ask what changed.
    """

    measured: tuple[Measured, ...] = ()
    items: tuple[Item, ...] = ()
    lost: tuple[Lost, ...] = ()
    asked: str = ""
    zones: tuple[KeptZone, ...] = ()
    places: tuple[Origin, ...] = ()
    advisories: str = ""
    unadvised: str = ""
    inside: tuple[SeenInside, ...] = ()
    back: Lookback = NOTHING


class Basket(Noun, frozen=True, kw_only=True):
    """What was fetched: the manifest and the bytes it names."""

    manifest: Manifest
    blobs: dict[Digest, bytes]


def fetch(ports: Ports, places: Mapping[Digest, Ref]) -> Basket:
    """Read every artifact and what is attached to it. Nothing raises but a bug: what cannot be read is `lost`."""
    measured: list[Measured] = []
    items: list[Item] = []
    lost: list[Lost] = []
    blobs: dict[Digest, bytes] = {}
    for digest, ref in sorted(places.items()):
        try:
            measured.append(ports.source.measure(ref, digest))
            for found in ports.source.attached(ref, digest):
                item = Item(digest=digest_of(found.data), media_type=found.media_type, subject=digest)
                items.append(item)
                blobs[item.digest] = found.data
        except (UnreadableError, EvidenceError) as err:
            lost.append(Lost(subject=digest, code=err.code))
    origins = tuple(Origin(subject=digest, ref=pinned(ref, digest)) for digest, ref in sorted(places.items()))
    return Basket(manifest=Manifest(measured=tuple(measured), items=tuple(dict.fromkeys(items)), lost=tuple(lost), places=origins), blobs=blobs)


def with_question(basket: Basket, asked: bytes) -> Basket:
    """The basket with the signed question beside the evidence; the same where nobody signed one."""
    if not asked:
        return basket
    return Basket(manifest=replace(basket.manifest, asked=digest_of(asked)), blobs={**basket.blobs, digest_of(asked): asked})


def keep(ports: Ports, basket: Basket) -> Digest:
    """Store the evidence and its manifest durably; the manifest's digest."""
    for data in basket.blobs.values():
        ports.blobs.put(data)
    return ports.blobs.put(encode(basket.manifest))


def stored(ports: Ports, evidence: Digest) -> Basket:
    """What a decision rested on, read back by its manifest's digest.

    Raises:
        UnreadableError: ``blob.missing`` where it was erased; ``blob.altered`` and the like.
        EvidenceError: ``evidence.malformed``.
    """
    manifest = canon.decode(ports.blobs.get(evidence), Manifest, what="evidence manifest", code="evidence.malformed")
    named = (manifest.asked, manifest.advisories, *(zone.digest for zone in manifest.zones), *(one.digest for one in manifest.inside), *manifest.back.blobs())
    wanted = [item.digest for item in manifest.items] + [one for one in named if one]
    return Basket(manifest=manifest, blobs={digest: ports.blobs.get(digest) for digest in wanted})


def artifact_facts(
    basket: Basket,
    artifacts: Sequence[Digest],
    keys: Mapping[Name, PublicKey],
    counted: Believed,
    now: datetime,
    by_type: Mapping[str, readers.Reader] = readers.READERS,
) -> dict[Need, Gathered]:
    """READ the evidence that came with the artifacts. One lost artifact, or more than is read, makes the kind unreadable for all."""
    manifest = basket.manifest
    measured = {one.digest for one in manifest.measured}
    intact: Gathered = _intact(manifest, now)
    try:
        if manifest.lost:
            intact = intact if all(one in measured for one in artifacts) else Unreadable(code=manifest.lost[0].code)
            raise UnreadableError(manifest.lost[0].code, "an artifact or its evidence could not be read")
        return {Need(Intact): intact, **_read(basket, artifacts, keys, counted, now, by_type)}
    except UnreadableError as err:
        return {Need(Intact): intact, **{Need(kind): Unreadable(code=err.code) for kind in readers.KINDS}}


def _read(
    basket: Basket,
    artifacts: Sequence[Digest],
    keys: Mapping[Name, PublicKey],
    counted: Believed,
    now: datetime,
    by_type: Mapping[str, readers.Reader],
) -> dict[Need, Gathered]:
    found: dict[type, list[Any]] = {kind: [] for kind in readers.KINDS}
    for digest, (before, held) in product(artifacts, ((False, True), (False, False), (True, False))):
        items = [item for item in basket.manifest.items if (item.subject, item.before, item.held) == (digest, before, held)]
        evidence = [Evidence(media_type=item.media_type, data=basket.blobs[item.digest], origin=item.digest) for item in items]
        for fact in artifact.read(evidence, keys, {digest}, now, counted, by_type) if evidence else ():
            if not before or tells_against(fact):
                found[type(fact)].append(fact)
            if not isinstance(fact, Rejected):
                found[Source].append(Source(subject=digest, source=fact.source))
    for seen in basket.manifest.inside:
        data = basket.blobs[seen.digest] if seen.digest else None
        for one in inside.read(seen.subject, seen.path, data, seen.code, now) if seen.subject in artifacts else ():
            found[type(one)].append(one)
    found[Source] = list(dict.fromkeys(found[Source]))
    return {Need(kind): Complete(items=tuple(facts), as_of=now) for kind, facts in found.items()}


def _intact(manifest: Manifest, now: datetime) -> Complete[Intact]:
    return Complete(items=tuple(Intact(subject=one.digest, problem=one.problem, where=one.where, inside=one.inside) for one in manifest.measured), as_of=now)


def zone_facts(basket: Basket, now: datetime) -> Gathered:
    """READ the time zones. One that cannot be read makes all unreadable."""
    if not basket.manifest.zones:
        return Complete(items=(), as_of=now)
    from lockgate.evidence import tzif  # noqa: PLC0415  only a policy with change windows waits for it

    try:
        for one in basket.manifest.zones:
            if one.code:
                raise UnreadableError(one.code, f"the time zone {one.name} could not be read")
        found = [tzif.read_zone(basket.blobs[one.digest], one.name, one.version, now) for one in basket.manifest.zones]
    except (UnreadableError, EvidenceError) as err:
        return Unreadable(code=err.code)
    return Complete(items=tuple(found), as_of=now)


def history_facts(own: Projection, others: Mapping[Name, Projection], now: datetime, rules: int = RULES) -> dict[Need, Gathered]:
    """What lockgate's own history says: of this environment, and of those its requirements name; from rules 2 on, of glasses whose permit was revoked too."""
    environment = own.state.environment
    policy = own.policy_in_force()
    section = policy.environments.get(environment.name)
    gathered: dict[Need, Gathered] = {
        Need(Request): Complete(items=freed(own.state), as_of=now),
        Need(Revocation): Complete(items=standing(own.state), as_of=now),
        Need(Enrolled): Complete(items=(Enrolled(roster=own.roster),), as_of=now),
        Need(Exceptional): Complete(items=(freed_glasses(own.state) if rules >= 2 else environment.exceptional,), as_of=now),
    }
    for name, projection in {environment.name: own, **others}.items():
        gathered[Need(Stay, name)] = Complete(items=projection.state.environment.counted(), as_of=now)
        gathered[Need(Revocation, name)] = Complete(items=standing(projection.state), as_of=now)
    if section is not None:
        occupant = environment.last_known()
        in_force = InForce(
            section=section_digest(policy, environment.name),
            baseline=section.baseline,
            from_=release_digest(occupant.release if occupant else None),
            time=section.time,
        )
        gathered[Need(InForce)] = Complete(items=(in_force,), as_of=now)
    return gathered


def facts_of(basket: Basket, artifacts: Sequence[Digest], own: Projection, others: Mapping[Name, Projection], now: datetime, rules: int = RULES) -> Facts:
    """All facts of a decision by these rules, from what is in the basket."""
    read = _read_as_asked(basket, artifacts, own, now, rules)
    return _joined(basket, read, own, others, now, rules)


def complete(
    ports: Ports, basket: Basket, artifacts: Sequence[Digest], own: Projection, others: Mapping[Name, Projection], now: datetime
) -> tuple[Basket, Facts]:
    """The derived round, exactly one: what is asked about what was read is looked up and put in the basket; and all facts of a decision."""
    read = _read_as_asked(basket, artifacts, own, now, RULES)
    if advised.wanted(own.policy_in_force(), own.state.environment.name):
        data, code = advised.look_up(ports, read)
        manifest = replace(basket.manifest, advisories=digest_of(data) if data else "", unadvised=code)
        basket = Basket(manifest=manifest, blobs={**basket.blobs, digest_of(data): data} if data else basket.blobs)
    back, blobs = look_back(ports, own, tuple(artifacts), read, now)
    if back != basket.manifest.back:
        basket = Basket(manifest=replace(basket.manifest, back=back), blobs={**basket.blobs, **blobs})
    return basket, _joined(basket, read, own, others, now, RULES)


def _read_as_asked(basket: Basket, artifacts: Sequence[Digest], own: Projection, now: datetime, rules: int) -> dict[Need, Gathered]:
    """What came with the artifacts, by the policy in force."""
    policy, name = own.policy_in_force(), own.state.environment.name
    section = policy.environments.get(name)
    by_type = asked_for.for_section(section.requires if section is not None else ()) if rules >= 3 else readers.BEFORE_3
    return artifact_facts(basket, artifacts, policy.keys, believed(policy, name), now, by_type)


def _joined(basket: Basket, read: Mapping[Need, Gathered], own: Projection, others: Mapping[Name, Projection], now: datetime, rules: int) -> Facts:
    """What was read, what follows from it, and what history says."""
    derived: dict[Need, Gathered] = {}
    if advised.wanted(own.policy_in_force(), own.state.environment.name):
        derived = advised.facts(read, basket.blobs.get(basket.manifest.advisories, b""), basket.manifest.unadvised, now)
    derived |= lookback.facts(basket.manifest.back, basket.blobs, own, now)
    return Facts({**read, **derived, **history_facts(own, others, now, rules), Need(Zone): zone_facts(basket, now)})
