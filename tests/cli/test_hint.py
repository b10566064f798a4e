"""What to type after an error: with this command line's own values, and never called ready where a value is missing."""

from __future__ import annotations

import shlex

import click
import pytest
from click.core import ParameterSource
from hypothesis import given
from hypothesis import strategies as st

from command_line import leaves
from lockgate.cli.hint import FLAGS, TAKES_KEY, hint
from lockgate.cli.main import cli
from lockgate.render.remedies import REMEDIES

PAGE = "docs/codes/log.md"


@pytest.mark.parametrize(
    ("remedy", "typed", "said"),
    [
        ("", "gate x", ""),
        ("lockgate status", "gate x --to y", "next:  lockgate status"),
        ("lockgate gate REF --to ENV --config FILE", "gate 'my image' --to=staging", "try:   lockgate gate 'my image' --to staging --config FILE"),
        ("lockgate request REF --to ENV", "gate image --to staging --gate g --trust t", "next:  lockgate request image --to staging --gate g --trust t"),
        ("lockgate request REF --to ENV", "gate a b --to e --config c --config d", "next:  lockgate request a b --to e --config c --config d"),
        ("lockgate sign REF --key KEY", "gate a b --to e --key k", "try:   lockgate sign REF --key KEY"),
        ("lockgate approve R --expires 72h", "approve r-aaaaaaaaaa --expires 0h --key k", "next:  lockgate approve r-aaaaaaaaaa --expires 72h --key k"),
        ("lockgate status", "approve r-aaaaaaaaaa --key k", "next:  lockgate status"),
        ("lockgate approve R --duty DUTY", "gate i --request r-bbbbbbbbbb", "try:   lockgate approve r-bbbbbbbbbb --duty DUTY"),
        ("lockgate verify REF", "verify fifo", "try:   lockgate verify REF"),
        ("lockgate verify FILE", "verify empty.json --gate g", "try:   lockgate verify FILE --gate g"),
        ("lockgate gate REF --to ENV", "gate i --to e --key k --config c", "try:   lockgate gate REF --to ENV --key k"),
        ("lockgate verify REF", "why 14", "try:   lockgate verify REF"),
        ("lockgate gate REF --to ENV", "verify x.proof", "try:   lockgate gate REF --to ENV"),
        ("lockgate verify FILE", "log record d.json", "next:  lockgate verify d.json"),
        ("lockgate log record FILE", "policy apply p.yaml", "try:   lockgate log record FILE"),
        ("lockgate policy check FILE", "policy apply p.yaml --key k", "next:  lockgate policy check p.yaml"),
        ("mend the file, then: lockgate policy check FILE", "policy apply p.yaml", "try:   mend the file, then: lockgate policy check p.yaml"),
        ("lockgate log prove INDEX --out FILE", "log prove 3 --out /no/where", "try:   lockgate log prove 3 --out FILE"),
        ("lockgate gate --help", "gate --key k --gate g", "next:  lockgate gate --help"),
        ("lockgate COMMAND --trust FILE", "status --trust t", "try:   lockgate status --trust FILE"),
        ("lockgate COMMAND --trust FILE", "policy apply policy.yaml --gate x", "try:   lockgate policy apply policy.yaml --gate x --trust FILE"),
        ("lockgate COMMAND --key KEY", "deploy i --to e --format json -- cp {ref} 'a b'", "try:   lockgate deploy i --to e --key KEY -- cp '{ref}' 'a b'"),
        (
            "lockgate COMMAND --key KEY",
            "deploy i --to e -- up --password=hunter2 {ref}",
            "try:   lockgate deploy i --to e --key KEY -- up --password=SECRET '{ref}'",
        ),
        (
            "lockgate COMMAND --timeout 30m",
            "deploy i --to e -- up --token x {ref}",
            "try:   lockgate deploy i --to e --timeout 30m -- up --token SECRET '{ref}'",
        ),
        ("lockgate people add NAME --duty ENV=DUTY", "request i --to staging", "try:   lockgate people add NAME --duty staging=DUTY"),
        ("lockgate status", "status --format json", f"try:   read {PAGE}, and then the same again"),
        ("chmod 600 bob.key", "reject r", "next:  chmod 600 bob.key"),
        ("ssh-add KEY", "sign x", "try:   ssh-add KEY"),
        (
            REMEDIES["release-file.malformed"],
            "gate --release r.yaml --to staging",
            "try:   mend the file at the line and column named, then: lockgate gate --release r.yaml --to staging",
        ),
        (
            "if that is as it should be there: lockgate COMMAND --plain-http a:5000",
            "recall a:5000/b:1 --platform linux/arm64",
            "try:   if that is as it should be there: lockgate recall a:5000/b:1 --platform linux/arm64 --plain-http a:5000",
        ),
        ("lockgate verify REF", "recall a:5000/b:1 --plain-http a:5000", "try:   lockgate verify REF --plain-http a:5000"),
        ("restore it from a backup", "status", "try:   restore it from a backup"),
        ("lockgate gate REF --to ENV -- CMD", "deploy i --to e --gate g -- REF --to x", "try:   lockgate gate i --to e --gate g -- CMD"),
        ("lockgate it's odd", "status", "try:   lockgate it's odd"),
    ],
)
def test_hints(remedy: str, typed: str, said: str) -> None:
    assert hint(remedy, shlex.split(typed), PAGE) == said


