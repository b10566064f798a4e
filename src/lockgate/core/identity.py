"""Who may ask, approve, deploy and own: keys, people, the roster and the root.

A public key has one normal form whatever file it came in: the OpenSSH one, ``<type> <base64 of the wire blob>``
(RFC 4253 section 6.6, RFC 8709; PROTOCOL.u2f for ``sk-`` keys). So the same key in PEM and in ``authorized_keys`` is
seen to be one key, and `PublicKey.fingerprint` is what ``ssh-keygen -l`` prints.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.errors import TrustError

_KEY_TYPES = r"ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com"

PublicKey = Annotated[str, msgspec.Meta(pattern=rf"^({_KEY_TYPES}) [A-Za-z0-9+/]{{8,12000}}={{0,2}}\Z")]
"""A public key: ``<type> <base64>``, no comment. `evidence.keys` makes and checks it."""

EvidenceKey = Annotated[str, msgspec.Meta(pattern=rf"^({_KEY_TYPES}|rsa-(pkcs1|pss)-sha(256|384|512)) [A-Za-z0-9+/]{{8,12000}}={{0,2}}\Z")]
"""A public key that signs evidence: as `PublicKey`, and for RSA with the algorithm in place of the type ``ssh-rsa`` that stands in its blob."""

Fingerprint = str
"""``SHA256:`` and 43 characters of unpadded base64, as ``ssh-keygen -l`` prints."""

PersonId = Annotated[str, msgspec.Meta(pattern=r"^p-[a-z2-7]{16}\Z")]
"""A random person id, ``p-`` and 16 characters of base32; the name stands only in the erasable directory."""

DUTY = r"^(request|deploy|break-glass|waive|(approve|waive):[a-z0-9][a-z0-9-]{0,63})\Z"
Duty = Annotated[str, msgspec.Meta(pattern=DUTY)]
"""What a person may do in an environment: ``request``, ``deploy``, ``approve:<duty>``, ``break-glass``, ``waive`` or ``waive:<requirement>``."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]
"""The name of an environment, a key or a duty."""


@lru_cache(maxsize=4096)
def fingerprint(key: EvidenceKey) -> Fingerprint:
    """The key's OpenSSH SHA-256 fingerprint; of an RSA key the same, whichever algorithm is named with it.

    Raises:
        ValueError: for text that is no key in normal form: two spellings of one key would pass for two keys.
    """
    type_, _, text = key.partition(" ")
    type_ = "ssh-rsa" if type_.startswith("rsa-") else type_
    try:
        blob = base64.b64decode(text, validate=True)
    except ValueError:
        blob = b""
    if base64.b64encode(blob).decode() != text or not blob.startswith(len(type_).to_bytes(4, "big") + type_.encode()):
        raise ValueError(f"{key[:60]!r} is no public key in its one normal form: the type, and the base64 of a blob that begins with it")
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


class Person(Noun, frozen=True, kw_only=True):
    """Somebody enrolled.

    Attributes:
        id: random, never reused.
        keys: one or more public keys, each of this person alone.
        duties: environment name -> duties there.
    """

    id: PersonId
    keys: tuple[PublicKey, ...]
    duties: dict[Name, tuple[Duty, ...]] = {}


class Roster(Noun, frozen=True, kw_only=True):
    """Everybody enrolled, at one version. A key stands at most once in the whole roster.

    Raises:
        ValueError: at construction, where a key or a person stands twice, a person has no key, or a key is not in
            normal form.
    """

    version: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    people: tuple[Person, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        seen: dict[str, str] = {}
        for person in self.people:
            if not person.keys:
                raise ValueError(f"{person.id} has no key")
            for key in map(fingerprint, person.keys):
                if key in seen:
                    raise ValueError(f"one key stands under {seen[key]} and {person.id}: a key belongs to one person")
                seen[key] = person.id
        if len({person.id for person in self.people}) != len(self.people):
            raise ValueError("a person id stands twice")

    def person_of(self, key: PublicKey) -> Person | None:
        """The person this key belongs to."""
        return next((person for person in self.people if key in person.keys), None)

    def get(self, person: PersonId) -> Person | None:
        """The person with this id."""
        return next((found for found in self.people if found.id == person), None)

    def may(self, person: PersonId, duty: Duty, environment: Name) -> bool:
        """Whether this person has that duty in that environment."""
        found = self.get(person)
        return found is not None and duty in found.duties.get(environment, ())

    def may_waive(self, person: PersonId, requirement: Name, environment: Name) -> bool:
        """Whether this person may waive that requirement there: it alone, or any that can be."""
        return self.may(person, "waive", environment) or self.may(person, f"waive:{requirement}", environment)

    def may_refuse(self, person: PersonId, environment: Name) -> bool:
        """Whether this person may say no there: whoever has any duty to approve."""
        found = self.get(person)
        return found is not None and any(duty.startswith("approve:") for duty in found.duties.get(environment, ()))


class Witnesses(Noun, frozen=True, kw_only=True):
    """Which cosignatures a checkpoint needs.

    Attributes:
        quorum: how many; 0 asks for none.
        keys: the witnesses' verifier keys (C2SP vkeys).
    """

    quorum: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    keys: tuple[str, ...] = ()


class Root(Noun, frozen=True, kw_only=True):
    """What everything else hangs from; each version is approved by the threshold of the one before.

    Attributes:
        version: from 1.
        threshold: how many distinct owners must approve a policy, a roster or the next root; at least 1.
        owners: the owners' public keys; an owner who is enrolled counts as that person.
        log: the log key, as a C2SP verifier key (``<origin>+<hash>+<base64>``).
        permit: the key that signs decisions and permits.
        witnesses: the cosignature policy.
        genesis: RFC 6962 leaf hash of leaf 0, which ties this root to one log.
        expires: from this time on nothing is decided under this root.
        previous: digest of the root before this one, ``none`` for the first: whoever pins a later root pins all before it.
    """

    version: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=64)]
    owners: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=64)]
    log: str
    permit: PublicKey
    genesis: Digest
    expires: Time
    witnesses: Witnesses = Witnesses()
    previous: Annotated[str, msgspec.Meta(pattern=r"^(none|sha256:[0-9a-f]{64})\Z")] = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        fingerprint(self.permit)
        if len(set(map(fingerprint, self.owners))) != len(self.owners):
            raise ValueError("an owner stands twice")
        if self.threshold < 1:
            raise ValueError("the threshold is at least 1")
        if self.threshold > len(self.owners):
            raise ValueError("the threshold is higher than the number of owners: nothing could ever be approved")


def require_checkable(root: Root) -> Root:
    """This root, where all that it demands is looked at; for whatever reads a root that is pinned or to be put in force.

    Raises:
        TrustError: ``root.witnesses-unsupported``: cosignatures are not read in this release, and nothing may pass for witnessed.
    """
    if root.witnesses != Witnesses():
        raise TrustError("root.witnesses-unsupported", f"root version {root.version} names witnesses, and this lockgate checks no cosignatures: it is not used")
    return root


class Actor(Noun, frozen=True, kw_only=True):
    """Who asks, proved by a signature made for this very call; never taken from an argument.

    Attributes:
        key: fingerprint of the key that signed.
        person: whom it belongs to; None for a key nobody enrolled.
        proof: the digest of the signed statement, kept as evidence.
    """

    key: Fingerprint
    person: PersonId | None = None
    proof: Digest | None = None


Occupancy = Literal["claimed", "observed"]
"""How it is known that a release occupies an environment: its deployer says so, or another identity saw it."""
