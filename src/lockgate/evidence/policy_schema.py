"""The JSON Schema (2020-12) of a policy file as people write it, for editors: from the very types that `policy_yaml` reads it by.

What the schema refuses the reader refuses. The reader refuses more: what one part says of another, and how YAML is written. So a file
that an editor is content with is still checked by ``lockgate policy check``.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
from msgspec import inspect

from lockgate.core.identity import Name
from lockgate.core.policy import Policy
from lockgate.core.requirements import KINDS
from lockgate.core.requirements.base import Requirement
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.core.signers import IdentityRule
from lockgate.evidence import policy_keys, policy_roots
from lockgate.evidence.algorithms import ALGORITHMS
from lockgate.evidence.policy_yaml import KEYS, MEANING, ROOT

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LONGEST = 1000
"""Characters of a text whose type sets no other bound, as `policy_yaml` has it."""

Schema = dict[str, Any]

_EXACTLY_ONE: dict[type, tuple[tuple[str, ...], ...]] = {
    IdentityRule: (("issuer", "issuer-glob", "issuer-regex"), ("identity", "identity-glob", "identity-regex")),
    VerifiedBy: (("resource", "resource-glob"),),
}
"""Fields of which one stands there, and one alone."""


def policy_schema() -> Schema:
    """The whole schema: a JSON value, with the requirements, in the order of the docs, under ``$defs``."""
    defs: dict[str, Schema] = {}
    whole = _struct(cast("inspect.StructType", inspect.type_info(Policy)), defs)
    return {"$schema": DIALECT, "title": "lockgate policy", **whole, "$defs": defs}


def _schema(type_: inspect.Type, defs: dict[str, Schema]) -> Schema:
    match type_:
        case inspect.StructType():
            return _struct(type_, defs)
        case inspect.DictType():
            return _dict(type_, defs)
        case inspect.VarTupleType():
            most = {"maxItems": type_.max_length} if type_.max_length is not None else {}
            items = _schema(type_.item_type, defs)
            once = {} if "$ref" in items or "properties" in items else {"uniqueItems": True}
            return {"type": "array", "minItems": 1, **most, **once, "items": items}
        case inspect.UnionType() if all(isinstance(one, inspect.StructType) for one in type_.types):
            return _requirement(defs)
        case inspect.UnionType():
            return _schema(next(one for one in type_.types if not isinstance(one, inspect.NoneType)), defs)
        case inspect.IntType():
            bounds = {"minimum": type_.ge, "maximum": type_.le}
            return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.LiteralType():
            return {"const": type_.values[0]} if len(type_.values) == 1 else {"enum": list(type_.values)}
        case inspect.StrType() if type_.pattern in KEYS:
            return _named(defs, "key", _key())
        case inspect.StrType() if type_.pattern == ROOT:
            return _named(defs, "trusted-root", _forms(policy_roots.FORMS, "a trusted root: a file beside this one, or its JSON"))
        case inspect.StrType():
            return _text(type_)
        case _:
            raise NotImplementedError(f"no schema for {type_}: add it")


def _text(type_: inspect.StrType) -> Schema:
    said: Schema = {"type": "string"}
    if type_.pattern is None:
        return {**said, "minLength": type_.min_length or 0, "maxLength": type_.max_length or LONGEST}
    meaning = MEANING.get(type_.pattern)
    most = {"maxLength": type_.max_length} if type_.max_length is not None else {}
    told = {"patternErrorMessage": meaning, "description": meaning} if meaning else {}
    return {**said, "pattern": _ecma(type_.pattern), **most, **told}


def _ecma(pattern: str) -> str:
    """A pattern of ours as ECMA-262 has it: there ``$`` is the end of the text, and nothing else."""
    return pattern.replace(r"\Z", "$")


def _dict(type_: inspect.DictType, defs: dict[str, Schema]) -> Schema:
    most = {"maxProperties": type_.max_length} if type_.max_length is not None else {}
    names = _schema(type_.key_type, defs)
    return {"type": "object", "minProperties": 1, **most, "propertyNames": names, "additionalProperties": _schema(type_.value_type, defs)}


def _struct(type_: inspect.StructType, defs: dict[str, Schema]) -> Schema:
    said = documented(type_.cls)
    properties = {field.encode_name: _field(field, said.get(field.name, ""), defs) for field in type_.fields}
    needed = [field.encode_name for field in type_.fields if field.required]
    rules: list[Schema] = [{"oneOf": [{"required": [name]} for name in names]} for names in _EXACTLY_ONE.get(type_.cls, ())]
    if "identities" in type_.cls.__struct_fields__ and type_.cls in KINDS.values():
        rules.append({"anyOf": [{"required": ["keys"]}, {"required": ["identities"]}]})
    whole: Schema = {"type": "object", "description": summary(type_.cls), "properties": properties, "additionalProperties": False}
    return {**whole, **({"required": needed} if needed else {}), **({"allOf": rules} if rules else {})}


def _field(field: inspect.Field, said: str, defs: dict[str, Schema]) -> Schema:
    schema = _schema(field.type, defs)
    if said:
        schema = {**schema, "description": f"{said}; {schema['description']}" if schema.get("type") == "string" and "description" in schema else said}
    if field.default is msgspec.NODEFAULT or field.default in (None, ()):
        return schema
    return {**schema, "default": list(field.default) if isinstance(field.default, tuple) else msgspec.to_builtins(field.default)}


def _requirement(defs: dict[str, Schema]) -> Schema:
    """A mapping with one key, its kind, and perhaps an id beside it."""
    properties: Schema = {}
    for kind, cls in KINDS.items():
        whole = _struct(cast("inspect.StructType", inspect.type_info(cls)), defs)
        properties[kind] = {**_named(defs, kind, whole), "description": whole["description"]}
    id_ = {**_text(cast("inspect.StrType", inspect.type_info(Name))), "description": documented(Requirement)["id"]}
    one = [{"required": [kind]} for kind in KINDS]
    return _named(defs, "requirement", {"type": "object", "properties": {**properties, "id": id_}, "additionalProperties": False, "oneOf": one})


def _named(defs: dict[str, Schema], name: str, schema: Schema) -> Schema:
    defs[name] = schema
    return {"$ref": f"#/$defs/{name}"}


def _forms(forms: tuple[str, ...], description: str) -> Schema:
    """A mapping with one key, the form something is written in."""
    one = [{"required": [form]} for form in forms]
    return {
        "type": "object",
        "description": description,
        "properties": {form: {"type": "string"} for form in forms},
        "additionalProperties": False,
        "oneOf": one,
    }


def _key() -> Schema:
    whole = _forms(policy_keys.FORMS, "a public key: by value, or a file beside this one; beside ssh, pem and file the algorithm may stand")
    whole["properties"]["algorithm"] = {"enum": list(ALGORITHMS), "description": "how it signs; an RSA key does not say"}
    whole["oneOf"] = [{"required": [form], **({"properties": {"algorithm": False}} if form in ALGORITHMS else {})} for form in policy_keys.FORMS]
    return whole


def summary(cls: type) -> str:
    """The first paragraph of a class's docstring, in one line."""
    return _kebab(_line((cls.__doc__ or "").split("\n\n", 1)[0]), cls)


def documented(cls: type) -> dict[str, str]:
    """What a Struct's docstring says of each of its fields, under ``Attributes:``."""
    names = "|".join(sorted(map(re.escape, getattr(cls, "__struct_fields__", ())), key=len, reverse=True))
    _, _, attributes = (cls.__doc__ or "").partition("Attributes:\n")
    text = re.split(r"\n\s*\n", attributes, maxsplit=1)[0]
    found = list(re.finditer(rf"(?:\A|\n|\. )\s*((?:{names})(?:, (?:{names}))*): ", text)) if names else []
    said: dict[str, str] = {}
    for one, after in zip(found, [*found[1:], None], strict=False):
        words = _kebab(_line(text[one.end() : after.start() if after else len(text)]).removesuffix("."), cls)
        said.update(dict.fromkeys(one[1].split(", "), words))
    return said


def _kebab(text: str, cls: type) -> str:
    """Fields that the text names, as policies write them."""
    for name in getattr(cls, "__struct_fields__", ()):
        text = re.sub(rf"\b{name}\b", name.strip("_").replace("_", "-"), text) if "_" in name else text
    return text


def _line(text: str) -> str:
    return " ".join(text.replace("``", "").replace("`", "").split())
