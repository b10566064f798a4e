"""How the facts of a case are written: each kind's own fields, in the policy's spelling, with what a case does not care about filled in.

    a digest            sha256:…, or any name: then the digest of that name
    a person            any name; who holds which duty the case or its file says, or else whoever uses a duty here has it
    a key               the name of one of the policy's. by: an identity of the policy's
    a time              2026-11-22T10:00:00Z, ``now``, ``3h ago``, ``in 20m``
    a release           left out: the case's own; a name: of the one artifact of that name

Whoever writes this makes facts up, which elsewhere only verified evidence does: they are decided on in `core.cases` and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple, NoReturn, cast

import msgspec
from msgspec import inspect
from msgspec.structs import replace

from lockgate.core.components import LookedInside, Sbom
from lockgate.core.dependencies import Ran, Remembered
from lockgate.core.digest import Digest, digest_of
from lockgate.core.duration import span
from lockgate.core.exceptional import Glass, Hold, Waiver
from lockgate.core.facts import Given, Holder, Intact, Provenance, Request, Signature, Stay, Summary, Vouched
from lockgate.core.findings import Database, Finding, LookedUp
from lockgate.core.identity import PersonId, PublicKey, fingerprint
from lockgate.core.model import DigestOrNone, Release, RequestId
from lockgate.core.policy import Policy
from lockgate.core.revocation import Revocation
from lockgate.core.trial import Trial
from lockgate.evidence.policy_yaml import Form, Problem
from lockgate.evidence.yaml_tree import Items, Mapping, Node, Place, Scalar

Plain = dict[str, Any]
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z").match
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})\Z").match
_SPAN = re.compile(r"(?:in )?([1-9][0-9]{0,5}[smhd])(?: ago)?\Z").match


def _pattern(type_: object) -> str | None:
    return cast("inspect.StrType", inspect.type_info(type_)).pattern


_DIGESTS, _PERSON, _REQUEST = {_pattern(Digest), _pattern(DigestOrNone)}, _pattern(PersonId), _pattern(RequestId)


class Ground(NamedTuple):
    """What stands around the facts of a case: what is left out is taken from here."""

    policy: Policy
    environment: str
    release: Release
    now: datetime
    section: Digest
    occupant: str


def stand_in_key(name: str) -> PublicKey:
    """A public key in its normal form, of nobody: it signs nothing, and tells people apart."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + hashlib.sha256(f"case {name}".encode()).digest()
    return "ssh-ed25519 " + base64.b64encode(blob).decode()


def person_id(name: str) -> PersonId:
    """The id of whoever has this name in a case; a person id is itself."""
    if re.search(_PERSON or "", name):
        return name
    return "p-" + base64.b32encode(hashlib.sha256(f"case {name}".encode()).digest()).decode().lower()[:16]


def request_id(name: str) -> RequestId:
    """The id of the request that has this name in a case; a request id is itself."""
    return name if re.search(_REQUEST or "", name) else "r-" + hashlib.sha256(f"case {name}".encode()).hexdigest()[:16]


REQUEST = request_id("the request")
"""The id of a case's own request, where it gives none."""

Filled = Callable[[Ground, Plain], Any]
"""What is taken for a field that is left out, as plain value: from the case, and what else is said of the fact."""


def _at(ground: Ground, _: Plain) -> str:
    return ground.now.isoformat()


def _tomorrow(ground: Ground, _: Plain) -> str:
    return (ground.now + timedelta(days=1)).isoformat()


def _releases(ground: Ground, _: Plain) -> Plain:
    return cast("Plain", msgspec.to_builtins(ground.release))


def _any_release(_ground: Ground, _said: Plain) -> Plain:
    return {"artifacts": [digest_of(b"what runs")]}


def _any(word: str) -> Filled:
    return lambda _ground, _said: digest_of(word.encode())


def _const(value: object) -> Filled:
    return lambda _ground, _said: value


_WHY = _any("why")


def _of_rule(field: str) -> Filled:
    """What an identity of the policy's asks for in this field."""

    def filled(ground: Ground, said: Plain) -> Any:  # noqa: ANN401
        names = said.get("names") or [""]
        rule = ground.policy.identities.get(names[0])
        return getattr(rule, field, None) or f"https://{field}.example/{names[0]}"

    return filled


