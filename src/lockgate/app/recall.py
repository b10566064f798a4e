"""recall: where a digest runs or ran, by which decision and whose word, and which permits hold it; and revoking it there and everywhere.

1  what is meant   the digest, and of an index that can be read the images inside
2  where           every environment a policy in force ever named, its kept stays and its live permits
3  inside          what an index held when it was gated, as the evidence of its decision says; where that is not known, it is said
4  revoke          by an owner everywhere at once; by anybody else in each environment where they may say no
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from lockgate import canon
from lockgate.app import past, say
from lockgate.app.gate import require_environment
from lockgate.app.gather import Manifest
from lockgate.app.permit import decided
from lockgate.app.project import Projection, documents, project
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.digest import Digest, parse_ref
from lockgate.core.facts import Stay
from lockgate.core.identity import Name, fingerprint
from lockgate.core.model import Release, RequestId
from lockgate.core.ports import PersonSigner
from lockgate.core.recall import names, permit_of, standing, struck, touching
from lockgate.core.revocation import Reason, Revocation
from lockgate.core.sightings import Blank, Holding, Located, Revoking, Sighting
from lockgate.core.state import EnvironmentState
from lockgate.errors import EvidenceError, LedgerError, LockgateError, TrustError, UnreadableError, UsageError
from lockgate.evidence.admit_release import may_reject
from lockgate.evidence.place import read_policy

INDEXES = frozenset({"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"})
"""Media types of what lists images; in the evidence of a lockgate before it looked inside, which images is not said."""

SUBJECTS = 64
"""Digests that one revocation names."""


def locate(ports: Ports, digests: Sequence[Digest]) -> Located:
    """Where these digests run or ran. Nothing is recorded.

    Raises:
        LockgateError: as `project`, of the house; an environment that cannot be read is `Located.unknown`.
    """
    house = project(ports, "")
    wanted, now = set(digests), ports.clock.now()
    running, ran, permits, unknown = list[Sighting](), list[Sighting](), list[Holding](), list[Blank]()
    revoked = dict.fromkeys(one for digest in digests for one in touching(standing(house.state), digest))
    for environment in sorted(ever_named(ports)):
        try:
            own = project(ports, environment, beside=house)
        except (LedgerError, TrustError, UnreadableError) as err:
            unknown.append(Blank(environment=environment, code=err.code))
            continue
        look, state = _Inside(ports, environment, wanted), own.state.environment
        for stay in (*state.stays, *_perhaps(state)):
            if (found := look.in_release(stay.release, stay.decision)) is not None:
                mark = state.mark(stay.decision) if stay.until is None else None
                one = Sighting(environment=environment, stay=stay, through=found[0], how=found[1], rechecked=mark)
                (running if stay.until is None else ran).append(one)
        for permit in state.permits:
            live = now < permit.not_after and struck(own.state, permit) < 0
            if live and (found := look.in_release(permit.release, permit.decision)) is not None:
                permits.append(Holding(environment=environment, permit=permit, through=found[0], how=found[1]))
        revoked.update(dict.fromkeys(one for digest in digests for one in touching(standing(own.state), digest)))
        unknown += look.unknown
    return Located(
        digests=tuple(sorted(wanted)),
        size=house.size,
        unpinned=ports.pinned is None,
        running=tuple(running),
        ran=tuple(ran),
        permits=tuple(permits),
        revoked=tuple(revoked),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _perhaps(state: EnvironmentState) -> tuple[Stay, ...]:
    """What may run besides: what is being deployed, and, where nobody knows, what was last known to run and what was to replace it."""
    found = list[Stay]()
    if (begun := state.running) is not None:
        found.append(Stay(release=begun.release, since=begun.at, decision=begun.decision, deployer=begun.person, leaf=begun.leaf))
    if (unclear := state.unclear) is not None:
        found.append(Stay(release=unclear.release, since=unclear.since, decision=unclear.decision, deployer=unclear.by, leaf=unclear.leaf))
        found += [replace(stay, until=None) for stay in state.stays[-1:]]
    return tuple(found)


class _Inside:
    """Step 3: what the indexes of one environment's releases held, by the evidence of their decisions."""

    def __init__(self, ports: Ports, environment: Name, wanted: set[Digest]) -> None:
        self.unknown: list[Blank] = []
        self._ports, self._environment, self._wanted = ports, environment, wanted

    def in_release(self, release: Release, decision: int) -> tuple[Digest, Literal["itself", "inside"]] | None:
        """By what a release holds it; None where it does not, as far as is known."""
        if found := sorted(self._wanted & names(release)):
            return found[0], "itself"
        try:
            event = decided(self._ports, decision)
            manifest = canon.decode(self._ports.blobs.get(event.evidence), Manifest, what="evidence manifest", code="evidence.malformed")
        except (UnreadableError, EvidenceError) as err:
            self.unknown += [Blank(environment=self._environment, artifact=one, code=err.code) for one in release.artifacts]
            return None
        for one in manifest.measured:
            if self._wanted & set(one.inside):
                return one.digest, "inside"
            if one.media_type in INDEXES and not one.inside:
                self.unknown.append(Blank(environment=self._environment, artifact=one.digest, code="recall.inside-unknown"))
        return None


def ever_named(ports: Ports) -> set[Name]:
    """Every environment of a policy that is or was in force: what was taken out of the policy may run still."""
    load = documents(ports)
    digests = {house.policy.digest for _, _, house in past.steps(ports) if house.policy is not None}
    return {name for digest in digests for name in read_policy(load(digest)).environments}


