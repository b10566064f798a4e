"""What is wrong and what is odd about the identities of a policy, each at its place.

Wrong, and refused when the file is read: a form that is missing or there twice, a pattern that is none, a root that is not defined. What is
well formed and still can never match, or matches more than anybody means, `policy_sense` tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from lockgate.core import pattern
from lockgate.core.signers import IdentityRule
from lockgate.evidence import yaml_tree
from lockgate.evidence.yaml_tree import Place

GITHUB = "https://token.actions.githubusercontent.com"

_STRANGERS = (
    *(
        f"https://github.com/somebody-else/anything/.github/workflows/{name}.yml@refs/{ref}"
        for name in ("any", "build", "ci", "deploy", "main", "publish", "release")
        for ref in ("heads/any", "heads/main", "tags/v1.0.0")
    ),
    "https://gitlab.com/somebody-else/anything//.gitlab-ci.yml@refs/heads/any",
    "https://agent.buildkite.example/somebody-else/pipeline",
    "somebody.else@elsewhere.example",
    "spiffe://elsewhere.example/ns/any/sa/any",
)
"""Who is nobody's signer: a pattern that means one of them means anybody of that kind."""


class Wrong(NamedTuple):
    """What is wrong with it, by code, and where."""

    code: str
    place: Place
    text: str


def wrong(tree: yaml_tree.Mapping, plain: Mapping[str, Any]) -> Iterator[Wrong]:
    """What one part of the policy says of another that is not so.

    Args:
        tree: the policy as it was read, of which each part has its form. plain: its plain value.
    """
    rules = plain.get("identities") or {}
    for name, rule in rules.items():
        word, node = cast("yaml_tree.Mapping", tree.pairs["identities"][1]).pairs[name]
        pairs = cast("yaml_tree.Mapping", node).pairs
        if name in (plain.get("keys") or {}):
            yield Wrong("policy.bad-value", word.place, f"{name!r} is the name of a key already: give the identity another")
        if rule["root"] not in (plain.get("trusted-roots") or {}):
            known = ", ".join(sorted(plain.get("trusted-roots") or {})) or "none"
            yield Wrong("policy.undefined", pairs["root"][1].place, f"there is no trusted root {rule['root']!r} in this policy: there is {known}")
        for what in ("issuer", "identity"):
            yield from _one_form(name, node, what)
    for section in cast("yaml_tree.Mapping", tree.pairs["environments"][1]).pairs.values():
        accepts = cast("yaml_tree.Mapping", section[1]).pairs.get("accepts")
        if accepts is not None and not cast("yaml_tree.Mapping", accepts[1]).pairs:
            yield Wrong("policy.empty", accepts[1].place, "accepts is empty: say what counts, or leave it out")


def _one_form(name: str, node: yaml_tree.Node, what: str) -> Iterator[Wrong]:
    pairs = cast("yaml_tree.Mapping", node).pairs
    forms = [form for form in (what, f"{what}-glob", f"{what}-regex") if form in pairs]
    if not forms:
        yield Wrong("policy.missing-key", node.place, f"{name} lacks {what!r}, or {what}-glob or {what}-regex")
    for form in forms[1:]:
        yield Wrong("policy.bad-value", pairs[form][0].place, f"{name} says its {what} twice, as {forms[0]} and as {form}: one of them is meant")
    for form in forms[:1]:
        value = pairs[form][1]
        try:
            if form != what and isinstance(value, yaml_tree.Scalar):
                (pattern.glob if form.endswith("-glob") else pattern.regex)(value.text)
        except ValueError as err:
            yield Wrong("policy.bad-value", value.place, f"{form} of {name} is no pattern: {err}")


class Remark(NamedTuple):
    """What can never match, or is odd, and which field says so."""

    field: str
    text: str


def never(rule: IdentityRule) -> Iterator[Remark]:
    """Why nobody's certificate is ever meant."""
    if _of_github(rule) and rule.identity is not None and "@" not in rule.identity:
        yield Remark("identity", "an identity of GitHub's ends in @ and a ref, and this one names none, so that it never matches: add @refs/heads/main")


def odd(rule: IdentityRule) -> Iterator[Remark]:
    """What means more than anybody would say aloud."""
    field = "identity-glob" if rule.identity_glob is not None else "identity-regex"
    if rule.identity is None and any(map(rule.identity_holds, _STRANGERS)):
        yield Remark(field, "this pattern means anybody that the issuer knows, in other organizations too: write the part that is yours")
        return
    written = rule.identity_glob or rule.identity_regex or ""
    if rule.identity is None and _of_github(rule) and "source-repository-ref" not in rule.claims and _any_ref(written):
        yield Remark(field, "this pattern names no ref: any branch and any tag of the repository may sign, and whoever may push one")
    if rule.issuer is None and any(map(rule.issuer_holds, ("https://issuer.elsewhere.example", "http://x"))):
        yield Remark(
            "issuer-glob" if rule.issuer_glob is not None else "issuer-regex", "this pattern means any issuer, so that the name alone decides: write which"
        )


def _of_github(rule: IdentityRule) -> bool:
    return rule.issuer_holds(GITHUB) and "://github.com/" in (rule.identity or rule.identity_glob or rule.identity_regex or "").replace("\\", "")


def _any_ref(written: str) -> bool:
    """Whether a pattern's last part takes any ref."""
    _, at, after = written.replace("\\", "").rpartition("@")
    return not at or after in {"**", "*", ".*", ".+", "refs/**", "refs/.*", "refs/.+"}
