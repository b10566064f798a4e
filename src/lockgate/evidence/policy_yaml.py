"""A policy file -> `Policy`, and back: errors at file:line:column, with the nearest valid word.

The schema is the core's own types, so that a new requirement needs no line here. Two things read otherwise in YAML
than in canonical JSON: a requirement's kind is the key it stands under (``- signed-by: {…}``, with ``id:`` inside or
beside it), and a key is written in one of several forms (`policy_keys`).

Plain scalars follow the YAML 1.2 core schema where a number is asked for, and are text where text is asked for; where
the two could differ (``true``, ``1.0``, ``0x1f``), quotes are asked for. What would switch a requirement off, an empty
list or a threshold of zero, is refused with the reason.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from lockgate.core.digest import Digest
from lockgate.core.duration import Duration
from lockgate.core.identity import Duty, EvidenceKey, Name, PersonId, PublicKey, fingerprint
from lockgate.core.policy import Policy, requirement_id
from lockgate.core.requirements import KINDS, AnyRequirement
from lockgate.core.requirements.built_by import Source
from lockgate.core.signers import RootText
from lockgate.errors import PolicyError
from lockgate.evidence import policy_identities, policy_keys, policy_roots, policy_scalars, yaml_tree
from lockgate.evidence.yaml_tree import Items, Mapping, Node, Place, Scalar

T = TypeVar("T")
SHOWN = 10
"""How many problems are told of at once."""

_SCHEMA = cast("inspect.StructType", inspect.type_info(Policy))
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})\Z").match
_NO_TEXT = re.compile(
    r"(null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))?\Z"
).match
"""What a plain scalar is, where it is not text (YAML 1.2.2 section 10.3.2)."""


def _pattern(type_: object) -> str | None:
    return cast("inspect.StrType", inspect.type_info(type_)).pattern


KEYS, ROOT = {_pattern(PublicKey), _pattern(EvidenceKey)}, _pattern(RootText)
"""The patterns of texts that stand in a file in a form of their own: `policy_keys` and `policy_roots` read them."""

MEANING = {
    _pattern(Duration): "a duration: write 30m, 24h or 7d, and never zero",
    _pattern(Name): "a name: lower-case letters, digits and -, at most 64",
    _pattern(Source): "REPOSITORY@REF, such as git+https://github.com/acme/shop@refs/heads/main",
    _pattern(Duty): "a duty: write request, deploy, approve:DUTY, waive, waive:REQUIREMENT or break-glass",
    _pattern(PersonId): "a person id: p- and 16 characters, as lockgate people list shows it",
    _pattern(Digest): "a digest: sha256: and 64 lower-case hex digits",
    **policy_scalars.MEANING,
}
"""Pattern -> what people write, where it says so."""


class Problem(Exception):  # noqa: N818  never leaves a `Form`
    """One thing that is wrong, and where."""

    def __init__(self, code: str, place: Place, text: str) -> None:
        super().__init__(text)
        self.code, self.place, self.text = code, place, text


def parse_policy(data: bytes, filename: str, read_file: Callable[[str], bytes] | None) -> Policy:
    """The policy in this file.

    Args:
        data: the file.
        filename: its name, for messages.
        read_file: the bytes of a key file that the policy names, relative to it; None where files may not be named.

    Raises:
        PolicyError: ``policy.malformed``, ``policy.unknown-key``, ``policy.missing-key``, ``policy.duplicate-key``,
            ``policy.bad-value``, ``policy.zero``, ``policy.empty``, ``policy.undefined``, ``policy.too-large``,
            ``policy.too-deep``, ``policy.alias``, ``policy.tag``, ``policy.no-libyaml``, or a key's own: the first problem's code, and
            one line ``file:line:column: …`` for each of the first 10.
    """
    return placed_policy(data, filename, read_file)[1]


def placed_policy(data: bytes, filename: str, read_file: Callable[[str], bytes] | None) -> tuple[Mapping, Policy]:
    """The policy in this file, and the tree that says where each part of it stands. Raises as `parse_policy`."""
    root = yaml_tree.parse(data, filename)
    form = Form(read_file)
    plain = form.value(root, _SCHEMA, "the policy")
    try:
        if not form.problems:
            form.references(cast("Mapping", root), plain)
        if not form.problems:
            return cast("Mapping", root), msgspec.convert(plain, Policy)
    except msgspec.ValidationError as err:  # what only the core refuses
        form.problems.append(Problem("policy.bad-value", *yaml_tree.located(root, str(err), root.place)))
    raise told(form.problems, filename)


def parse_struct(data: bytes, filename: str, type_: type[T], name: str, read_file: Callable[[str], bytes] | None) -> T:
    """Another file of this form: a Struct of names, texts and keys. Its keys are people's, of any kind that signs.

    Args:
        data, filename, read_file: as in `parse_policy`.
        type_: the Struct. name: what it is called in messages.

    Raises:
        PolicyError: as `parse_policy`.
    """
    root = yaml_tree.parse(data, filename)
    form = Form(read_file, evidence=False)
    plain = form.value(root, inspect.type_info(type_), name)
    try:
        if not form.problems:
            return msgspec.convert(plain, type_)
    except msgspec.ValidationError as err:
        form.problems.append(Problem("policy.bad-value", *yaml_tree.located(root, str(err), root.place)))
    raise told(form.problems, filename)


def told(problems: list[Problem], filename: str) -> PolicyError:
    """The error that tells the first of these problems, of which there is one at least."""
    lines = [f"{problem.place}: {problem.text}" for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"{filename}: and {len(problems) - SHOWN} more")
    return PolicyError(problems[0].code, "\n".join(lines))


class Form:
    """Reads nodes by the types they should be, and gathers what is wrong."""

    def __init__(self, read_file: Callable[[str], bytes] | None, *, evidence: bool = True) -> None:
        self.problems: list[Problem] = []
        self._read_file, self._evidence = read_file, evidence

    def value(self, node: Node, type_: inspect.Type, name: str) -> Any:  # noqa: ANN401  plain values, as msgspec.convert takes them
        """The plain value of a node; None where it is wrong and a problem was noted."""
        try:
            return self._value(node, type_, name)
        except Problem as problem:
            self.problems.append(problem)
        except policy_scalars.BadScalar as err:
            self.problems.append(Problem("policy.bad-value", err.place, err.text))
        return None

    def _value(self, node: Node, type_: inspect.Type, name: str) -> Any:  # noqa: ANN401
        match type_:
            case inspect.StructType():
                return self._struct(_mapping(node, name), type_, name)
            case inspect.DictType():
                return self._dict(_mapping(node, name), type_, name)
            case inspect.VarTupleType():
                return self._list(node, type_, name)
            case inspect.UnionType() if all(isinstance(one, inspect.StructType) for one in type_.types):
                return self._requirement(_mapping(node, name))
            case inspect.UnionType() if policy_scalars.takes_any(type_):
                return policy_scalars.any_scalar(node, name)
            case inspect.UnionType():
                return self._value(node, next(one for one in type_.types if not isinstance(one, inspect.NoneType)), name)
            case inspect.IntType():
                return _integer(node, type_, name)
            case inspect.LiteralType():
                return _literal(node, type_, name)
            case inspect.StrType() if type_.pattern in KEYS:
                try:
                    return policy_keys.read(_mapping(node, f"the key {name}"), self._read_file, evidence=self._evidence)
                except policy_keys.BadKey as err:
                    raise Problem(err.code, err.place, err.text) from None
            case inspect.StrType() if type_.pattern == policy_scalars.DECIMALS:
                return policy_scalars.decimals(node, name)
            case inspect.StrType() if type_.pattern == ROOT:
                try:
                    return policy_roots.read(_mapping(node, f"the trusted root {name}"), self._read_file)
                except policy_roots.BadRoot as err:
                    raise Problem("policy.bad-value", err.place, err.text) from None
            case _:
                return _string(node, cast("inspect.StrType", type_), name)

    def _struct(self, node: Mapping, type_: inspect.StructType, name: str) -> dict[str, Any]:
        fields = {field.encode_name: field for field in type_.fields}
        found = {}
        for key, (place, value) in node.pairs.items():
            if key in fields:
                found[key] = self.value(value, fields[key].type, key)
            else:
                self.problems.append(Problem("policy.unknown-key", place.place, f"{name} has no {key[:60]!r}: {self._nearest(key, fields)}"))
        for key, field in fields.items():
            if field.required and key not in node.pairs:
                self.problems.append(Problem("policy.missing-key", node.place, f"{name} lacks {key!r}"))
        return found

    def _dict(self, node: Mapping, type_: inspect.DictType, name: str) -> dict[str, Any]:
        if not node.pairs:
            raise Problem("policy.empty", node.place, f"{name} is empty: it would allow nothing, or ask for nothing; fill it, or leave it out")
        if type_.max_length is not None and len(node.pairs) > type_.max_length:
            raise Problem("policy.bad-value", node.place, f"{name} has {len(node.pairs)} entries; at most {type_.max_length} are read")
        found = {}
        for key, value in node.pairs.values():
            word = self.value(key, type_.key_type, f"{key.text[:60]!r} in {name}")
            if word is not None:
                found[word] = self.value(value, type_.value_type, word)
        return found

    def _list(self, node: Node, type_: inspect.VarTupleType, name: str) -> list[Any]:
        if not isinstance(node, Items):
            raise Problem("policy.bad-value", node.place, f"{name} is a list: write [one, two]")
        if not node.nodes:
            raise Problem("policy.empty", node.place, f"{name} is an empty list: it would allow nothing, or ask for nothing; fill it, or leave it out")
        if type_.max_length is not None and len(node.nodes) > type_.max_length:
            raise Problem("policy.bad-value", node.place, f"{name} has {len(node.nodes)} entries; at most {type_.max_length} are read")
        found: list[Any] = []
        for one in node.nodes:
            value = self.value(one, type_.item_type, name)
            if value is not None and not isinstance(value, dict) and (type(value), value) in [(type(one), one) for one in found]:
                self.problems.append(Problem("policy.bad-value", one.place, f"{value!r} stands twice in {name}; it counts once"))
            found.append(value)
        return found

    def _requirement(self, node: Mapping) -> dict[str, Any]:
        kinds = [key for key in node.pairs if key != "id"]
        if len(kinds) != 1:
            raise Problem("policy.bad-value", node.place, f"a requirement is one of {', '.join(KINDS)}, and an id where one kind stands twice")
        kind, (place, value) = kinds[0], node.pairs[kinds[0]]
        if kind not in KINDS:
            raise Problem("policy.unknown-key", place.place, f"there is no requirement {kind[:60]!r}: {self._nearest(kind, KINDS)}")
        inner = _mapping(value, kind)
        if "id" in node.pairs:
            if "id" in inner.pairs:
                raise Problem("policy.duplicate-key", node.pairs["id"][0].place, f"this {kind} has an id already, inside it")
            inner = Mapping(inner.place, {**inner.pairs, "id": node.pairs["id"]})
        if not {"keys", "identities", "found", "inside"} & inner.pairs.keys() and "identities" in KINDS[kind].__struct_fields__:
            self.problems.append(Problem("policy.missing-key", inner.place, f"{kind} lacks 'keys', or 'identities'"))
        return {"kind": kind, **self._struct(inner, cast("inspect.StructType", inspect.type_info(KINDS[kind])), kind)}

    def references(self, root: Mapping, plain: dict[str, Any]) -> None:
        """What one part of a policy says of another: names that are defined, ids and keys that are distinct."""
        keys: dict[str, str] = {}
        for name, key in plain.get("keys", {}).items():
            if keys.setdefault(fingerprint(key), name) != name:
                place = cast("Mapping", root.pairs["keys"][1]).pairs[name][0].place
                self.problems.append(Problem("policy.bad-value", place, f"{name!r} is the same public key as {keys[fingerprint(key)]!r}: it would count twice"))
        self.problems += [Problem(*wrong) for wrong in policy_identities.wrong(root, plain)]
        if self.problems:
            return
        environments = cast("Mapping", root.pairs["environments"][1])
        for name, (word, section) in environments.pairs.items():
            if name == "house":
                self.problems.append(Problem("policy.bad-value", word.place, "no environment is named house: that is the stream of root, roster and policy"))
            pairs = cast("Mapping", section).pairs
            if "from" in pairs:
                others = [other for other in environments.pairs if other != name]
                self._defined(pairs["from"][1], plain["environments"][name]["from"], others, "other environment")
            nodes = cast("Items", pairs["requires"][1]).nodes
            can = self._requirements(nodes, plain["environments"][name]["requires"], plain, environments.pairs)
            for id_ in plain["environments"][name].get("waivable", ()):
                self._defined(pairs["waivable"][1], id_, can, "requirement that can be waived")

    def _requirements(self, nodes: list[Node], plain: list[Any], policy: dict[str, Any], environments: Iterable[str]) -> list[str]:
        """Holds each against what is defined; the ids of those that can be waived."""
        ids: dict[str, Place] = {}
        can = []
        for node, value in zip(nodes, plain, strict=True):
            try:
                requirement: AnyRequirement = msgspec.convert(value, KINDS[value["kind"]])
            except msgspec.ValidationError as err:  # what only the requirement refuses
                self.problems.append(Problem("policy.bad-value", *yaml_tree.located(cast("Mapping", node).pairs[value["kind"]][1], str(err), node.place)))
                can.append(value.get("id", value["kind"]))  # that one is wrong says nothing of whether it can be waived
                continue
            id_ = requirement_id(requirement)
            if ids.setdefault(id_, node.place) != node.place:
                self.problems.append(Problem("policy.bad-value", node.place, f"{id_!r} stands already at line {ids[id_].line}: give each an id"))
            can += [id_] if type(requirement).waivable else []
            for key in requirement.key_names():
                self._defined(node, key, policy.get("keys", {}), "key")
            for identity in requirement.identity_names():
                self._defined(node, identity, policy.get("identities", {}), "identity")
            for need in requirement.needs():
                if need.environment:
                    self._defined(node, need.environment, environments, "environment")
        return can

    def _defined(self, node: Node, name: str, defined: Iterable[str], what: str) -> None:
        if name not in defined:
            place = next((scalar.place for scalar in _scalars(node) if scalar.text == name), node.place)
            self.problems.append(Problem("policy.undefined", place, f"there is no {what} {name!r} in this policy: {self._nearest(name, defined)}"))

    def _nearest(self, word: str, known: Iterable[str]) -> str:
        """A hint; none for problems that nobody will be shown, because it takes longer than reading does."""
        names = list(known)
        close = difflib.get_close_matches(word[:64], names, n=1, cutoff=0.5) if len(self.problems) < SHOWN else []
        return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(sorted(names)[:SHOWN]) or 'none'}"


def _mapping(node: Node, name: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise Problem("policy.bad-value", node.place, f"{name} is a mapping: write it as key: value")
    return node


def _scalars(node: Node) -> list[Scalar]:
    """Every scalar value below a node, in order."""
    if isinstance(node, Scalar):
        return [node]
    inner = node.nodes if isinstance(node, Items) else [value for _, value in node.pairs.values()]
    return [scalar for one in inner for scalar in _scalars(one)]


def _integer(node: Node, type_: inspect.IntType, name: str) -> int:
    if not isinstance(node, Scalar) or not node.plain or not _INTEGER(node.text):
        raise Problem("policy.bad-value", node.place, f"{name} is a whole number: write it without quotes, point or leading zero")
    value = int(node.text)
    if value == 0 and type_.ge == 1:
        raise Problem("policy.zero", node.place, f"{name} is 0, which would ask for nothing at all: write 1 or more, or take the requirement out")
    if (type_.ge is not None and value < type_.ge) or (type_.le is not None and value > type_.le):
        raise Problem("policy.bad-value", node.place, f"{name} is {value}; it is {type_.ge} to {type_.le}")
    return value


def _literal(node: Node, type_: inspect.LiteralType, name: str) -> str | int:
    text = node.text if isinstance(node, Scalar) else ""
    for value in type_.values:
        if text == str(value) and isinstance(node, Scalar) and (isinstance(value, str) or node.plain):
            return cast("str | int", value)
    choices = [str(value) for value in type_.values]
    raise Problem("policy.bad-value", node.place, f"{name} is one of {', '.join(choices)}, not {text[:60]!r}")


def _string(node: Node, type_: inspect.StrType, name: str) -> str:
    if not isinstance(node, Scalar):
        raise Problem("policy.bad-value", node.place, f"{name} is text, not a list or mapping")
    if node.plain and _NO_TEXT(node.text):
        what = f"{node.text} is no text in YAML: put it in quotes" if node.text else "it is empty here"
        raise Problem("policy.bad-value", node.place, f"{name} is text, and {what}")
    if type_.pattern is not None and not re.search(type_.pattern, node.text):
        raise Problem("policy.bad-value", node.place, f"{name} is {node.text[:60]!r}, not {MEANING.get(type_.pattern, 'of its form')}")
    if not (type_.min_length or 0) <= len(node.text) <= (type_.max_length or 1000) or not node.text.isprintable():
        raise Problem("policy.bad-value", node.place, f"{name} is {type_.min_length or 0} to {type_.max_length or 1000} printable characters")
    return node.text


_WORD = re.compile(r"[a-z][a-z0-9-]*\Z|[1-9][0-9]*[smhd]\Z").match
_TRUTHS = {"null", "true", "false", "y", "n", "yes", "no", "on", "off"}


def dump_policy(policy: Policy) -> str:
    """The policy as YAML that reads back as the same policy: environments in their order, defaults left out.

    Raises:
        EvidenceError: ``key.malformed``, for a key that is none.
    """
    lines = policy_lines(policy)
    if policy.trusted_roots:
        lines.append("trusted-roots:")
        lines += [f"  {quoted(name)}: {flow({'json': root})}" for name, root in policy.trusted_roots.items()]
    return "\n".join(lines) + "\n"


def policy_lines(policy: Policy) -> list[str]:
    """The lines of `dump_policy`, but those of the trusted roots, which come last. Raises EvidenceError as it."""
    lines = [f"version: {policy.version}", f"project: {quoted(policy.project)}", "environments:"]
    for name, section in policy.environments.items():
        lines.append(f"  {quoted(name)}:")
        for key, value in msgspec.to_builtins(section).items():
            if key != "requires":
                lines.append(f"    {key}: {flow(value)}")
        lines.append("    requires:")
        for requirement in msgspec.to_builtins(section.requires):
            kind = requirement.pop("kind")
            lines.append(f"      - {kind}: {flow(requirement)}")
    if policy.keys:
        lines.append("keys:")
        lines += [f"  {quoted(name)}: {flow(dict([policy_keys.write(key)]))}" for name, key in policy.keys.items()]
    if policy.identities:
        lines.append("identities:")
        lines += [f"  {quoted(name)}: {flow(msgspec.to_builtins(rule))}" for name, rule in policy.identities.items()]
    return lines


def flow(value: object) -> str:
    """A value in one line, as YAML that reads back as the same."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return quoted(value)


def quoted(value: object) -> str:
    """A scalar: plain where nobody could read it as anything but this text, else in double quotes."""
    if not isinstance(value, str):
        return str(value).lower()
    return value if _WORD(value) and value not in _TRUTHS else msgspec.json.encode(value).decode()
