"""Hold, lift, waive, break the glass, review: what people say where the ordinary course is left, each signed by their own key."""

from __future__ import annotations

from datetime import datetime

from lockgate import canon
from lockgate.app import gate, say
from lockgate.app.project import Projection, project
from lockgate.app.request import find as find_request
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core.digest import Digest
from lockgate.core.exceptional import GLASS_LASTS, Exceptional, Glass, Hold, Waiver
from lockgate.core.exceptional_events import LONGEST_PROSE, GlassBroken, Held, Lifted, Prose, Reviewed, WaiverGiven
from lockgate.core.identity import Name
from lockgate.core.model import DigestOrNone
from lockgate.core.policy import requirement_id, section_digest
from lockgate.core.ports import PersonSigner
from lockgate.errors import EvidenceError, UnreadableError, UsageError

MAX_BLOB = 64 * 1024


class There(Noun, frozen=True, kw_only=True):
    """A hold, waiver or broken glass, by id.

    Attributes:
        environment: where. projection: as history gives that.
        hold, waiver, glass: the one it is.
    """

    environment: Name
    projection: Projection
    hold: Hold | None = None
    waiver: Waiver | None = None
    glass: Glass | None = None


def find(ports: Ports, id_: str) -> There:
    """The hold, waiver or broken glass with this id.

    Raises:
        UsageError: ``exception.unknown``; ``exception.ambiguous`` where it stands in several environments, so that whoever
            signs for one of them may mean another.
    """
    house = project(ports, "")
    found: list[There] = []
    for environment in sorted(house.policy.environments) if house.policy else ():
        own = project(ports, environment, beside=house)
        here = own.state.environment.exceptional
        hold, waiver, glass = here.hold(id_), here.waiver(id_), here.glass(id_)
        if hold or waiver or glass:
            found.append(There(environment=environment, projection=own, hold=hold, waiver=waiver, glass=glass))
    if len(found) > 1:
        where = " and ".join(one.environment for one in found)
        raise UsageError("exception.ambiguous", f"{id_} stands in {where}: it cannot be told which is meant, and nothing is signed")
    if not found:
        raise UsageError("exception.unknown", f"no hold, waiver or broken glass {id_[:40]} stands anywhere: it was lifted, forgotten or never given")
    return found[0]


def prose(text: str, salt: str) -> Prose:
    """Why, in words. Raises UsageError ``exception.bad-reason``."""
    if not text.strip() or len(text) > LONGEST_PROSE:
        raise UsageError("exception.bad-reason", f"it has to say why, in 1 to {LONGEST_PROSE:,} characters")
    return Prose(salt=salt, text=text)


def words(ports: Ports, digest: Digest) -> str:
    """The prose behind a digest; empty where it was erased or cannot be read: nothing is decided by it."""
    try:
        return canon.decode(ports.blobs.get(digest, max_bytes=MAX_BLOB), Prose, what="reason").text
    except (UnreadableError, EvidenceError):
        return ""


def hold(ports: Ports, environment: Name, expires: datetime | None, why: Prose, id_: str, signer: PersonSigner) -> say.Recorded:
    """Let nothing enter an environment. Raises LockgateError: ``policy.no-environment``, ``people.no-duty``, ``exception.…``, or from the ledger."""
    own = project(ports, environment)
    gate.require_environment(own, environment)
    event = Held(log=own.state.house.genesis, id=id_, environment=environment, expires=expires, reason=ports.blobs.put(encode(why)))
    return say.record_event(ports, say.sign_event(event, (), signer))


def lift(ports: Ports, there: There, id_: str, nonce: str, signer: PersonSigner) -> say.Recorded:
    """End a hold or a waiver. Raises LockgateError: ``exception.unknown``, ``exception.not-yours``, or from the ledger."""
    if there.glass is not None:
        raise UsageError("exception.unknown", f"{id_} is a broken glass: it is not lifted, but ends within its hour, and is reviewed")
    event = Lifted(log=there.projection.state.house.genesis, id=id_, environment=there.environment, nonce=nonce)
    return say.record_event(ports, say.sign_event(event, (), signer))


