"""The real command line killed: at random moments, and at each step of an append. Nothing is half-written, nothing that was said is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lockgate.adapters.store.sqlite_log import FAILPOINTS

TESTS = Path(__file__).parent.parent
IMAGE = "oci:image:1"
APPEND = [name for name in FAILPOINTS if name.startswith("append.")]
BEFORE, AFTER = APPEND[:-1], APPEND[-1]


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Shop:
    """A directory with a gate in it, and real processes that use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = {**os.environ, "HOME": str(path / "home"), "PYTHONPATH": f"{TESTS.parent / 'src'}:{TESTS}", "TMPDIR": str(path / "tmp")}

    def start(self, *words: str, script: tuple[str, ...] = ("-m", "lockgate.cli.main")) -> subprocess.Popen[str]:
        args = [sys.executable, *script, *words]
        return subprocess.Popen(args, cwd=self.path / "work", env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str, script: tuple[str, ...] = ("-m", "lockgate.cli.main")) -> Ended:
        process = self.start(*words, script=script)
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err)

    def crash(self, step: str, count: int, *words: str) -> Ended:
        return self.run(*words, script=(str(TESTS / "crashing.py"), step, str(count)))

    def check(self) -> Any:
        """`log check`, which has to pass; what it says."""
        ended = self.run("log", "check", "--format", "json")
        assert ended.code == 0, ended.err
        return ended.json()

    def status(self, environment: str) -> Any:
        return next(one for one in self.run("status", "--format", "json").json()["environments"] if one["name"] == environment)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop")
    for name in ("home", "work", "tmp"):
        (path / name).mkdir()
    ended = Shop(path).run("approved", script=(str(TESTS / "cli" / "shop.py"),))
    assert ended.code == 0, ended.err
    return path


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Iterator[Shop]:
    """Approved for production by two; production soaked its second."""
    shutil.copytree(template, tmp_path / "shop")
    made = Shop(tmp_path / "shop")
    yield made
    assert list((made.path / "tmp").iterdir()) == [] or made.path.joinpath("killed").exists()


@pytest.mark.parametrize("step", APPEND)
def test_the_gate_killed_at_a_step_of_its_record(shop: Shop, step: str) -> None:
    words = ("gate", IMAGE, "--to", "production", "--idempotency-key", "job-7", "--format", "json")
    size = shop.check()["size"]
    killed = shop.crash(step, 1, *words)
    assert (killed.code, killed.out) == (-signal.SIGKILL, "")
    # 1. All of it is recorded, or nothing.
    assert shop.check()["size"] == size + (step == AFTER)
    # 2. The retry gets the permit; so does another question by the same person, and nobody gets a second one.
    again = shop.run(*words)
    assert (again.code, again.json()["decision"]["outcome"]) == (0, "allowed")
    assert again.json()["index"] == size
    assert again.json()["new"] is (step != AFTER)
    assert shop.run(*words).json()["index"] == size
    other = shop.run("gate", IMAGE, "--to", "production", "--format", "json").json()
    assert (other["index"], other["new"], other["decision"]) == (size, False, again.json()["decision"])
    assert shop.check()["size"] == size + 1


@pytest.mark.parametrize("step", ["append.inserted", "append.signed", AFTER])
def test_an_approval_killed_on_its_way(shop: Shop, step: str) -> None:
    asked = shop.run("request", IMAGE, "--to", "production").out.strip()
    size = shop.check()["size"]
    assert shop.crash(step, 1, "approve", asked, "--key", "bob.key").code == -signal.SIGKILL
    assert shop.check()["size"] == size + (step == AFTER)
    assert shop.run("approve", asked, "--key", "bob.key").code == 0
    assert shop.run("approve", asked, "--key", "carol.key").code == 0
    gated = shop.run("gate", IMAGE, "--to", "production", "--request", asked, "--format", "json").json()
    assert gated["decision"]["outcome"] == "allowed"
    shop.check()


