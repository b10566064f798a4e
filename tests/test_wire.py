"""The composition root: a gate begins whole or not at all, and files of users are read and written with care."""

from __future__ import annotations

import gc
import os
import threading
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from build import key, root
from command_line import call, move_to
from lockgate import config, wire
from lockgate.core.identity import Witnesses, fingerprint
from lockgate.core.ports import Entry
from lockgate.errors import LockgateError, TrustError, UsageError
from lockgate.wire import files


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)


def test_a_gate_that_was_not_begun_leaves_nothing() -> None:
    with pytest.raises(RuntimeError), wire.new_gate(config.load(), "example.com/shop") as ports:
        assert ports.log.head().size == 0
        raise RuntimeError
    assert list(Path().iterdir()) == []
    assert not Path("~/.local/state/lockgate/heads").expanduser().exists()
    with wire.new_gate(config.load(), "example.com/shop"):
        pass
    assert {"keys", "ledger.db", "log.vkey"} <= {path.name for path in Path(".lockgate").iterdir()}


def test_of_two_that_begin_at_once_one_wins() -> None:
    came: list[str] = []

    def begin(origin: str) -> None:
        try:
            with wire.new_gate(config.load(), origin):
                both.wait(30)
            came.append(origin)
        except LockgateError as err:
            came.append(err.code)

    both = threading.Barrier(2)
    threads = [threading.Thread(target=begin, args=(f"example.com/{number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = sorted(came)
    assert won[0].startswith("example.com/")
    assert won[1] == "gate.exists"
    assert Path(".lockgate/log.vkey").read_text().startswith(won[0] + "+")
    assert [path.name for path in Path().iterdir()] == [".lockgate"]


def test_gates_of_one_name_are_remembered_apart() -> None:
    for gate in ("one", "other"):
        with wire.new_gate(config.load(gate=gate), "example.com/shop"):
            pass
    for gate in ("one", "other"):
        ports = wire.open_gate(config.load(gate=gate))
        assert ports.heads.recall(ports.log.vkey) == ports.log.head().note


def test_a_gate_that_is_opened_again_and_again_leaves_nothing_open() -> None:
    with wire.new_gate(config.load(gate="one"), "example.com/shop"):
        pass

    def opened(times: int) -> int:
        for _ in range(times):
            wire.open_gate(config.load(gate="one")).log.append(Entry(leaf=b"{}", stream="house", key=os.urandom(8).hex()))
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    assert opened(5) == opened(1)


class TestWhatWasFoundAndNotNamed:
    """As `safe.directory` of git: what others may have put there is neither opened nor passed over."""

    @pytest.fixture(autouse=True)
    def _gate(self) -> None:
        assert call("init", "--origin", "example.com/shop").code == 0
        Path("below").mkdir()
        os.chdir("below")

    @pytest.mark.parametrize("mode", [0o777, 0o1777])
    def test_where_everybody_may_write(self, mode: int) -> None:
        assert call("status").code == 0
        Path("..").chmod(mode)
        assert "[gate.not-yours]" in call("status").err
        assert call("status", "--gate", "../.lockgate").err.startswith("error  the trust file ")
        assert "[root.not-yours]" in call("status", "--gate", "../.lockgate").err
        assert call("status", "--gate", "../.lockgate", "--trust", "../lockgate.trust").code == 0

    @pytest.mark.parametrize(("name", "code"), [(".lockgate", "gate.not-yours"), ("lockgate.trust", "root.not-yours")])
    def test_what_everybody_may_write_to(self, name: str, code: str) -> None:
        Path("..", name).chmod(0o777)
        said = call("status")
        assert (said.code, said.out) == (2, "")
        assert f"[{code}]" in said.err

    def test_nothing_further_up_is_taken_in_its_place(self) -> None:
        call("init", "--origin", "example.com/near")
        Path().chmod(0o777)
        Path("below").mkdir()
        os.chdir("below")
        assert "[gate.not-yours]" in call("status").err

    def test_by_a_variable_it_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("..").chmod(0o777)
        monkeypatch.setenv("LOCKGATE_GATE", "../.lockgate")
        monkeypatch.setenv("LOCKGATE_TRUST", "../lockgate.trust")
        assert call("status").code == 0

    def test_what_needs_neither_runs_all_the_same(self) -> None:
        Path("..").chmod(0o777)
        assert call("key", "new", "k").code == 0
        assert call("init", "--origin", "example.com/own").code == 0
        assert call("status").code == 0


def test_what_is_pinned_is_never_replaced() -> None:
    wire.write_trust(Path("t"), root())
    assert wire.pinned_root(config.load(trust="t")) == root()
    with pytest.raises(UsageError) as err:
        wire.write_trust(Path("t"), root(version=2))
    assert err.value.code == "root.exists"
    assert wire.pinned_root(config.load(trust="t")) == root()


def test_a_root_that_names_witnesses_is_not_pinned() -> None:
    wire.write_trust(Path("t"), root(witnesses=Witnesses(quorum=1, keys=("w+00000000+AA==",))))
    with pytest.raises(TrustError) as err:
        wire.pinned_root(config.load(trust="t"))
    assert err.value.code == "root.witnesses-unsupported"


def test_a_trust_file_that_is_there_names_the_command_that_was_typed() -> None:
    wire.write_trust(Path("t"), root())
    for place, code in (("t", "root.exists"), ("no/t", "root.unwritable")):
        with pytest.raises(UsageError) as err:
            wire.write_trust(Path(place), root(), "lockgate key root")
        assert (err.value.code, err.value.remedy) == (code, "lockgate key root --write-trust OTHER-FILE")


def test_nothing_stands_behind_what_is_pinned() -> None:
    """Every byte of a trust file is the root, but for one line end."""
    wire.write_trust(Path("t"), root())
    whole = Path("t").read_bytes()
    for behind, code in ((b"\n", "json.not-canonical"), (b" ", "json.not-canonical"), (b"{}", "root.malformed"), (b"\n" * (1 << 20), "root.malformed")):
        Path("t").write_bytes(whole + behind)
        with pytest.raises(LockgateError) as err:
            wire.pinned_root(config.load(trust="t"))
        assert err.value.code == code, behind
    Path("t").write_bytes(whole.removesuffix(b"\n"))
    assert wire.pinned_root(config.load(trust="t")) == root()


def test_a_key_is_made_whole_or_not_at_all() -> None:
    public = wire.make_key(Path("k"), None)
    assert Path("k.pub").read_text() == public + " k\n"
    for name in ("k", ".", "..", "no/where/k"):
        with pytest.raises(UsageError) as err:
            wire.make_key(Path(name), None)
        assert err.value.code in {"key.exists", "key.unwritable"}
    assert not Path("no").exists()


def test_keys_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = wire.make_key(Path("mine.key"), None)
    Path("public-only.pub").write_text(key("other").public)
    Path("rubbish").touch()
    Path("rubbish.pub").write_text("rubbish")
    os.mkfifo("fifo.pub")
    Path("fifo").touch()
    home = config.load().home
    assert home is not None
    home.mkdir(parents=True)
    own = wire.make_key(home / "owner.key", None)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent")
    assert wire.keys_at_hand(config.load()) == {fingerprint(ours): "mine.key", fingerprint(own): str(home / "owner.key")}


def test_the_owners_key_is_made_once() -> None:
    first = wire.owner_signer(config.load(), lambda: b"").public
    assert wire.owner_signer(config.load(), lambda: b"").public == first


def test_without_a_home_a_key_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    with pytest.raises(UsageError) as err:
        wire.owner_signer(config.load(), lambda: b"")
    assert err.value.code == "key.none"


@pytest.mark.parametrize(
    "make", [lambda: os.mkfifo("x"), lambda: Path("x").mkdir(), lambda: Path("x").symlink_to("/dev/zero")], ids=["fifo", "directory", "device"]
)
def test_what_is_no_regular_file_is_neither_read_nor_written(make: object) -> None:
    assert callable(make)
    make()
    for use in (lambda: files.read_head("x", 9), lambda: files.file_digest("x"), lambda: files.write_file("x", b"y")):
        with pytest.raises(OSError, match=r"regular|symbolic|many"):
            use()


def test_a_file_is_written_in_one_step() -> None:
    files.write_file("x", b"one")
    Path("link").hardlink_to("x")
    files.write_file("x", b"two")
    assert (Path("x").read_bytes(), Path("link").read_bytes()) == (b"two", b"one")
    assert files.read_head("x", 2) == b"tw"


def test_whoever_may_not_read_the_keys_may_read_the_gate() -> None:
    assert call("init", "--origin", "example.com/shop").code == 0
    (Path(".lockgate/keys/permit.key")).rename("kept")
    ports = wire.open_gate(config.load(), lambda _: nullcontext())
    assert ports.permit is None
    assert ports.log.head().size == 4


def test_a_gate_that_is_none() -> None:
    Path("gate").mkdir()
    for content, code in ((None, "gate.none"), (b"\xff", "gate.unreadable"), (b"not a key", "vkey.malformed")):
        if content is not None:
            Path("gate/log.vkey").write_bytes(content)
        with pytest.raises(LockgateError) as err:
            wire.open_gate(config.load(gate="gate"))
        assert err.value.code == code
    Path("gate/log.vkey").unlink()
    Path("gate/log.vkey").mkdir()
    with pytest.raises(LockgateError) as err:
        wire.open_gate(config.load(gate="gate"))
    assert err.value.code == "gate.unreadable"


def test_init_twice_beside_a_trust_file_changes_nothing() -> None:
    assert call("init", "--origin", "example.com/shop").code == 0
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    for words in (["init"], ["init", "--origin", "example.com/b"], ["init", "--write-trust", "other.trust"], ["init", "--gate", "other"]):
        assert call(*words).code == 2
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_what_policies_are_checked_against() -> None:
    from lockgate.wire.zones import now, zone_names

    assert "Europe/Berlin" in zone_names()
    assert now().utcoffset() == timedelta(0)
