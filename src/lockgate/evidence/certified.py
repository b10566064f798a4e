"""A certificate's signature -> who held the certificate, as far as the policy's identities mean them.

For each trusted root that an identity of the policy names:

  1. what was signed is verified under it, as much as the environment demands (`sigstore.verify`);
  2. the key in the certificate signs by an algorithm that counts;
  3. no time that is known of the signature is later than `now`;
  4. the certificate says whom it names and who authenticated them (`sigstore.identity`);
  5. an identity of the policy that is believed by this root means them: issuer, subject and every claim.

One root where all of that holds is enough; where none is, the code says what was nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from lockgate.core.facts import Holder
from lockgate.core.identity import Name
from lockgate.core.signers import Believed, IdentityRule, Mismatch, RootText, mismatch
from lockgate.errors import EvidenceError
from lockgate.evidence import accepted
from lockgate.evidence.sigstore import identity, trust
from lockgate.evidence.sigstore.bundle import Bundle
from lockgate.evidence.sigstore.trust import TrustedRoot
from lockgate.evidence.sigstore.verify import Demands, Verified
from lockgate.evidence.steps import Walk

Under = Callable[[TrustedRoot, Demands, Walk], Verified]
"""Verifies one thing under a trusted root, raising EvidenceError; what that thing is, its maker knows."""

TRY = 65_536
"""What one verification of a signature counts as, as `dsse.work` counts it."""

_FAR = {"certificate.untrusted", "certificate.authority-outside-validity", "certificate.sct-unknown-log", "timestamp.untrusted", "log-entry.unknown-log"}
"""Codes of a root that has nothing to do with it: another root's code says more."""


class Held(NamedTuple):
    """What was verified, and who held the certificate, once for each root; at least one."""

    verified: Verified
    holders: tuple[Holder, ...]


def work(bundle: Bundle, believed: Believed) -> int:
    """What `held` would cost at most, in bytes hashed: signatures of the log, and at each time that is known those of the path and of certificate logs."""
    tries = 6 + 6 * len(bundle.time_stamps) + (1 + len(bundle.time_stamps)) * (4 + 4 * len(bundle.chain))
    return tries * TRY * max(1, len(_roots(believed)))


def held(under: Under, believed: Believed, now: datetime, walk: Walk) -> Held:
    """Steps 1 to 5, of a policy that names identities; `walk` is told those under the first root where all hold, or the one that came nearest.

    Raises:
        EvidenceError: ``identity.other-issuer``, ``identity.other-subject``,
            ``identity.other-claim``; ``evidence.algorithm-not-accepted``; ``evidence.from-future``; those of `verify.verify` and `identity.read`.
    """
    accepts = believed.accepts
    demands = Demands(log=accepts.log, certificate_log=accepts.certificate_log == "yes")
    found: list[Holder] = []
    verified, before, failed = None, walk.taken, list[tuple[EvidenceError, Walk]]()
    for root in _roots(believed):
        mine = Walk(before)
        try:
            one = under(_parsed(believed.roots[root]), demands, mine)
            found.append(_holder(one, root, believed, now, mine))
        except EvidenceError as err:
            failed.append((err, mine))
            continue
        if verified is None:
            verified, walk.taken = one, mine.taken
    if verified is None:
        nearest, mine = max(failed, key=lambda one: _nearness(one[0]))
        walk.taken = mine.taken
        raise nearest
    return Held(verified, tuple(found))


def _roots(believed: Believed) -> list[Name]:
    """The roots that identities name, each once."""
    return list(dict.fromkeys(rule.root for rule in believed.identities.values()))


def _holder(verified: Verified, root: Name, believed: Believed, now: datetime, walk: Walk) -> Holder:
    with walk.at("algorithm"):
        algorithm = accepted.of_certificate(verified.certificate)
        accepted.require(believed.accepts, [algorithm])
        walk.note(algorithm)
    with walk.at("clock"):
        first = min(verified.times, key=lambda time: time.at)
        if any(time.at > now for time in verified.times):
            raise EvidenceError("evidence.from-future", "this says it was made later than now: its clock or ours is wrong")
    with walk.at("identity"):
        who = identity.read(verified.certificate)
        names = meant(who, believed, root)
        walk.note(f"{who.subject} by the word of {who.issuer}")
    return Holder(names=names, subject=who.subject, issuer=who.issuer, claims=who.claims, root=root, at=first.at, known=first.by, logged=verified.logged)


def meant(who: identity.Identity, believed: Believed, root: Name = "") -> tuple[Name, ...]:
    """The policy's identities that mean this one; those that are believed by a root, where one is named.

    Raises:
        EvidenceError: ``identity.other-issuer``, ``identity.other-subject``, ``identity.other-claim``: as near as one comes.
    """
    rules = {name: rule for name, rule in believed.identities.items() if not root or rule.root == root}
    compared = {name: mismatch(rule, who.subject, who.issuer, who.claims) for name, rule in rules.items()}
    names = tuple(sorted(name for name, found in compared.items() if not found))
    if names:
        return names
    nearest: set[Mismatch] = set(compared.values())
    if "claim" in nearest:
        near = next(rule for name, rule in sorted(rules.items()) if compared[name] == "claim")
        raise EvidenceError("identity.other-claim", f"{who.subject} signed this, and the certificate {_other_claims(near, who)}")
    if "subject" in nearest:
        raise EvidenceError("identity.other-subject", f"{who.subject} signed this, by the word of {who.issuer}, and nobody who is named here is them")
    raise EvidenceError("identity.other-issuer", f"{who.issuer} says who signed this, and nobody who is named here is believed by its word")


def _other_claims(rule: IdentityRule, who: identity.Identity) -> str:
    """What a certificate says otherwise than an identity claims."""
    told = []
    for name, wanted in sorted(rule.claims.items()):
        found = who.claims.get(name)
        if found is None:
            told.append(f"does not say {name}, which has to be {wanted[:200]}")
        elif found != wanted:
            told.append(f"says {name} {found[:200]}, not {wanted[:200]}")
    return "; ".join(told)


def _nearness(err: EvidenceError) -> int:
    order = ("identity.other-issuer", "identity.other-subject", "identity.other-claim")
    return 2 + order.index(err.code) if err.code in order else int(err.code not in _FAR)


@lru_cache(maxsize=16)
def _parsed(root: RootText) -> TrustedRoot:
    """A trusted root that a policy holds, ready to verify with."""
    return trust.parse(root.encode())
