"""A policy to begin with, out of what an artifact carries: pinned, commented, and to be looked at by its owner before it is applied.

What is required is only what holds already, under keys that were offered; the rest is told in comments. Everything that stands in
evidence is the text of whoever attached it. It comes into the file in two ways, and in no third: as a value, quoted by the writer of
`policy_yaml`, where the requirement takes it at all; and in a comment, as ASCII in JSON's quotes, on one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import NamedTuple

import msgspec

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import span
from lockgate.core.facts import Provenance, Rejected, Signature, Summary
from lockgate.core.identity import Name, PublicKey, fingerprint
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.requirements import AnyRequirement, kind_of
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.errors import EvidenceError
from lockgate.evidence import keys, policy_keys, slsa
from lockgate.evidence.carried import SIGNATURE, Claim, Survey
from lockgate.evidence.policy_yaml import flow, quoted

MAX_AGE, SOAK = "30d", "24h"
MOST_KEYS, MOST_BUILDS, MOST_TOLD = 64, 8, 40
LONGEST = 200
_NO_NAME = re.compile(r"[^a-z0-9]+")
_ENDINGS = re.compile(r"(\.(pub|pem|key|crt))+\Z")
_UNUSED = {
    "dsse.unknown-key": "signed by a key that is not known here",
    "dsse.bad-signature": "its signature is not that of the key it names",
    "simple-signing.unknown-key": "signed by a key that is not known here",
    "simple-signing.other-digest": "about another artifact",
    "bundle.keyless": "signed by the key in a certificate; an identity says whose certificates count (docs/policy.md)",
    "statement.other-subject": "about another artifact",
    "no-source": "good, and it names no source that could be asked for",
    "too-many": "good, and there are more than a proposal asks for",
    "summary": "good; verified-by can ask for it, with the resource and the levels you mean",
    "not-passed": "its verifier says that it did not pass",
    "unread": "no requirement of this release reads this kind",
}
"""Why a piece is required by nothing -> in words: some codes, and five reasons of our own."""

UNKNOWN_KEY = frozenset({"dsse.unknown-key", "simple-signing.unknown-key"})
"""The codes of a signature that a key might have made which is not known here."""


class Offered(NamedTuple):
    """A key that may have signed: how the user calls it, and how it came to be offered."""

    where: str
    how: str = "named with --public"


class Wording(Noun, frozen=True, kw_only=True):
    """What the file is told.

    Attributes:
        project: its name. made: the command that looked, as it can be typed again; printable. apply: the one that proposes the file.
        at: when it was looked at, UTC.
    """

    project: Name
    made: str
    apply: str
    at: datetime


class Unused(Noun, frozen=True, kw_only=True):
    """A piece of evidence that nothing requires, and why: a key of the table above, or the code of what is wrong with it."""

    source: Digest
    why: str


class Proposal(Noun, frozen=True, kw_only=True):
    """The file, and what it says.

    Attributes:
        text: YAML. policy: what it reads as.
        required: pieces of evidence that it rests on. unused: those it does not.
        keys: name in the policy -> how the user calls the key, for those it has.
    """

    text: str
    policy: Policy
    required: tuple[Digest, ...]
    unused: tuple[Unused, ...]
    keys: dict[Name, str]


class _Asked(NamedTuple):
    """A requirement, why it stands there, and the evidence it rests on."""

    requirement: AnyRequirement
    why: tuple[str, ...]
    sources: tuple[Digest, ...] = ()


def propose(survey: Survey, offered: Mapping[PublicKey, Offered], wording: Wording, own: Callable[[], PublicKey]) -> Proposal:
    """The policy that this artifact passes in staging as it is.

    Args:
        survey: looked at with exactly these keys.
        offered: the keys that may have signed.
        wording: what else stands in the file.
        own: the user's own key: what is asked for where nothing attached is good under an offered one; asked for only then.

    Raises:
        EvidenceError: ``key.unsupported``: nothing attached is by an offered key, and the user's own cannot sign evidence.
    """
    signers = {key for fact in survey.facts if isinstance(fact, Signature | Provenance) for key in (fact.keys if isinstance(fact, Provenance) else (fact.key,))}
    used = {key: said for key, said in offered.items() if fingerprint(key) in signers}
    names = _names(used)
    asked = [*_signatures(survey, names, wording.at), *_builds(survey, names)]
    if not asked:
        key = _require_signer(own())
        names, used = {fingerprint(key): "release"}, {key: Offered("your own key", "as nothing else is known")}
        why = ("Nothing attached is good under a key that is known here, so that this", "asks for a signature by your own: lockgate sign REF --key KEY")
        asked = [_Asked(SignedBy(keys=("release",), max_age=MAX_AGE), why)]
    # A key that no requirement names would count as a builder's all the same.
    named = {name: key for key in used if (name := names.get(fingerprint(key), "")) in {each for one in asked for each in one.requirement.key_names()}}
    later = [
        _Asked(CameThrough(environment="staging"), ("Not from the image: lockgate itself recorded it as deployed to staging.",)),
        _Asked(Soaked(in_="staging", for_=SOAK), ()),
    ]
    policy = Policy(
        version=1,
        project=wording.project,
        environments={
            "staging": EnvironmentPolicy(requires=tuple(one.requirement for one in asked)),
            "production": EnvironmentPolicy(requires=tuple(one.requirement for one in (*asked, *later)), from_="staging"),
        },
        keys=named,
    )
    required = tuple(dict.fromkeys(source for one in asked for source in one.sources))
    unused = tuple(_unused(survey, required))
    where = {name: used[key] for name, key in named.items()}
    lines = [*_head(survey, wording), *_body(policy, asked, later, where), *_rest(survey, unused, wording)]
    return Proposal(text="\n".join(lines) + "\n", policy=policy, required=required, unused=unused, keys={name: said.where for name, said in where.items()})


def _require_signer(key: PublicKey) -> PublicKey:
    if key.partition(" ")[0] not in {keys.ED25519, keys.P256}:
        raise EvidenceError("key.unsupported", "nothing attached is good under a key that is known here, and your own key is none that signs evidence")
    return key


def _names(used: Mapping[PublicKey, Offered]) -> dict[str, Name]:
    """Fingerprint -> a name for the policy, made of how the key was offered."""
    names: dict[str, Name] = {}
    for key, (where, _) in list(used.items())[:MOST_KEYS]:
        word = "" if where.startswith("SHA256:") else where.rpartition("/")[2]
        base = _NO_NAME.sub("-", _ENDINGS.sub("", word.lower())).strip("-")[:40] or "key"
        names[fingerprint(key)] = next(name for number in count(1) if (name := base if number == 1 else f"{base}-{number}") not in names.values())
    return names


def _signatures(survey: Survey, names: Mapping[str, Name], at: datetime) -> Iterator[_Asked]:
    """One `signed-by` that asks for all keys whose signatures are there."""
    newest: dict[Name, Signature] = {}
    for fact in survey.facts:
        if isinstance(fact, Signature) and (name := names.get(fact.key)) is not None and _when(fact) >= (_when(newest[name]) if name in newest else ""):
            newest[name] = fact
    if not newest:
        return
    young = all(one.signed_at is not None and at - one.signed_at <= span(MAX_AGE) for one in newest.values())
    why = [line for name, one in newest.items() for line in _signature_lines(name, one)]
    if not young:
        why.append(f"No max-age: not all of these say that they are younger than {MAX_AGE}.")
    requirement = SignedBy(keys=tuple(newest), threshold=len(newest), max_age=MAX_AGE if young else None)
    yield _Asked(requirement, tuple(why), tuple(one.source for one in newest.values()))


def _signature_lines(name: Name, one: Signature) -> tuple[str, ...]:
    when = f"says that it was made {one.signed_at:%Y-%m-%d %H:%M:%S} UTC" if one.signed_at is not None else "does not say when it was made"
    return one.source, f"  is a signature by {name}, {one.key}.", f"  It {when}."


def _when(one: Signature) -> str:
    return f"{one.signed_at:%Y%m%d%H%M%S}" if one.signed_at is not None else ""


def _builds(survey: Survey, names: Mapping[str, Name]) -> Iterator[_Asked]:
    """A `built-by` for each builder and source that is named by provenance under a known key, as far as one can be written."""
    grouped: dict[tuple[str, str], list[Provenance]] = {}
    for fact in survey.facts:
        if isinstance(fact, Provenance) and _fits(fact) and names.keys() & set(fact.keys):
            grouped.setdefault((fact.builder, f"{fact.repository}@{fact.ref}"), []).append(fact)
    several = len(grouped) > 1
    for number, ((builder, source), facts) in enumerate(list(grouped.items())[:MOST_BUILDS], 1):
        by = tuple(dict.fromkeys(names[key] for one in facts for key in one.keys if key in names))
        why = [
            line for one in facts for line in (one.source, f"  is provenance signed by {', '.join(names[key] for key in one.keys if key in names)}."[:LONGEST])
        ]
        requirement = BuiltBy(builder=builder, source=source, keys=by, id=f"built-by-{number}" if several else None)
        yield _Asked(requirement, tuple(why), tuple(one.source for one in facts))


def _fits(fact: Provenance) -> bool:
    """Whether a policy can ask for exactly this builder and source."""
    fields = {"kind": "built-by", "builder": fact.builder, "source": f"{fact.repository}@{fact.ref}", "keys": ("key",)}
    try:
        msgspec.convert(fields, BuiltBy)
    except msgspec.ValidationError:
        return False
    return bool(fact.repository and fact.ref) and f"{fact.builder}{fact.repository}{fact.ref}".isprintable()


def _unused(survey: Survey, required: tuple[Digest, ...]) -> Iterator[Unused]:
    rejected = {fact.source: fact.code for fact in reversed(survey.facts) if isinstance(fact, Rejected)}
    good = {fact.source: fact for fact in survey.facts if isinstance(fact, Signature | Provenance | Summary)}
    for claim in survey.claims:
        if claim.source in required:
            continue
        found = good.get(claim.source)
        if isinstance(found, Provenance) and not _fits(found):
            why = "no-source"
        elif isinstance(found, Summary):
            why = "summary" if found.passed else "not-passed"
        elif found is not None:
            why = "too-many"
        elif claim.problem or claim.source in rejected:
            why = rejected.get(claim.source, claim.problem)
        else:
            why = "unread"
        yield Unused(source=claim.source, why=why)


def _head(survey: Survey, wording: Wording) -> list[str]:
    return [
        f"# A proposal, made {wording.at:%Y-%m-%d %H:%M:%S} UTC by {_one_line(wording.made)}",
        f"# from what this artifact carries: {_one_line(survey.pinned)}",
        *([f"#   {', '.join(map(_one_line, what))}"] if (what := [each for each in (survey.media_type, *survey.platforms[:MOST_TOLD]) if each]) else []),
        "#",
        "# What was found proves nothing until you have looked. Whoever could write to",
        "# where the artifact lies could attach it, and a key that signed may be",
        "# anybody's. Read each line; ask the owner of each key for its fingerprint by",
        "# another way than this; change what is not meant. Then:",
        f"#   {_one_line(wording.apply)}",
        "# It is in force once the gate's owners have approved it. Fields: docs/policy.md.",
    ]


def _body(policy: Policy, asked: list[_Asked], later: list[_Asked], where: Mapping[Name, Offered]) -> list[str]:
    again = [one._replace(why=()) for one in asked]
    lines = [f"version: {policy.version}", f"project: {quoted(policy.project)}", "environments:", "  staging:", "    requires:"]
    lines += _entries(asked)
    lines += ["  production:", "    from: staging", "    requires:", "      # As in staging: what is not asked here again is not asked here."]
    lines += _entries([*again, *later])
    lines += [
        "      # Once others are enrolled (lockgate people add), ask for their approvals:",
        "      # - approved:",
        "      #     duties: {release-management: 1, security: 1}",
        "      #     independent-of: [requester, deployer]",
        "keys:",
    ]
    for name, key in policy.keys.items():
        lines += [f"  # {fingerprint(key)}, {_one_line(where[name].where)}, {where[name].how}", f"  {quoted(name)}: {flow(dict([policy_keys.write(key)]))}"]
    return lines


def _entries(asked: list[_Asked]) -> list[str]:
    lines = []
    for one in asked:
        lines += [f"      # {each}" for each in one.why]
        fields = msgspec.to_builtins(one.requirement)
        del fields["kind"]
        lines.append(f"      - {kind_of(one.requirement)}: {flow(fields)}")
    return lines


def _rest(survey: Survey, unused: tuple[Unused, ...], wording: Wording) -> list[str]:
    """What was found and is required by nothing, and how to add the key that may have signed it."""
    if not unused:
        return []
    claims = {claim.source: claim for claim in survey.claims}
    lines = ["", "# Found besides, and asked for by nothing above:"]
    for one in unused[:MOST_TOLD]:
        lines += [f"#   {each}" for each in _told(claims[one.source], one.why)]
    if len(unused) > MOST_TOLD:
        lines.append(f"#   and {len(unused) - MOST_TOLD} more")
    if any(one.why in UNKNOWN_KEY for one in unused):
        lines += [
            "# If you know whose key signed one of these, get its public half from its owner,",
            f"# and look again: {_one_line(wording.made)} --public FILE --write-policy OTHER-FILE",
        ]
    return lines


def _told(claim: Claim, why: str) -> list[str]:
    kind = f"a statement of type {_said(claim.predicate)}" if claim.predicate else ""
    if claim.predicate in slsa.PREDICATE_TYPES | {SIGNATURE}:
        kind = "a signature" if claim.predicate == SIGNATURE else "provenance"
    elif claim.name:
        kind += f" ({claim.name})"
    lines = [claim.source, f"  {kind or f'{_said(claim.media_type)}, unread'}: {_UNUSED.get(why, why)}"]
    if named := [keyid for keyid in claim.keyids if keyid]:
        lines.append(f"  it names the key {', '.join(_said(keyid) for keyid in named[:4])}")
    if claim.builder:
        lines.append(f"  it claims the builder {_said(claim.builder)}")
        lines.append(f"  and the source {_said(f'{claim.repository}@{claim.ref}')}")
    if claim.verifier:
        lines.append(f"  it claims the verifier {_said(claim.verifier)}")
        lines.append(f"  and the resource {_said(claim.resource)}")
    return lines


def _said(text: str) -> str:
    """Text of others for a comment: ASCII, in quotes, one line, whatever it holds."""
    cut = text[:LONGEST] + ("..." if len(text) > LONGEST else "")
    return json.dumps(cut, ensure_ascii=True).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    """The user's own words for a comment: as they are where they are printable, else as `_said`."""
    return text if text.isprintable() else _said(text)
