"""With ``--format json`` every command says one JSON document on stdout and nothing else, whatever becomes of it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import Said, call, leaves, move_to
from house import ROOT

IMAGE = "oci:image:1"


def shop() -> Any:
    spec = importlib.util.spec_from_file_location("shop", Path(__file__).parent / "shop.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def request_id(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shop, asked for production, in the working directory; the request's id."""
    with pytest.MonkeyPatch.context() as patch:
        move_to(tmp_path_factory.mktemp("shop"), patch)
        made = shop()
        for stage in (made.begun, made.signed, made.staged, made.asked):
            stage()
        made.run("log prove 15 --out 15.proof")
        request = Path("request").read_text().strip()
        made.run(f"reject {request} --key carol.key")
        Path("roster.yaml").write_text(made.run("people show"))
        for name, result in (("cases", "refused"), ("failing", "allowed")):
            case = f"cases: [{{name: nothing is there, to: production, expect: {{result: {result}}}}}]\n"
            Path(f"{name}.yaml").write_text("policy: policy.yaml\n" + case)
        yield request


def document(said: Said) -> Any:
    assert said.err == ""
    assert said.out.endswith("\n")
    assert said.out.count("\n") == 1
    return json.loads(said.out)


TRUSTED = ROOT / "tests/evidence/sigstore/public-good.json"
NOWHERE = f"sha256:{'0' * 64}"
COMMANDS: list[tuple[str, int]] = [
    ("init --gate other/gate --origin example.com/other --write-trust other.trust", 0),
    (f"init --from {IMAGE} --write-policy proposed.yaml", 0),
    (f"init --gate third/gate --origin example.com/third --write-trust third.trust --from {IMAGE} --write-policy third.yaml", 0),
    ("key new new.key", 0),
    ("key show new.key.pub", 0),
    ("key root", 0),
    ("key renew", 0),
    ("policy check policy.yaml", 0),
    ("policy apply policy.yaml", 0),
    ("policy show", 0),
    ("policy show --starter", 0),
    ("policy schema", 0),
    ("policy test cases.yaml", 0),
    ("policy test failing.yaml", 1),
    ("policy test policy.yaml", 2),
    ("policy backtest policy.yaml", 0),
    ("policy backtest policy.yaml --last 0", 2),
    ("policy diff policy.yaml", 0),
    ("policy diff policy.yaml policy.yaml policy.yaml", 2),
    ("people list", 0),
    ("people show", 0),
    ("people add Eve --public eve.key.pub", 0),
    ("people apply roster.yaml", 0),
    ("people remove Dan", 0),
    ("people name Carol Caroline", 0),
    ("people erase Dan", 0),
    (f"sign {IMAGE} --key release.key", 0),
    (f"attest {IMAGE} --type slsaprovenance1 --predicate provenance.json --key ci.key", 0),
    (f"verify {IMAGE}", 0),
    (f"verify {IMAGE} --public eve.key.pub", 1),
    (f"trusted-root show {TRUSTED}", 0),
    (f"trusted-root diff {TRUSTED} {TRUSTED}", 0),
    ("trusted-root fetch --from https://tuf.example --root policy.yaml", 1),
    (f"gate {IMAGE} --to staging", 0),
    (f"gate {IMAGE} --to vault", 1),
    (f"gate {IMAGE} --to vault --advise", 0),
    (f"gate {IMAGE} --to staging --advise --idempotency-key x", 2),
    (f"gate {IMAGE} nothing --to vault", 3),
    (f"deploy {IMAGE} --to staging -- true {{ref}}", 0),
    (f"deploy {IMAGE} --to staging -- false {{ref}}", 1),
    (f"deploy {IMAGE} --to vault -- true {{ref}}", 1),
    (f"request {IMAGE} --to production", 0),
    ("approve R --key bob.key", 0),
    ("approve R --duty security --prepare prepared", 0),
    ("approve R --prepare policy.yaml --signature policy.yaml", 1),
    ("reject R --key carol.key", 0),
    ("withdraw R --what rejection --key carol.key", 0),
    ("status", 0),
    ("doctor", 0),
    ("doctor --trust nothing", 1),
    ("completion bash", 0),
    ("completion fish -- gate image --to ", 0),
    (f"why {IMAGE} --to vault", 0),
    ("why 14", 0),
    (f"recall {IMAGE}", 0),
    ("recall 14", 0),
    (f"recall {NOWHERE}", 1),
    (f"recall {NOWHERE} --revoke", 2),
    (f"recall {NOWHERE} --revoke --reason other", 0),
    ("recheck --env staging", 0),
    ("recheck --env nowhere", 2),
    ("advisories show", 0),
    ("advisories import policy.yaml", 1),
    ("log show", 0),
    ("log show 14", 0),
    ("log check", 0),
    ("log prove 14", 0),
    ("log prove 14 --out 14.proof", 0),
    ("log vsa 14", 0),
    ("log vsa 14 --out vsa.json", 0),
    ("verify 15.proof", 0),
    ("verify 15.proof --environment staging", 1),
    ("verify 14.proof --environment production", 1),
    ("log status", 0),
    ("log status --out status.json", 0),
    ("log replay 14", 0),
    ("log stats", 0),
    ("log rebuild", 0),
    ("log record policy.yaml", 1),
    ("hold vault --until 1h --reason freeze", 0),
    ("lift h-0000000000", 2),
    ("waive soaked --for R --until 1h --reason late", 2),
    (f"break-glass {IMAGE} --to vault --reason down", 1),
    ("break-glass --join g-0000000000", 2),
    ("review g-0000000000 --findings policy.yaml", 2),
    ("log exceptions", 0),
]