@pytest.mark.parametrize(
    ("step", "count"), [("append.before-commit", 1), (AFTER, 1), ("append.inserted", 2), (AFTER, 2), ("append.inserted", 3), ("append.signed", 3), (AFTER, 3)]
)
def test_a_deployment_killed_at_a_step_of_its_records(shop: Shop, step: str, count: int) -> None:
    """Its three records: the decision, the begin and `deployed`. What ran and was not recorded is not taken for deployed, nor is what ran before."""
    (shop.path / "killed").touch()
    words = ("deploy", IMAGE, "--to", "production", "--", "sh", "-c", 'cp -rT "$0" there; chmod -R u+w there', "{ref}")
    killed = shop.crash(step, count, *words)
    assert killed.code == -signal.SIGKILL
    ran, recorded = (shop.path / "work" / "there").exists(), (step, count) == (AFTER, 3)
    begun = (count, step) >= (2, AFTER) and not recorded and (count == 3 or step == AFTER)
    assert ran == (count == 3)
    status = shop.status("production")
    assert (status.get("occupant") is not None, status.get("running") is not None) == (recorded, begun)
    # Whoever deploys next finds it, says that it is unknown, and what runs is known again.
    size = shop.check()["size"]
    again = shop.run("deploy", "--format", "json", *words[1:])
    assert (again.code, "settled" in again.json()) == (0, begun), again
    shown = [one["kind"] for one in shop.run("log", "show", "--last", "9", "--format", "json").json()]
    assert ("deploy-unknown" in shown) == begun
    assert shop.check()["size"] > size
    status = shop.status("production")
    assert (status.get("occupant") is not None, status.get("running"), status.get("unclear")) == (True, None, None)


def pause(shop: Shop, *more: str) -> tuple[subprocess.Popen[str], int]:
    """A deployment whose command waits, in a child that has none of our pipes' ends; both processes."""
    place = shop.path / "work" / "pid"
    script = 'echo $$ >pid.new; mv pid.new pid; sleep 60 >/dev/null 2>&1; : "$0"'
    process = shop.start("deploy", IMAGE, "--to", "staging", *more, "--", "sh", "-c", script, "{ref}")
    for _ in range(1200):
        if place.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()
    return process, int(place.read_text())


def test_lockgate_killed_while_its_command_runs(shop: Shop) -> None:
    """As by the system, or with the machine: the command may go on, and until it ended nobody else begins."""
    (shop.path / "killed").touch()
    process, command = pause(shop)
    process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):  # the command holds the other ends
        assert stream is not None
        stream.close()
    status = shop.status("staging")
    assert status["running"] is not None
    busy = shop.run("deploy", IMAGE, "--to", "staging", "--", "true", "{ref}")
    assert (busy.code, "deployed.under-way" in busy.err) == (1, True), busy
    os.killpg(command, signal.SIGKILL)
    gone = ended = shop.run("deploy", IMAGE, "--to", "staging", "--", "true", "{ref}")
    while ended.code and "deployed.under-way" in ended.err:  # the system takes a moment to clear it away
        ended = shop.run("deploy", IMAGE, "--to", "staging", "--", "true", "{ref}")
    assert ended.code == 0, gone
    assert "never told its end: that is recorded as deploy-unknown" in ended.err
    status = shop.status("staging")
    assert (status.get("running"), status.get("unclear")) == (None, None)
    shop.check()


def test_a_machine_that_is_lost(shop: Shop) -> None:
    """Its state directory went with it: only its deployer's word, or the time, tells that it is not coming back."""
    (shop.path / "killed").touch()
    process, command = pause(shop)
    process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):  # the command holds the other ends
        assert stream is not None
        stream.close()
    os.killpg(command, signal.SIGKILL)
    shutil.rmtree(shop.path / "home" / ".local" / "state" / "lockgate" / "underway")
    assert shop.run("deploy", IMAGE, "--to", "staging", "--", "true", "{ref}").code == 1
    assert shop.run("deploy", IMAGE, "--to", "staging", "--abandon", "--", "true", "{ref}").code == 0
    shop.check()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_lockgate_asked_to_stop_while_its_command_runs(shop: Shop, number: signal.Signals, code: int) -> None:
    process, _ = pause(shop)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "UNKNOWN   the command was asked to stop" in err) == (code, True), err
    status = shop.status("staging")
    assert (status.get("occupant"), status["unclear"]["because"]) == (None, "interrupted")
    shop.check()


def test_the_command_killed_alone(shop: Shop) -> None:
    process, command = pause(shop)
    os.kill(command, signal.SIGKILL)
    _, err = process.communicate(timeout=90)
    assert (process.returncode, "UNKNOWN   the command was killed" in err) == (137, True), err
    os.killpg(command, signal.SIGKILL)  # what it left behind, which is left alone
    assert shop.status("staging")["unclear"]["because"] == "killed"
    shop.check()


