"""What to type after an error: with this command line's own values, and never called ready where a value is missing."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.cli.hint import hint
from lockgate.render.remedies import REMEDIES


@pytest.mark.parametrize(
    ("remedy", "typed", "said"),
    [
        ("", "gate x", ""),
        ("lockgate status", "gate x --to y", "next:  lockgate status"),
        ("lockgate gate REF --to ENV --config FILE", "gate 'my image' --to=staging", "try:   lockgate gate 'my image' --to staging --config FILE"),
        ("lockgate request REF --to ENV", "gate image --to staging --gate g --trust t", "next:  lockgate request image --to staging --gate g --trust t"),
        ("lockgate approve R --expires 72h", "approve r-aaaaaaaaaa --expires 0h --key k", "next:  lockgate approve r-aaaaaaaaaa --expires 72h --key k"),
        ("lockgate status", "approve r-aaaaaaaaaa --key k", "next:  lockgate status"),
        ("lockgate approve R --duty DUTY", "gate i --request r-bbbbbbbbbb", "try:   lockgate approve r-bbbbbbbbbb --duty DUTY"),
        ("lockgate verify REF", "verify fifo", "try:   lockgate verify REF"),
        ("lockgate policy check FILE", "policy apply p.yaml", "next:  lockgate policy check p.yaml"),
        ("lockgate log prove INDEX --out FILE", "log prove 3 --out /no/where", "try:   lockgate log prove 3 --out FILE"),
        ("lockgate gate --help", "gate --key k --gate g", "next:  lockgate gate --help"),
        ("lockgate COMMAND --trust FILE", "status --trust t", "try:   lockgate COMMAND --trust FILE"),
        ("chmod 600 bob.key", "reject r", "next:  chmod 600 bob.key"),
        ("ssh-add KEY", "sign x", "try:   ssh-add KEY"),
        ("restore it from a backup", "status", "try:   restore it from a backup"),
        ("lockgate gate REF --to ENV -- CMD", "deploy i --to e -- REF --to x", "try:   lockgate gate i --to e -- CMD"),
        ("lockgate it's odd", "status", "try:   lockgate it's odd"),
    ],
)
def test_hints(remedy: str, typed: str, said: str) -> None:
    assert hint(remedy, shlex.split(typed)) == said


TYPED = ["gate", "policy", "check", "--to", "--key", "--", "-h", "--starter", "--gate=x y", "R", "$(reboot)", "a'b"]
WORDS = st.lists(st.sampled_from(TYPED) | st.text(max_size=6), max_size=8)


@given(st.sampled_from(sorted(set(REMEDIES.values()))), WORDS)
def test_what_was_typed_adds_no_command(remedy: str, words: list[str]) -> None:
    said = hint(remedy, words)
    assert said[:7] in {"next:  ", "try:   "}
    if said.startswith("next:  lockgate"):
        typed = shlex.split(said[7:])
        assert len(typed) <= len(shlex.split(remedy)) + 6
        assert all(word in typed or shlex.quote(word) not in said for word in words if word.startswith("$("))
