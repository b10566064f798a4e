"""The policy: environments, what each requires, and the keys it names. Parsed values in; `evidence.policy_yaml` reads the file.

What is in force is kept as canonical JSON. An approval binds the *effective section* of its environment: the section
after defaults with the bytes of the keys it names, so that an edit of staging does not void production's approvals.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from lockgate.canon import Noun, digest_hex
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration
from lockgate.core.facts import Need
from lockgate.core.identity import EvidenceKey, Name, fingerprint
from lockgate.core.model import NONE, DigestOrNone
from lockgate.core.requirements import AnyRequirement, kind_of
from lockgate.core.signers import MAX_ALL_ROOTS, MAX_IDENTITIES, MAX_ROOTS, Accepts, Believed, IdentityRule, RootText, root_digest


class EnvironmentPolicy(Noun, rename="kebab", frozen=True, kw_only=True):
    """What one environment requires.

    Attributes:
        requires: the requirements, all of which must hold; an empty list allows nothing.
        from_: the environment releases are promoted from; empty for the first.
        time: whether lockgate's own clock may be believed for soak (``unattested``) or time stamps are needed.
        permit: how long a deploy permit lasts.
        baseline: digest of the approved baseline, or ``none`` said outright.
        status_max_age: how old the signed list of revocations may be that a permit is checked with offline; None, and a permit is taken without one.
        waivable: ids of the requirements that may be waived, of kinds that can be at all; none unless they are named.
        accepts: what of the evidence counts; None for what counted before that could be said.
    """

    requires: tuple[AnyRequirement, ...]
    from_: Name | None = msgspec.field(default=None, name="from")
    time: Literal["unattested", "attested"] = "unattested"
    permit: Duration = "15m"
    baseline: DigestOrNone = NONE
    status_max_age: Duration | None = None
    waivable: Annotated[tuple[Name, ...], msgspec.Meta(max_length=16)] = ()
    accepts: Accepts | None = None


ADDED = frozenset({"status_max_age", "waivable", "accepts", "identities", "changed_dependencies", "component_age", "scans", "security_fix", "sboms"})
"""Fields that came later: left out of a section's digest where they say nothing, so that the digests that were approved and recorded before hold."""


class Policy(Noun, frozen=True, kw_only=True):
    """A whole policy.

    Attributes:
        version: of this format: 1.
        project: what it is for.
        environments: name -> section.
        keys: name -> public key, in normal form; of an RSA key with its algorithm.
        identities: name -> whose certificates are meant; no name of a key.
        trusted_roots: name -> trusted root, by value.

    Raises:
        ValueError: at construction, where a name is used that is not defined, ids are not distinct, a public key is not
            in normal form, or one has two names (so that one key cannot count twice).
    """

    version: Literal[1]
    project: Name
    environments: dict[Name, EnvironmentPolicy]
    keys: dict[Name, EvidenceKey] = {}
    identities: Annotated[dict[Name, IdentityRule], msgspec.Meta(max_length=MAX_IDENTITIES)] = {}
    trusted_roots: Annotated[dict[Name, RootText], msgspec.Meta(max_length=MAX_ROOTS)] = msgspec.field(name="trusted-roots", default={})

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(map(fingerprint, self.keys.values()))) != len(self.keys):
            raise ValueError("one public key has two names: it would count twice")
        if "house" in self.environments:
            raise ValueError("an environment cannot be named house: that is the stream of documents")
        self._check_identities()
        for name, section in self.environments.items():
            self._check_section(name, section)

    def _check_identities(self) -> None:
        if sum(map(len, self.trusted_roots.values())) > MAX_ALL_ROOTS:
            raise ValueError(f"the trusted roots have more than {MAX_ALL_ROOTS} characters together")
        for name, rule in self.identities.items():
            if name in self.keys:
                raise ValueError(f"{name!r} is the name of a key and of an identity: give them two")
            if rule.root not in self.trusted_roots:
                raise ValueError(f"the identity {name!r} names the trusted root {rule.root!r}, which is not under trusted-roots")

    def _check_section(self, name: Name, section: EnvironmentPolicy) -> None:
        if section.from_ is not None and (section.from_ not in self.environments or section.from_ == name):
            raise ValueError(f"{name} is promoted from {section.from_!r}, which is not another environment here")
        ids = [requirement_id(requirement) for requirement in section.requires]
        can = [requirement_id(requirement) for requirement in section.requires if type(requirement).waivable]
        for id_ in section.waivable:
            if id_ not in can:
                raise ValueError(f"{name} lets {id_!r} be waived, which is no requirement there that can be: {', '.join(can) or 'none can'}")
        for twice in {one for one in ids if ids.count(one) > 1}:
            raise ValueError(f"{name} has {twice!r} twice: give each an id")
        for requirement in section.requires:
            for key in requirement.key_names():
                if key not in self.keys:
                    raise ValueError(f"{name}: {requirement_id(requirement)} names the key {key!r}, which is not under keys")
            for identity in requirement.identity_names():
                if identity not in self.identities:
                    raise ValueError(f"{name}: {requirement_id(requirement)} names the identity {identity!r}, which is not under identities")
            for need in requirement.needs():
                if need.environment and need.environment not in self.environments:
                    raise ValueError(f"{name}: {requirement_id(requirement)} names the environment {need.environment!r}, which is not defined")


def requirement_id(requirement: AnyRequirement) -> str:
    """The requirement's id: its own, or its kind."""
    return requirement.id or kind_of(requirement)


def section_digest(policy: Policy, environment: Name) -> Digest:
    """The digest of an environment's effective section: canonical JSON of it after defaults, with the keys and identities it names, and these ones' roots."""
    section = policy.environments[environment]
    names = sorted({name for requirement in section.requires for name in requirement.key_names()})
    effective = {"environment": environment, "keys": {name: policy.keys[name] for name in names}, "section": _whole(section)}
    if rules := {name: policy.identities[name] for requirement in section.requires for name in requirement.identity_names()}:
        effective["identities"] = {name: _whole(rule) for name, rule in rules.items()}
        effective["trusted-roots"] = {rule.root: root_digest(policy.trusted_roots[rule.root]) for rule in rules.values()}
    return "sha256:" + digest_hex(effective)


def _whole(value: object) -> object:
    """A noun with its defaults written out: a default that changes in a later release changes the digest too. But for `ADDED`."""
    if isinstance(value, msgspec.Struct):
        tag = {"kind": str(value.__struct_config__.tag)} if value.__struct_config__.tag else {}
        names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        said = ((written, getattr(value, field)) for field, written in names if field not in ADDED or getattr(value, field))
        return {**tag, **{written: _whole(each) for written, each in said}}
    return [_whole(item) for item in value] if isinstance(value, tuple) else value


def believed(policy: Policy, environment: Name = "") -> Believed:
    """Whom besides its keys a policy believes, and what of their evidence counts in an environment; of no environment, all that ever counted."""
    section = policy.environments.get(environment)
    accepts = section.accepts if section is not None and section.accepts is not None else Accepts()
    return Believed(identities=policy.identities, roots=policy.trusted_roots, accepts=accepts)


def needs(policy: Policy, environment: Name) -> tuple[Need, ...]:
    """Every kind of fact the environment's requirements will ask for, each once, in a stable order."""
    asked = dict.fromkeys(need for requirement in policy.environments[environment].requires for need in requirement.needs())
    return tuple(asked)


def watched(policy: Policy, environment: Name) -> tuple[Name, ...]:
    """The environments whose history a decision depends on: its own first, then those its requirements name."""
    return tuple(dict.fromkeys([environment, *(need.environment for need in needs(policy, environment) if need.environment)]))