KINDS = {
    "REF…": "ref",
    "ENV": "env",
    "R": "r-",
    "POLICY": "policy",
    "EVENT": "event",
    "INDEX": "7",
    "KEY": "key",
    "--gate": "gate",
    "--trust": "trust",
    "--config": "config",
    "--public": "public",
    "--duty": "env-x=",
    "--platform": "os/",
    "--plain-http": "plain",
    "--idempotency-key": "idempotent",
}
"""What a value is -> how the values of that kind begin here; of no other kind is anything ever filled in."""

ARGUMENTS = {
    **dict.fromkeys(("gate", "deploy", "request", "sign", "attest", "why", "recall", "break-glass"), "REF…"),
    **dict.fromkeys(("approve", "reject", "withdraw"), "R"),
    **dict.fromkeys(("policy check", "policy apply", "policy backtest"), "POLICY"),
    **dict.fromkeys(("log show", "log prove", "log replay", "log vsa"), "INDEX"),
    "log record": "EVENT",
    "hold": "ENV",
}
OPTIONS = {"--to": "ENV", "--request": "R", "--for": "R", "--key": "KEY"}

LINES = [
    "gate ref-a ref-b --to env-x --config config-c --request r-aaaa --platform os/x --idempotency-key idempotent --key key-k --gate gate-g --trust trust-t",
    "gate ref-a --to env-x --plain-http plain-h",
    "gate ref-a --to env-x",
    "gate ref-a --to env-x --advise --key key-k",
    "deploy ref-a --to env-x --config config-c --key key-k --gate gate-g --trust trust-t -- command {ref}",
    "request ref-a --to env-x --config config-c --plain-http plain-a --plain-http plain-b --key key-k",
    "approve r-aaaa --duty duty-d --expires 1h --prepare prepared-p --signature signature-s --key key-k --gate gate-g",
    "reject r-aaaa --key key-k",
    "withdraw r-aaaa --what request --trust trust-t",
    "status --gate gate-g --trust trust-t",
    "recall ref-a --to env-x --platform os/x --revoke --reason other --key key-k --gate gate-g",
    "recall 7 --trust trust-t",
    "recheck --env env-x --offline --alert-command alert-c --plain-http plain-h --gate gate-g --trust trust-t",
    "advisories import export-e --kev kev-k --gate gate-g",
    "advisories show --trust trust-t",
    "request ref-a --to env-x --rollback --key key-k",
    "request --to env-x --rollback",
    "gate ref-a --to env-x --permit-out out-p",
    "verify thing-t --artifact ref-a --environment env-x --config config-c --status status-s --run --trust trust-t",
    "log status --out out-o --max-age 1h --gate gate-g",
    "why 7 --gate gate-g",
    "why ref-a ref-b --to env-x --key key-k",
    "init --origin origin-o --name name-n --owner owner-o --threshold 2 --write-trust out-t --key key-k",
    "hold env-x --until 1h --reason why-w --key key-k --gate gate-g",
    "lift id-i --key key-k",
    "waive requirement-q --for r-aaaa --until 1h --reason why-w --key key-k",
    "break-glass ref-a ref-b --to env-x --config config-c --reason why-w --key key-k --gate gate-g",
    "break-glass --join id-g --trust trust-t",
    "review id-g --findings findings-f --key key-k",
    "log exceptions --gate gate-g",
    "init --from ref-a --public public-p --platform os/x --write-policy policy-p",
    "doctor --key key-k --gate gate-g --trust trust-t",
    "completion bash",
    "people list",
    "people add name-n --public public-p --duty env-x=approve:d --key key-k --gate gate-g",
    "people remove name-n",
    "people erase name-n",
    "people apply people-p --key key-k",
    "people show",
    "people name name-n name-m",
    "key new file-f",
    "key show file-f",
    "key root --write-trust out-t",
    "key renew --owner owner-o --days 9 --key key-k",
    "policy check policy-p --gate gate-g",
    "policy apply policy-p --key key-k --trust trust-t",
    "policy show --starter --key key-k",
    "policy schema",
    "policy test cases-c --policy policy-p --gate gate-g",
    "policy test cases-c --in-force",
    "policy backtest policy-p --environment env-x --since 30d --last 3 --fail-on-flip --gate gate-g",
    "policy backtest --proposed r-aaaa",
    "policy diff old-p new-p",
    "policy diff --proposed r-aaaa --trust trust-t",
    "sign ref-a --key key-k",
    "attest ref-a --type type-t --predicate predicate-p --key key-k",
    "verify thing-t --public public-p",
    "verify thing-t --trust trust-t",
    "trusted-root show root-r",
    "trusted-root diff root-r root-s",
    "trusted-root fetch --from url-u --root root-r --out out-o --target name-n --plain-http plain-h",
    "log show 7",
    "log show --about r-aaaa --last 3",
    "log check --gate gate-g",
    "log prove 7 --out out-o",
    "log vsa 7 --out out-o --public-out public-p --gate gate-g",
    "log vsa 7 --attach ref-a --platform os/x",
    "log replay 7",
    "log stats --environment env-x --since 30d",
    "log rebuild",
    "log record event-e --gate gate-g",
]