def _claims(ground: Ground, said: Plain) -> Plain:
    return {name: value for one in said.get("names") or () for name, value in ground.policy.identities[one].claims.items()}


LEFT_OUT: dict[type, dict[str, Filled]] = {
    Intact: {},
    Holder: {"subject": _of_rule("identity"), "issuer": _of_rule("issuer"), "root": _of_rule("root"), "at": _at, "known": _const("log"), "claims": _claims},
    Signature: {"key": _const("")},
    Provenance: {"keys": _const([])},
    Summary: {"keys": _const([]), "passed": _const(value=True)},
    Sbom: {"format": _const("cyclonedx"), "spec": _const("1.6"), "components": _const([])},
    LookedUp: {"sbom": _any("sbom"), "components": _const(1)},
    LookedInside: {},
    Trial: {"result": _const("passed")},
    Ran: {"release": _any_release, "decision": _const(0)},
    Remembered: {"decision": _const(0)},
    Finding: {},
    Database: {"digest": _any("database"), "as_of": _at, "entries": _const(1)},
    Stay: {"release": _releases, "decision": _const(0), "deployer": _const(person_id("deployer")), "leaf": _const(0)},
    Request: {"id": _const(REQUEST), "release": _releases, "by": _const(person_id("requester")), "at": _at},
    Given: {
        "key": lambda _ground, said: said.get("person", ""),
        "at": _at,
        "expires": _tomorrow,
        "section": lambda ground, _: ground.section,
        "baseline": lambda ground, _: ground.policy.environments[ground.environment].baseline,
        "from_": lambda ground, _: ground.occupant,
        "leaf": _const(0),
        "nonce": _const(""),
    },
    Hold: {"id": _const("h-case"), "at": _at, "reason": _WHY},
    Waiver: {
        "id": _const("w-case"),
        "request": _const(REQUEST),
        "key": lambda _ground, said: said.get("by", ""),
        "at": _at,
        "expires": _tomorrow,
        "section": lambda ground, _: ground.section,
        "reason": _WHY,
    },
    Glass: {
        "id": _const("g-case"),
        "release": _releases,
        "reason": _WHY,
        "at": _at,
        "until": lambda ground, _: (ground.now + timedelta(hours=1)).isoformat(),
        "keys": lambda _ground, said: said.get("by", []),
    },
    Revocation: {
        "id": _const("r-caserevocation"),
        "environment": lambda ground, _: ground.environment,
        "by": _const(person_id("revoker")),
        "at": _at,
        "leaf": _const(0),
        "reason": _const("other"),
        "digests": lambda ground, _: list(ground.release.artifacts),
    },
}
"""Kind -> the fields that may be left out though the kind itself has no default for them, and what is taken. ``subject`` and ``source`` always may."""

_CALLED: dict[tuple[type, str], str] = {(Given, "person"): "by"}
"""Fields that cases call otherwise."""

_PEOPLE = {(Hold, "by"), (Revocation, "by")}
"""Fields that name a person and are text, for an owner may be nobody's person."""

_PEOPLES_KEYS = {(Given, "key"), (Waiver, "key"), (Glass, "keys")}
"""Fields that name a person's key: here, by the person."""


class Fields(Form):
    """Reads mappings whose fields are told apart here rather than by a type."""

    def __init__(self) -> None:
        super().__init__(None)

    def fields(self, node: Node, needed: Collection[str], others: Collection[str], name: str) -> dict[str, Node]:
        """The values of a mapping's fields that are known; what is unknown or missing is noted, and nothing comes of what is no mapping."""
        if not isinstance(node, Mapping):
            self.wrong(node, f"{name} is a mapping: write it as key: value")
            return {}
        known = [*needed, *others]
        for key, (word, _) in node.pairs.items():
            if key not in known:
                self.wrong(word, f"{name} has no {key[:60]!r}: {self._nearest(key, known)}")
        for key in needed:
            if key not in node.pairs:
                self.wrong(node, f"{name} lacks {key!r}")
        return {key: value for key, (_, value) in node.pairs.items() if key in known}

    def items(self, node: Node, name: str) -> list[Node]:
        """The entries of a list, of which there may be none."""
        if not isinstance(node, Items):
            self.wrong(node, f"{name} is a list: write [one, two]")
            return []
        return node.nodes

    def text(self, node: Node, name: str) -> str:
        """A text; empty where it is none, which is noted."""
        return self.value(node, inspect.type_info(Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]), name) or ""

    def wrong(self, node: Node, text: str) -> None:
        """Note a problem."""
        self.problems.append(Problem("policy.bad-value", node.place, text))

    def one_of(self, node: Node, known: Collection[str], what: str) -> str:
        """A word of these; empty where it is none, which is noted."""
        text = node.text if isinstance(node, Scalar) else ""
        if text in known:
            return text
        self.wrong(node, f"there is no {what} {text[:60]!r}: {self._nearest(text, known)}")
        return ""


