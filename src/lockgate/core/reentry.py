"""What no policy can leave out of a release: that nobody recalled it, and that it does not come back to where it was replaced without being asked back."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from lockgate.core.facts import Complete, Facts, Intact, Request, Stay, Unreadable
from lockgate.core.model import Release, Subject
from lockgate.core.outcome import Fail, Params, Unknown
from lockgate.core.recall import names, recalling
from lockgate.core.requirements.base import unknown
from lockgate.core.revocation import Revocation


def barred(subject: Subject, facts: Facts, rules: int) -> Fail | Unknown | None:
    """Why this release may not enter, whatever the policy asks for; None where nothing bars it.

    1. Nobody recalled it, by an artifact, by an image inside an index, or by its configuration.
    2. From rules 1 on: where it was here before and was replaced, the request it goes by asks for it *as a rollback*, and stands.
    """
    if (bar := recalled(subject, facts)) is not None or rules < 1:
        return bar
    stays = facts.of(Stay, subject.environment)
    if isinstance(stays, Unreadable):
        return unknown(stays, "release.unreadable")
    before = replaced(stays.items, subject.release)
    if before is None:
        return None
    requests = facts.of(Request)
    if isinstance(requests, Unreadable):
        return unknown(requests, "release.unreadable")
    if any(one.id == subject.request and _asks_back(one, subject.release) for one in requests.items):
        return None
    return Fail(code="release.downgrade", params={"decision": before.decision, "leaf": before.leaf})


def recalled(subject: Subject, facts: Facts) -> Fail | Unknown | None:
    """Who recalled it, or that this cannot be told; None where nobody did."""
    revoked = facts.of(Revocation)
    if isinstance(revoked, Unreadable):
        return unknown(revoked, "release.unreadable")
    found = recalling(revoked.items, names(subject.release) | inside(facts.of(Intact)))
    if found is None:
        return None
    digest = next(iter(sorted(found.digests))) if len(found.digests) == 1 else ""
    params: Params = {"revocation": found.id, "reason": found.reason, "in": found.environment, "leaf": found.leaf}
    return Fail(code="release.recalled", params={**params, "artifact": digest} if digest else params)


def replaced(stays: Sequence[Stay], release: Release) -> Stay | None:
    """The newest stay, over by now, that this release would go back to; None where it would not.

    It goes back where the very release was there and is no longer, or where it brings an artifact again that was there and is no longer.
    """
    if not stays or stays[-1].release == release:
        return None
    back = set(release.artifacts) - set(stays[-1].release.artifacts)
    return next((stay for stay in reversed(stays[:-1]) if stay.release == release or back & set(stay.release.artifacts)), None)


def _asks_back(request: Request, release: Release) -> bool:
    return request.rollback and request.release == release and not (request.withdrawn or request.rejected_by or request.over)


def inside(intact: Complete[Intact] | Unreadable) -> AbstractSet[str]:
    """The images inside the indexes that were read; none where they were not: then the release is refused for that."""
    return set() if isinstance(intact, Unreadable) else {digest for fact in intact.items for digest in fact.inside}