def parsed(words: list[str]) -> tuple[str, dict[str, list[str]]]:
    """A command line as click reads it: the command's path, and each parameter that was given -> its words."""
    group: click.Command = cli
    path: list[str] = []
    while isinstance(group, click.Group):
        found = group.get_command(click.Context(group), words[0])
        assert found is not None, words
        group, path, words = found, [*path, words[0]], words[1:]
    context = group.make_context(" ".join(path), list(words), resilient_parsing=False)
    given = [one for one in group.params if context.get_parameter_source(one.name or "") is ParameterSource.COMMANDLINE]
    values = {max(one.opts, key=len) if isinstance(one, click.Option) else "": context.params[one.name or ""] for one in given}
    return " ".join(path), {name: [str(each) for each in (value if isinstance(value, tuple) else (value,))] for name, value in values.items()}


@pytest.mark.parametrize("line", LINES)
def test_nothing_is_filled_in_that_is_of_another_kind(line: str) -> None:
    for remedy in sorted({each for each in REMEDIES.values() if each.startswith("lockgate ")}):
        if "COMMAND" in remedy or "--version" in remedy or "--help" in remedy:
            continue
        said = hint(remedy, line.split(), PAGE)
        own = set(remedy.split())
        if not said[7:].startswith("lockgate "):
            continue
        try:
            path, given = parsed(shlex.split(said[7:])[1:])
        except click.BadParameter:  # a number that is not known yet
            if said.startswith("next:"):
                raise
            continue
        for name, values in given.items():
            kind = ARGUMENTS.get(path, "none") if not name else OPTIONS.get(name, name)
            for value in values:
                flag = name in own and value == "True"
                same_thing = path == "verify" and not name and value.startswith(("thing-t", "event-e", "ref-a"))
                assert value in own or flag or same_thing or value.startswith(KINDS.get(kind, "nothing at all")), f"{remedy}: {said}"


@pytest.mark.parametrize("line", LINES)
def test_the_same_command_with_another_option_keeps_everything_else(line: str) -> None:
    path, typed = parsed(line.split())
    for remedy in sorted({each for each in REMEDIES.values() if each.startswith("lockgate COMMAND")}):
        named = {word for word in remedy.split() if word.startswith("--")}
        if not named <= {name for one in command_of(tuple(path.split())).params for name in one.opts}:
            continue  # no error of this command
        again, given = parsed(shlex.split(hint(remedy, line.split(), PAGE)[7:])[1:])
        assert again == path
        assert {name: value for name, value in given.items() if name not in named} == {name: value for name, value in typed.items() if name not in named}


def test_every_command_is_among_the_lines() -> None:
    assert [path for path in leaves() if not any(line.split()[: len(path)] == list(path) for line in LINES)] == []


def test_who_takes_a_key_is_known() -> None:
    takes = {path for path in leaves() if any("--key" in one.opts for one in command_of(path).params)}
    assert takes == TAKES_KEY


def test_which_options_have_no_value_is_known() -> None:
    """An option that is not known to have none would take the next word with it."""
    flags = {name for path in leaves() for one in command_of(path).params if isinstance(one, click.Option) and one.is_flag for name in one.opts}
    assert flags - FLAGS == set()


def command_of(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for name in path:
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), name)
        assert below is not None
        found = below
    return found


TYPED = ["gate", "policy", "check", "--to", "--key", "--", "-h", "--starter", "--gate=x y", "R", "$(reboot)", "a'b"]
WORDS = st.lists(st.sampled_from(TYPED) | st.text(max_size=6), max_size=8)


@given(st.sampled_from(sorted(set(REMEDIES.values()))), WORDS)
def test_what_was_typed_adds_no_command(remedy: str, words: list[str]) -> None:
    said = hint(remedy, words, PAGE)
    assert said[:7] in {"next:  ", "try:   "}
    if said.startswith("next:  lockgate"):
        typed = shlex.split(said[7:])
        assert len(typed) <= len(shlex.split(remedy)) + 2 * max(3, len(words))
        assert all(word in typed or shlex.quote(word) not in said for word in words if word.startswith("$("))


def test_whoever_takes_a_reference_takes_the_registries_that_speak_no_tls() -> None:
    takes = {path: {name for parameter in command_of(path).params for name in parameter.opts} for path in leaves()}
    assert [path for path, names in takes.items() if "--platform" in names and "--plain-http" not in names] == []
    assert sum("--plain-http" in names for names in takes.values()) >= 10
