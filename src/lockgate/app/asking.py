"""Who asks the gate, and about what: a question signed for one call, and what it proves."""

from __future__ import annotations

from datetime import datetime

from lockgate import canon
from lockgate.app import say
from lockgate.app.gather import Basket, with_question
from lockgate.app.project import Projection
from lockgate.app.world import Ports
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.digest import digest_of
from lockgate.core.envelope import Envelope
from lockgate.core.facts import Request
from lockgate.core.identity import Actor, Name, fingerprint
from lockgate.core.model import Release, Subject
from lockgate.core.ports import PersonSigner
from lockgate.evidence import record
from lockgate.evidence.place import ASKED_WITHIN


def subject_of(own: Projection, release: Release, environment: Name, request: str, asked: bytes, at: datetime) -> Subject:
    """The subject, with the request it goes by and who asks, as the signed question proves for a decision at `at`.

    Without a request named, one for this very release that stands is taken (`_telling`); with none, there is none.
    """
    if not request:
        fitting = [one for one in own.state.environment.requests if one.release == release and not one.withdrawn and not one.over]
        request = max(enumerate(fitting), key=lambda one: (*_telling(one[1], at), one[0]))[1].id if fitting else ""
    return Subject(release=release, environment=environment, actor=_actor(own, asked, release, environment, at), request=request or None)


def _telling(request: Request, at: datetime) -> tuple[bool, bool, int]:
    """Which of several requests for one release is gone by: one that was rejected, else deployed by, else that most people approve.

    A no wins; and whoever asks anew, a pipeline that tries again for instance, puts nothing unapproved over what was approved.
    """
    return bool(request.rejected_by), request.deployed >= 0, len({given.person for given in request.given if not given.withdrawn and at < given.expires})


def question(
    ports: Ports, own: Projection, environment: Name, nonce: str, release: Release, signer: PersonSigner | None, fetched: Basket
) -> tuple[Basket, bytes]:
    """The question to the gate of this log, signed by whoever asks, and the evidence with it; empty where nobody does.

    It is signed once everything is read, however long that took: what it proves, it proves for `ASKED_WITHIN`.
    """
    if signer is None:
        return fetched, b""
    log = own.state.house.genesis
    event = events.Asked(log=log, environment=environment, config=release.config, nonce=nonce, asked_at=ports.clock.now())
    asked = encode(say.sign_event(event, release.artifacts, signer))
    return with_question(fetched, asked), asked


def _actor(own: Projection, asked: bytes, release: Release, environment: Name, at: datetime) -> Actor | None:
    """Who signed the question, if it is this one, asked just then. Its envelope was made or stored by whoever decided: its signature is checked here."""
    if not asked:
        return None
    envelope = canon.decode(asked, Envelope, what="question")
    key = record.person_key(envelope, "ask")
    opened = record.open_envelope(envelope)
    if not isinstance(opened.event, events.Asked):
        return None
    asked_here = (own.state.house.genesis, environment, release.config, release.artifacts)
    if (opened.event.log, opened.event.environment, opened.event.config, opened.subjects) != asked_here:
        return None
    if abs(at - opened.event.asked_at) > ASKED_WITHIN:
        return None
    person = own.roster.person_of(key)
    return Actor(key=fingerprint(key), person=person.id if person else None, proof=digest_of(asked))
