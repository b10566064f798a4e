"""evidence.policy_schema: what the reader takes the schema takes, in every example, any policy, and files bent out of shape."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evidence.test_policy_yaml import ED_KEY, policies
from house import ROOT
from lockgate.core.policy import Policy
from lockgate.core.requirements import KINDS
from lockgate.errors import PolicyError
from lockgate.evidence.policy_schema import documented, policy_schema, summary
from lockgate.evidence.policy_yaml import dump_policy, flow, parse_policy

SCHEMA = policy_schema()
VALID = jsonschema.Draft202012Validator(SCHEMA)


class Core(yaml.CSafeLoader):
    """YAML 1.2's core schema, as editors read it: ``no`` is text."""


Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int"}]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$|^0o[0-7]+$|^0x[0-9a-fA-F]+$"), list("-+0123456789"))


def seen(text: str) -> Any:
    return yaml.load(text, Loader=Core)


def refusals(text: str) -> list[str]:
    return [one.message for one in VALID.iter_errors(seen(text))]


def examples() -> Iterator[Any]:
    """Every policy in the docs, the demos and the tests that is written out whole."""
    for path in sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").rglob("*"), *(ROOT / "demo").rglob("*")]
    ):
        if path.is_file() and path.suffix in {".md", ".py", ".sh", ".yaml", ""} and path.name != Path(__file__).name:
            text = path.read_text(encoding="utf-8", errors="replace")
            for number, found in enumerate(re.findall(r"^version: 1\nproject: .*?(?=^END$|^```|^\"\"\")", text, re.MULTILINE | re.DOTALL)):
                if "%s" not in found and "{{" not in found and "…" not in found and "ALGORITHM" not in found:
                    yield pytest.param(found, id=f"{path.relative_to(ROOT)}-{number}")


def test_it_is_a_schema_and_says_of_everything_what_it_is() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    empty = [path for path, value in walk(SCHEMA, "") if value == {}]
    assert empty == [], "a part that takes anything says nothing"


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from walk(inner, f"{path}/{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_each_requirement_is_there_with_its_fields_and_what_they_are(kind: str) -> None:
    own, cls = SCHEMA["$defs"][kind], KINDS[kind]
    assert set(own["properties"]) == set(cls.__struct_encode_fields__)
    assert own["description"] == summary(cls) != ""
    assert SCHEMA["$defs"]["requirement"]["properties"][kind]["$ref"] == f"#/$defs/{kind}"
    said = documented(cls)
    assert [name for name in cls.__struct_fields__ if name not in said and name != "id"] == [], "Attributes: has a line for each field"


def test_there_are_examples() -> None:
    assert len(list(examples())) >= 10


@pytest.mark.parametrize("text", [*examples()])
def test_every_example_is_taken(text: str) -> None:
    assert refusals(text) == []


@given(policies())
def test_any_policy_is_taken(policy: Policy) -> None:
    assert refusals(dump_policy(policy)) == []


BENT = st.sampled_from(
    [None, "", "no", "24h", "0h", 0, 1, 65, -1, True, [], {}, ["a"], ["a", "a"], "x y", {"a": 1}, "sha256:" + "a" * 64, {"keys": ["a"]}, "none"]
)
WORDS = st.sampled_from(
    ["id", "keys", "identities", "signed-by", "soaked", "from", "accepts", "log", "house", "A", "x" * 65, "for", "file", "ssh", "algorithm"]
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for name in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[name], (*at, name))


@given(policies(), st.data())
def test_what_the_schema_refuses_the_reader_refuses(policy: Policy, data: st.DataObject) -> None:
    whole = copy.deepcopy(seen(dump_policy(policy)))
    for _ in range(data.draw(st.integers(1, 2))):
        *at, last = data.draw(st.sampled_from([place for place in places(whole) if place]))
        inner = whole
        for step in at:
            inner = inner[step]
        how = data.draw(st.sampled_from(["put", "drop", "rename", "add"]))
        if how == "put":
            inner[last] = data.draw(BENT)
        elif how == "drop" or not isinstance(inner, dict):
            del inner[last]
        elif how == "rename":
            inner[data.draw(WORDS)] = inner.pop(last)
        else:
            inner[data.draw(WORDS)] = data.draw(BENT)
    text = "null" if whole is None else flow_of(whole)
    if refusals(text):
        with pytest.raises(PolicyError):
            parse_policy(text.encode(), "p.yaml", lambda _: ED_KEY.encode())


def flow_of(value: Any) -> str:
    return "{" + ", ".join(f"{flow(name)}: {flow_of(each)}" for name, each in value.items()) + "}" if isinstance(value, dict) else _other(value)


def _other(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(flow_of, value)) + "]"
    return json.dumps(value) if value is None or isinstance(value, bool) else flow(value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("version: 1", 'version: "1"'),
        ("project: shop", "project: Shop"),
        ("signed-by:", "singed-by:"),
        ("signed-by: {keys: [k]}", "signed-by: {}"),
        ("signed-by: {keys: [k]}", "signed-by: {keys: []}"),
        ("signed-by: {keys: [k]}", "signed-by: {keys: [k, k]}"),
        ("signed-by: {keys: [k]}", "signed-by: {keys: [k], threshold: 0}"),
        ("signed-by: {keys: [k]}", "signed-by: {keys: [k], max_age: 1d}"),
        ("signed-by: {keys: [k]}", "signed-by: {keys: [k], max-age: 0d}"),
        ("signed-by: {keys: [k]}", "signed-by: {keys: [k]}, soaked: {in: a, for: 1d}"),
        ("signed-by: {keys: [k]}", "verified-by: {verifier: v, keys: [k]}"),
        ("signed-by: {keys: [k]}", "verified-by: {verifier: v, keys: [k], resource: a, resource-glob: b}"),
        ("signed-by: {keys: [k]}", "approved: {duties: {security: 33}}"),
        ("signed-by: {keys: [k]}", "approved: {duties: {security: 1}, independent-of: [everybody]}"),
        ("\nkeys:", "\n    accepts: {log: maybe}\nkeys:"),
        ("k: {file: a}", "k: {file: a, ssh: b}"),
        ("k: {file: a}", "k: {ed25519: a, algorithm: ed25519}"),
        ("k: {file: a}", "k: a"),
        ("\nkeys:", "\nidentities: {i: {root: r, issuer: a, issuer-glob: b, identity: c}}\nkeys:"),
        ("\nkeys:", "\ntrusted-roots: {r: {url: a}}\nkeys:"),
    ],
)
def test_an_editor_is_told(old: str, new: str) -> None:
    good = "version: 1\nproject: shop\nenvironments:\n  a:\n    requires: [{signed-by: {keys: [k]}}]\nkeys:\n  k: {file: a}\n"
    assert refusals(good) == []
    assert old in good
    text = good.replace(old, new)
    assert refusals(text) != []
    with pytest.raises(PolicyError):
        parse_policy(text.encode(), "p.yaml", lambda _: ED_KEY.encode())


def test_what_a_docstring_says_of_fields() -> None:
    class Told:
        """A thing.

        Attributes:
            one, two: both. three_more: and
                so on, as `one` does.
            four: the last.

        Raises:
            five: never.
        """

        __struct_fields__ = ("one", "two", "three_more", "four", "five")

    assert documented(Told) == {"one": "both", "two": "both", "three_more": "and so on, as one does", "four": "the last"}
    assert summary(Told) == "A thing."