def test_any_command_killed_at_any_moment(shop: Shop) -> None:
    """Real processes, killed after a random time: the log adds up, and the same question gets one answer."""
    seed = int(os.environ.get("ATTACK_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    print(f"ATTACK_SEED={seed}")
    dice = random.Random(seed)
    (shop.path / "killed").touch()
    request = (shop.path / "work" / "request").read_text().strip()
    began = time.monotonic()
    shop.run("status")
    usual = time.monotonic() - began
    for number in range(8):
        words = dice.choice(
            [
                ("gate", IMAGE, "--to", "staging", "--idempotency-key", f"job-{number}"),
                ("deploy", IMAGE, "--to", "staging", "--", "true", "{ref}"),
                ("approve", request, "--key", "carol.key"),
                ("reject", request, "--key", "dan.key"),
                ("request", IMAGE, "--to", "production"),
            ]
        )
        process = shop.start(*words)
        time.sleep(dice.uniform(0.3, 1.3) * usual)
        process.kill()
        process.communicate()
        if words[0] == "gate":
            first, second = (shop.run(*words, "--format", "json").json() for _ in range(2))
            assert first["index"] == second["index"]
            assert second["decision"]["outcome"] == "allowed"
    shop.check()
    assert shop.run("log", "rebuild").code == 0
    shop.check()


def test_eight_processes_at_once_all_finish(shop: Shop) -> None:
    began = time.monotonic()
    processes = [shop.start("gate", IMAGE, "--to", "production", "--format", "json") for _ in range(8)]
    ended = [process.communicate(timeout=60) for process in processes]
    taken = time.monotonic() - began
    answers = [json.loads(out) for out, _ in ended]
    assert [one["decision"]["outcome"] for one in answers] == ["allowed"] * 8
    assert [process.returncode for process in processes] == [0] * 8
    assert len({one["index"] for one in answers}) == 1  # one person, one permit
    assert sorted(one["new"] for one in answers) == [*[False] * 7, True]
    # By design nobody waits: what they take is the work of eight. The bound only catches a wait for a lock.
    assert taken < 25
    shop.check()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[Path, int], Callable[[str], None]]]:
    """``mounted(path, size)`` puts a small disk at a path, and gives what remounts it with other options."""
    places: list[Path] = []

    def make(path: Path, size: int) -> Callable[[str], None]:
        path.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(path)], check=False, capture_output=True).returncode:
            pytest.skip("nothing may be mounted here")
        places.append(path)

        def remount(options: str) -> None:
            subprocess.run(["mount", "-o", f"remount,{options}", str(path)], check=True)

        return remount

    yield make
    for path in places:
        subprocess.run(["umount", "-l", str(path)], check=True)


def on_a_disk(shop: Shop, mounted: Callable[[Path, int], Callable[[str], None]], spare: int) -> Callable[[str], None]:
    """Move the gate to a disk of its own with so many bytes left."""
    gate = shop.path / "work" / ".lockgate"
    moved = shop.path / "moved"
    gate.rename(moved)
    used = sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in moved.rglob("*"))
    remount = mounted(gate, used + spare)
    shutil.copytree(moved, gate, dirs_exist_ok=True)
    return remount


def test_a_full_disk(shop: Shop, mounted: Callable[[Path, int], Callable[[str], None]]) -> None:
    remount = on_a_disk(shop, mounted, 60_000)
    size, told = shop.check()["size"], 0

    def ask(number: int) -> Ended:
        return shop.run("gate", IMAGE, "--to", "staging", "--idempotency-key", f"job-{number}", "--format", "json")

    while (ended := ask(told)).code == 0:
        told += 1
    error = ended.json()["error"]
    assert ended.code == 4, ended
    assert error["code"] in {"log.full", "blob.full", "index.unwritable"}, error
    remount("size=64m")
    assert shop.check()["size"] >= size + told
    for number in {0, told}:
        assert ask(number).json()["decision"]["outcome"] == "allowed"
    assert shop.check()["size"] == size + told + 1


def test_a_read_only_directory(shop: Shop, mounted: Callable[[Path, int], Callable[[str], None]]) -> None:
    remount = on_a_disk(shop, mounted, 4 << 20)
    size = shop.check()["size"]
    remount("ro")
    request = (shop.path / "work" / "request").read_text().strip()
    for words in (
        ("gate", IMAGE, "--to", "production"),
        ("approve", request, "--key", "bob.key"),
        ("deploy", IMAGE, "--to", "production", "--", "touch", "ran", "{ref}"),
    ):
        ended = shop.run(*words, "--format", "json") if words[0] != "deploy" else shop.run(words[0], "--format", "json", *words[1:])
        assert ended.code in {2, 4}, ended
        assert ended.json()["error"]["code"].partition(".")[0] in {"log", "blob", "index"}, ended
    assert not (shop.path / "work" / "ran").exists()
    remount("rw")
    assert shop.check()["size"] == size
    assert shop.run("gate", IMAGE, "--to", "production").code == 0