class CaseForm(Fields):
    """Reads the facts of one case.

    Attributes:
        ground: what is taken where something is left out. people: name -> id, of everybody who was named so far.
    """

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground
        self.people: dict[str, tuple[PersonId, Node]] = {}
        self._made = 0

    def fact(self, node: Node, kind: type[msgspec.Struct], name: str) -> list[Any]:
        """The facts that one entry of a list comes to: of what is about an artifact and does not say which, one for each; none where it is wrong."""
        type_ = cast("inspect.StructType", inspect.type_info(kind))
        before = len(self.problems)
        plain = self.value(node, type_, name)
        if len(self.problems) > before:
            return []
        each = (
            [plain] if "subject" not in kind.__struct_fields__ or "subject" in plain else [{**plain, "subject": one} for one in self.ground.release.artifacts]
        )
        return [made for one in each if (made := self._converted(node, one, kind)) is not None]

    def _converted(self, node: Node, plain: Plain, kind: type[msgspec.Struct]) -> Any:  # noqa: ANN401  a fact
        try:
            return msgspec.convert(plain, kind)
        except msgspec.ValidationError as err:
            self.wrong(node, str(err))
            return None

    def _value(self, node: Node, type_: inspect.Type, name: str) -> Any:  # noqa: ANN401
        match type_:
            case inspect.StructType() if type_.cls is Release and isinstance(node, Scalar):
                return {"artifacts": [self._digest(node, name)]}
            case inspect.StructType() if type_.cls is Holder and isinstance(node, Scalar):
                return self._struct(Mapping(node.place, {"names": (node, Items(node.place, [node]))}), type_, name)
            case inspect.DateTimeType():
                return self.time(node, name).isoformat()
            case inspect.BoolType():
                if not isinstance(node, Scalar) or not node.plain or node.text not in {"true", "false"}:
                    refuse(node.place, f"{name} is true or false")
                return node.text == "true"
            case inspect.StrType() if type_.pattern in _DIGESTS and isinstance(node, Scalar) and node.text != "none":
                return self._digest(node, name)
            case inspect.StrType() if type_.pattern == _PERSON and isinstance(node, Scalar):
                return self.person(node)
            case inspect.StrType() if type_.pattern == _REQUEST and isinstance(node, Scalar) and _WORD(node.text):
                return request_id(node.text)
            case _:
                return super()._value(node, type_, name)

    def _list(self, node: Node, type_: inspect.VarTupleType, name: str) -> list[Any]:
        """As a policy's, but that there may be none of something."""
        return [] if isinstance(node, Items) and not node.nodes else super()._list(node, type_, name)

    def _struct(self, node: Mapping, type_: inspect.StructType, name: str) -> Plain:
        """A noun, by its fields as policies spell them; what may be left out is filled in."""
        cls, left_out = type_.cls, LEFT_OUT.get(type_.cls, {})
        taken = {*left_out, *({"subject", "source"} & set(cls.__struct_fields__))}
        spelled = {field.name: _CALLED.get((cls, field.name), field.name.strip("_").replace("_", "-")) for field in type_.fields}
        fields = tuple(replace(each, encode_name=spelled[each.name], required=each.required and each.name not in taken) for each in type_.fields)
        said = super()._struct(node, replace(type_, fields=fields), name)
        plain = {each.name: said[spelled[each.name]] for each in fields if spelled[each.name] in said}
        self._names(node, cls, plain, spelled)
        for field, fill in left_out.items():
            if field not in plain:
                plain[field] = fill(self.ground, plain)
        self._keys_of_people(cls, plain)
        if "source" in cls.__struct_fields__ and "source" not in plain:
            self._made += 1
            plain["source"] = digest_of(f"evidence {self._made}".encode())
        if cls is Release:
            plain["artifacts"] = sorted(filter(None, plain.get("artifacts") or ()))  # one that is wrong was noted
        if cls is Signature and bool(plain["key"]) == ("by" in plain):
            refuse(node.place, "a signature is by a key, or by: an identity, of the policy's")
        return {each.encode_name: plain[each.name] for each in type_.fields if each.name in plain}

    def _names(self, node: Mapping, cls: type, plain: Plain, spelled: dict[str, str]) -> None:
        """Texts that are the name of a key of the policy's, or of a person."""
        signs = cls in {Signature, Provenance, Summary} or issubclass(cls, Vouched)
        for field in plain:
            value = node.pairs[spelled[field]][1]
            if plain[field] is None:  # it is wrong, and that was noted
                continue
            if cls is Holder and field == "names":
                plain[field] = [self._name(one, self.ground.policy.identities, "identity") for one in cast("Items", value).nodes]
            elif signs and field == "key":
                plain[field] = self._key(value)
            elif signs and field == "keys":
                plain[field] = sorted(map(self._key, cast("Items", value).nodes))
            elif (cls, field) in _PEOPLE:
                plain[field] = self.person(cast("Scalar", value))

    def _keys_of_people(self, cls: type, plain: Plain) -> None:
        """Fields left out that hold people's keys: they were filled with the people."""
        names = {id_: name for name, (id_, _) in self.people.items()}
        for of, field in _PEOPLES_KEYS:
            if of is cls and (held := plain.get(field)):
                prints = [fingerprint(stand_in_key(names.get(one, one))) for one in ([held] if isinstance(held, str) else held)]
                plain[field] = prints[0] if isinstance(held, str) else prints

    def _digest(self, node: Scalar, name: str) -> Digest:
        if re.search(_pattern(Digest) or "", node.text):
            return node.text
        if not _WORD(node.text):
            refuse(node.place, f"{name} is {node.text[:60]!r}, neither a digest nor a name: lower-case letters, digits and -")
        return digest_of(node.text.encode())

    def person(self, node: Node) -> PersonId:
        """The id of whoever is named here."""
        if not isinstance(node, Scalar) or not _WORD(node.text):
            refuse(node.place, "a person has a name here: lower-case letters, digits and -")
        self.people.setdefault(node.text, (person_id(node.text), node))
        return person_id(node.text)

    def _key(self, node: Node) -> str:
        return fingerprint(self.ground.policy.keys[self._name(node, self.ground.policy.keys, "key")])

    def _name(self, node: Node, known: object, what: str) -> str:
        names = cast("dict[str, object]", known)
        text = node.text if isinstance(node, Scalar) else ""
        if text not in names:
            refuse(node.place, f"there is no {what} {text[:60]!r} in the policy: {self._nearest(text, names)}")
        return text

    def time(self, node: Node, name: str) -> datetime:
        """A point in time, as it is written or from the case's own on."""
        text = node.text if isinstance(node, Scalar) else ""
        form = f"{name} is a time: write 2026-11-22T10:00:00Z, now, 3h ago or in 20m"
        try:
            if text == "now":
                return self.ground.now
            if (found := _SPAN(text)) and text != found[1]:
                return self.ground.now + (span(found[1]) if text.startswith("in ") else -span(found[1]))
            return moment(text)
        except (ValueError, OverflowError):
            refuse(node.place, form)


def refuse(place: Place, text: str) -> NoReturn:
    """Say, from within a `Form`, that a value is wrong."""
    raise Problem("policy.bad-value", place, text)


def moment(text: str) -> datetime:
    """A point in time with its offset from UTC, from 1970 to 2999. Raises ValueError, OverflowError."""
    found = datetime.fromisoformat(text).astimezone(UTC) if _TIME(text) else None
    if found is None or not 1970 <= found.year < 3000:
        raise ValueError("no time with its offset")
    return found
