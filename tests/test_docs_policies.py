"""What the pages of requirements tell people to write is a policy: it is read, and what is shown of it is read as the same."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from build import key
from house import ROOT
from lockgate.core.requirements import KINDS
from lockgate.evidence.policy_yaml import dump_policy, parse_policy

PAGES = ROOT / "docs" / "requirements"
BLOCK = re.compile(r"^```yaml\n(requires:\n.*?)^```$", re.MULTILINE | re.DOTALL)
FOUND = {page.stem: BLOCK.findall(page.read_text(encoding="utf-8")) for page in sorted(PAGES.glob("*.md"))}
EXAMPLES = [pytest.param(block, id=f"{page} {number}") for page, blocks in FOUND.items() for number, block in enumerate(blocks)]


def public(name: str) -> bytes:
    """The key in a file of that name."""
    return key(Path(name).stem).public.encode()


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_is_a_policy(block: str) -> None:
    requires, _, keys = block.partition("keys:\n")
    missing = {name for names in re.findall(r"keys: \[([^\]]*)\]", requires) for name in names.split(", ")} - set(re.findall(r"^  (\w+):", keys, re.MULTILINE))
    keys += "".join(f"  {name}: {{file: {name}.pub}}\n" for name in sorted(missing))
    first = "  staging:\n    requires:\n      - not-revoked: {evidence: yes}\n"
    text = f"version: 1\nproject: shop\nenvironments:\n{first}  production:\n    from: staging\n{textwrap.indent(requires, '    ')}"
    policy = parse_policy((text + (f"keys:\n{keys}" if keys else "")).encode(), "policy.yaml", public)
    assert parse_policy(dump_policy(policy).encode(), "shown.yaml", None) == policy


def test_every_requirement_has_one() -> None:
    shown = {kind for blocks in FOUND.values() for block in blocks for kind in re.findall(r"^  - ([a-z-]+):", block, re.MULTILINE)}
    assert set(KINDS) - shown == set()