def permit_at(ports: Ports, index: int) -> tuple[Name, Release]:
    """The environment and release of the permit that decision `index` gave. Raises UsageError ``recall.no-permit``."""
    house, found = project(ports, ""), None
    try:
        environment = decided(ports, index).environment if 0 <= index < house.size else ""
        found = permit_of(project(ports, environment, beside=house).state.environment, index)
    except EvidenceError:
        environment = ""
    if found is None:
        raise UsageError("recall.no-permit", f"leaf {index} gave no permit that is still known")
    return environment, found[0]


def revoke(ports: Ports, digests: Sequence[Digest], reason: Reason, environment: Name, fresh: Callable[[], RequestId], signer: PersonSigner) -> list[Revoking]:
    """Step 4: revoke these digests.

    Args:
        ports: the world.
        digests: any number; as many as `SUBJECTS` in one event.
        reason: why.
        environment: in this one alone; empty for everywhere.
        fresh: makes ids.
        signer: an owner's key, or one of somebody who may approve.

    Raises:
        UsageError: ``policy.no-environment``. TrustError: ``revocation.not-yours`` where the signer may revoke nowhere. LockgateError: where it
            is one place, as the record; of several each one's answer is told.
    """
    house = project(ports, "")
    if environment and environment not in ever_named(ports):
        require_environment(house, environment)
    person = house.roster.person_of(signer.public)
    there = sorted(house.policy.environments) if house.policy else []
    if signer.public in house.root.owners:
        places = [environment or events.HOUSE]
    else:
        places = [environment] if environment else [name for name in there if person is not None and may_reject(house.roster, person.id, name)]
    if not places:
        raise TrustError(
            "revocation.not-yours", f"{fingerprint(signer.public)} may not revoke: whoever may approve somewhere revokes there, and owners everywhere"
        )
    done = list[Revoking]()
    for place in places:
        try:
            done.extend(_revoke_in(ports, house, place, digests, reason, fresh, signer))
        except LockgateError as err:  # of several places, one that fails keeps it from no other
            if len(places) == 1:
                raise
            done.append(Revoking(environment=place, code=err.code))
    left = [name for name in there if not environment and places != [events.HOUSE] and name not in places]
    return [*done, *(Revoking(environment=name, code="revocation.not-yours") for name in left)]


def _revoke_in(
    ports: Ports, house: Projection, place: Name, digests: Sequence[Digest], reason: Reason, fresh: Callable[[], RequestId], signer: PersonSigner
) -> Iterator[Revoking]:
    own = house if place == events.HOUSE else project(ports, place, beside=house)
    held = {digest: one for one in standing(own.state) for digest in one.digests}
    known = {one.id: one for digest in digests if (one := held.get(digest)) is not None}
    yield from (Revoking(environment=one.environment, id=one.id, leaf=one.leaf) for one in known.values())
    left = sorted(set(digests) - set(held))
    for start in range(0, len(left), SUBJECTS):
        part, id_ = tuple(left[start : start + SUBJECTS]), fresh()
        event = events.Revoked(log=house.state.house.genesis, id=id_, environment=place, reason=reason)
        recorded = say.record_event(ports, say.sign_event(event, part, signer))
        yield Revoking(environment=place, id=id_, leaf=recorded.index)


def revoke_permit(ports: Ports, index: int, reason: Reason, id_: RequestId, signer: PersonSigner) -> Revoking:
    """Revoke the one permit that decision `index` gave; it never comes back. Raises LockgateError: nothing was recorded."""
    environment, release = permit_at(ports, index)
    event = events.Revoked(log=project(ports, "").state.house.genesis, id=id_, environment=environment, reason=reason, permit=index)
    recorded = say.record_event(ports, say.sign_event(event, release.artifacts, signer))
    return Revoking(environment=environment, id=id_, leaf=recorded.index)


def find(ports: Ports, id_: RequestId) -> Revocation:
    """The revocation of this id that stands. Raises UsageError ``revocation.unknown``."""
    house = project(ports, "")
    held = list(house.state.house.revoked)
    for environment in sorted(ever_named(ports)):
        held += project(ports, environment, beside=house).state.environment.revoked
    found = [one for one in held if one.id == id_ and one.lifted < 0]
    if len(found) != 1:
        raise UsageError("revocation.unknown", f"no revocation {id_[:40]} stands: `lockgate status` lists those that do")
    return found[0]


def lift(ports: Ports, id_: RequestId, nonce: str, signer: PersonSigner) -> say.Recorded:
    """Lift a revocation: the release may be asked for again, and no permit comes back. Raises LockgateError: nothing was recorded."""
    one = find(ports, id_)
    genesis = project(ports, "").state.house.genesis
    event = events.Withdrawn(log=genesis, request=one.id, environment=one.environment, what="revocation", nonce=nonce)
    return say.record_event(ports, say.sign_event(event, one.digests, signer))


def read_inside(ports: Ports, ref_text: str, platform: str) -> tuple[tuple[Digest, ...], str]:
    """Step 1: the digest a reference names and the images inside it; and the code of what is wrong with its bytes, where not all of them are known.

    Raises:
        LockgateError: from the source.
    """
    ref, digest = ports.source.resolve(parse_ref(ref_text), platform)
    measured = ports.source.measure(ref, digest)
    return (digest, *measured.inside), measured.problem
