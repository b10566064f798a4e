"""What one policy asks otherwise than another, part by part, each with what it does: what an owner wants to know before saying yes.

Environments, and requirements by their id, are told apart by name: one that was renamed is one that is gone and one that is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.identity import Name
from lockgate.core.policy import EnvironmentPolicy, Policy, requirement_id, section_digest
from lockgate.core.requirements import AnyRequirement, kind_of
from lockgate.core.requirements.approved import Approved
from lockgate.core.signers import Accepts, IdentityRule, root_digest
from lockgate.core.strictness import TRUSTS_MORE, Effect, effect, unordered

Part = Literal["policy", "environment", "requirement", "key", "identity", "trusted-root"]


class Change(Noun, frozen=True, kw_only=True):
    """One thing that is otherwise.

    Attributes:
        part: of which kind it is. name: its name: the environment's, the requirement's id, the key's and so on; empty for the policy itself.
        environment: where a requirement stands; empty for all else. kind: of requirement.
        sort: it is new, gone, or has another value. effect: ``stricter``, ``looser``, or ``changed`` where neither can be told.
        field: which, as policies write it; empty where all of it is new or gone.
        before, after: its values, as plain JSON, with a default written out; None where it is not said.
    """

    part: Part
    name: str = ""
    environment: str = ""
    kind: str = ""
    sort: Literal["new", "gone", "changed"] = "changed"
    effect: Effect = "changed"
    field: str = ""
    before: Any = None
    after: Any = None


def policy_changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Everything `new` has otherwise than `old`, in the order of the policies: environments, then keys, identities and roots; none where they say the same."""
    found: list[Change] = []
    if old.project != new.project:
        found.append(Change(part="policy", field="project", before=old.project, after=new.project))
    for name in dict.fromkeys([*new.environments, *old.environments]):
        found += _environment(name, old.environments.get(name), new.environments.get(name))
    found += _each("key", old.keys, new.keys)
    for name in dict.fromkeys([*new.identities, *old.identities]):
        found += _identity(name, old, new)
    roots = [{name: root_digest(root) for name, root in policy.trusted_roots.items()} for policy in (old, new)]
    return (*found, *_each("trusted-root", *roots))


def other_sections(old: Policy, new: Policy) -> tuple[Name, ...]:
    """The environments of both whose effective section is another, if only by the order of a list, and where approvals or waivers bind it.

    What was given there before does not count any more.
    """
    both = [name for name, section in new.environments.items() if name in old.environments and _binding(section)]
    return tuple(name for name in both if section_digest(old, name) != section_digest(new, name))


def _binding(section: EnvironmentPolicy) -> bool:
    return bool(section.waivable) or any(isinstance(one, Approved) for one in section.requires)


def _each(part: Part, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Values by name, of which nothing can be told but that they are others."""
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Change(part=part, name=name, sort="new" if before is None else "gone" if after is None else "changed", before=before, after=after)


def _environment(name: Name, old: EnvironmentPolicy | None, new: EnvironmentPolicy | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change(part="environment", name=name, sort="new" if old is None else "gone")
        if new is not None:  # what it asks for is told; each alone would be called stricter than nothing, which nobody could enter
            for one in new.requires:
                yield Change(part="requirement", name=requirement_id(one), environment=name, kind=kind_of(one), sort="new", after=_plain(one))
        return
    for field, before, after in _fields(old, new):
        if field not in {"requires", "accepts"}:
            yield _field("environment", name, "", "", old, field, before, after)
    for field, before, after in _fields(old.accepts or Accepts(), new.accepts or Accepts()):
        yield _field("environment", name, "", "", Accepts(), field, before, after)
    held = {requirement_id(one): one for one in old.requires}
    asked = {requirement_id(one): one for one in new.requires}
    for id_ in dict.fromkeys([*asked, *held]):
        yield from _requirement(name, id_, held.get(id_), asked.get(id_))


def _requirement(environment: Name, id_: Name, old: AnyRequirement | None, new: AnyRequirement | None) -> Iterator[Change]:
    if old is not None and new is not None and type(old) is type(new):
        for field, before, after in _fields(old, new):
            if field != "id":  # the kind's own name, written out or not
                yield _field("requirement", id_, environment, kind_of(new), new, field, before, after)
        return
    if old is not None:
        yield Change(part="requirement", name=id_, environment=environment, kind=kind_of(old), sort="gone", effect="looser", before=_plain(old))
    if new is not None:
        yield Change(part="requirement", name=id_, environment=environment, kind=kind_of(new), sort="new", effect="stricter", after=_plain(new))


def _field(part: Part, name: str, environment: str, kind: str, of: msgspec.Struct, field: str, before: object, after: object) -> Change:
    written = dict(zip(of.__struct_fields__, of.__struct_encode_fields__, strict=True))[field]
    said = effect(type(of), field, before, after)
    values = [msgspec.to_builtins(value) for value in (before, after)]
    return Change(part=part, name=name, environment=environment, kind=kind, effect=said, field=written, before=values[0], after=values[1])


def _fields(old: msgspec.Struct, new: msgspec.Struct) -> Iterator[tuple[str, object, object]]:
    """Fields with another value in `new`; the order of names of which some or all are asked for says nothing."""
    for field in new.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before != after and not (unordered(type(new), field) and set(before) == set(after)):
            yield field, before, after


def _identity(name: Name, old: Policy, new: Policy) -> Iterator[Change]:
    before, after = old.identities.get(name), new.identities.get(name)
    if before is None or after is None:
        yield Change(part="identity", name=name, sort="new" if before is None else "gone", before=_plain(before), after=_plain(after))
        return
    opens = all(_alone_opens(policy, name) for policy in (old, new))
    for what in ("issuer", "identity"):
        forms = [{form: value for form in (what, f"{what}_glob", f"{what}_regex") if (value := getattr(rule, form)) is not None} for rule in (before, after)]
        if forms[0] != forms[1]:
            said = _meant(what, before, after) if opens else "changed"
            texts = [{form.replace("_", "-"): value for form, value in each.items()} for each in forms]
            yield Change(part="identity", name=name, effect=said, field=what, before=texts[0], after=texts[1])
    if before.claims != after.claims:
        yield Change(
            part="identity", name=name, effect=_claims(before, after) if opens else "changed", field="claims", before=before.claims, after=after.claims
        )
    if before.root != after.root:
        yield Change(part="identity", name=name, field="root", before=before.root, after=after.root)


def _alone_opens(policy: Policy, identity: Name) -> bool:
    return all(isinstance(one, TRUSTS_MORE) or identity not in one.identity_names() for section in policy.environments.values() for one in section.requires)


def _meant(what: str, before: IdentityRule, after: IdentityRule) -> Effect:
    """Of one exact text and one pattern that means it: the pattern means more. Two patterns are not compared."""
    old, new = getattr(before, what), getattr(after, what)
    if old is not None and new is None:
        return "looser" if (after.issuer_holds if what == "issuer" else after.identity_holds)(old) else "changed"
    if new is not None and old is None:
        return "stricter" if (before.issuer_holds if what == "issuer" else before.identity_holds)(new) else "changed"
    return "changed"


def _claims(before: IdentityRule, after: IdentityRule) -> Effect:
    if before.claims.items() < after.claims.items():
        return "stricter"
    return "looser" if after.claims.items() < before.claims.items() else "changed"


def _plain(value: object) -> object:
    return None if value is None else msgspec.to_builtins(value)