@pytest.mark.parametrize(("command", "code"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_one_document(command: str, code: int, request_id: str) -> None:
    own, dashes, rest = command.partition(" -- ")
    words = [request_id if word == "R" else word for word in own.split()]
    said = call(*words, "--format", "json", *(["--", *rest.split()] if dashes else []))
    assert said.code == code, said
    found = document(said)
    if "error" in found:
        assert set(found["error"]) == {"code", "message", "remedy"}


UNPINNED = ["status", "why 14", "log show", "log check", "log prove 14", "log replay 14", "people list", "policy show", "key root", f"gate {IMAGE} --to vault"]


@pytest.mark.parametrize("command", UNPINNED)
def test_unpinned_is_said_beside_the_document(command: str, request_id: str) -> None:
    """Whatever the command's document is, also an error's: one line of JSON on stderr for each thing nobody may miss."""
    assert request_id
    Path("lockgate.trust").rename("kept")
    try:
        said = call(*command.split(), "--format", "json")
    finally:
        Path("kept").rename("lockgate.trust")
    json.loads(said.out)
    assert [json.loads(line)["note"]["code"] for line in said.err.splitlines()] == ["root.unpinned"]


def test_a_first_look_is_said_beside_the_document(request_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Once under a pinned root; without one nothing is remembered, and it is said each time."""
    assert request_id
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another account"))
    codes = []
    for name in ("kept", "kept", "lockgate.trust", "lockgate.trust"):
        if name == "kept":
            Path("lockgate.trust").rename("kept")
        said = call("status", "--format", "json")
        if name == "kept":
            Path("kept").rename("lockgate.trust")
        assert json.loads(said.out)["unpinned"] == (name == "kept")
        codes.append([json.loads(line)["note"]["code"] for line in said.err.splitlines()])
    assert codes == [["root.unpinned", "head.unpinned"]] * 2 + [["head.unpinned"], []]


def test_no_command_is_left_out() -> None:
    tried = {tuple(command.split()[:2]) for command, _ in COMMANDS} | {tuple(command.split()[:1]) for command, _ in COMMANDS}
    assert [each for each in leaves() if each not in tried] == []


@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_errors_before_options_are_understood(path: tuple[str, ...], request_id: str) -> None:
    for words in ((*path, "--no-such-thing"), (*path, "a", "b", "c", "d"), (*path, "\x1b[2J"), (*path, "\udcff")):
        said = call(*words, "--format=json")
        assert said.code in {1, 2, 3}
        assert document(said)["error"]["code"].count(".") == 1
    assert request_id


def test_what_follows_two_dashes_asks_for_nothing(request_id: str) -> None:
    said = call("deploy", IMAGE, "--to", "nowhere", "--", "echo", "{ref}", "--format", "json")
    assert (said.code, said.out) == (2, "")
    assert request_id