def waive(ports: Ports, requirement: Name, request: str, expires: datetime, why: Prose, id_: str, signer: PersonSigner) -> tuple[Name, say.Recorded]:
    """Let one requirement fail for one request; where, and the record.

    Raises:
        LockgateError: ``request.unknown``, ``waiver.…``, ``people.no-duty``, ``exception.…``, or from the ledger.
    """
    found = find_request(ports, request)
    if found.request is None:
        raise UsageError("request.unknown", f"{request} proposes a document, and nothing is waived for that")
    policy, asked = found.projection.policy_in_force(), found.request
    section = policy.environments.get(found.environment)
    known = {requirement_id(one) for one in section.requires} if section else set()
    if section is None or requirement not in section.waivable:
        may = ", ".join(section.waivable) if section and section.waivable else "nothing"
        what = f"does not let {requirement} be waived" if requirement in known else f"has no requirement {requirement[:64]!r}"
        raise UsageError("waiver.not-waivable", f"the policy in force {what} in {found.environment}: {may} can be")
    event = WaiverGiven(
        log=found.projection.state.house.genesis,
        id=id_,
        request=asked.id,
        environment=found.environment,
        config=asked.release.config,
        requirement=requirement,
        section=section_digest(policy, found.environment),
        expires=expires,
        reason=ports.blobs.put(encode(why)),
    )
    return found.environment, say.record_event(ports, say.sign_event(event, asked.release.artifacts, signer))


def break_glass(
    ports: Ports, refs: tuple[str, ...], environment: Name, config: DigestOrNone, why: Prose, ids: tuple[str, str], signer: PersonSigner, platform: str = ""
) -> tuple[gate.Resolved, say.Recorded]:
    """The first of two signatures.

    Args:
        refs, environment, config, platform: the release, and where to.
        why: the reason. ids: a fresh glass id and a nonce.

    Raises:
        LockgateError: ``policy.no-environment``, ``people.no-duty``, ``exception.…``, or from the source or ledger.
    """
    own = project(ports, environment)
    gate.require_environment(own, environment)
    resolved = gate.resolve(ports, refs, config, platform)
    event = GlassBroken(
        log=own.state.house.genesis,
        id=ids[0],
        environment=environment,
        config=config,
        expires=ports.clock.now() + GLASS_LASTS,
        reason=ports.blobs.put(encode(why)),
        nonce=ids[1],
    )
    return resolved, say.record_event(ports, say.sign_event(event, resolved.release.artifacts, signer))


def join(ports: Ports, there: There, nonce: str, signer: PersonSigner) -> say.Recorded:
    """The second signature, over what the first one says. Raises LockgateError: ``break-glass.…``, ``exception.…``, or from the ledger."""
    glass = required(there)
    event = GlassBroken(
        log=there.projection.state.house.genesis,
        id=glass.id,
        environment=there.environment,
        config=glass.release.config,
        expires=ports.clock.now() + GLASS_LASTS,
        reason=glass.reason,
        nonce=nonce,
    )
    return say.record_event(ports, say.sign_event(event, glass.release.artifacts, signer))


def review(ports: Ports, there: There, findings: Prose, nonce: str, signer: PersonSigner) -> say.Recorded:
    """Close the review of a broken glass. Raises LockgateError: ``review.…``, ``exception.unknown``, or from the ledger."""
    glass = required(there)
    event = Reviewed(
        log=there.projection.state.house.genesis, id=glass.id, environment=there.environment, findings=ports.blobs.put(encode(findings)), nonce=nonce
    )
    return say.record_event(ports, say.sign_event(event, glass.release.artifacts, signer))


def required(there: There) -> Glass:
    """The broken glass it is. Raises UsageError ``exception.unknown``."""
    if there.glass is None:
        raise UsageError("exception.unknown", "this is no broken glass: its id begins with g-")
    return there.glass


def standing(ports: Ports, environment: Name) -> Exceptional:
    """What stands in an environment, as history gives it now."""
    return project(ports, environment).state.environment.exceptional
