"""Alerts by a command: argv as given, JSON on its stdin, an end to its time, and nothing of it left."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from lockgate.adapters.alerts.command import CommandCourier
from lockgate.errors import LedgerError


def refused(courier: CommandCourier, alert: bytes = b"{}") -> str:
    with pytest.raises(LedgerError) as err:
        courier.deliver(alert)
    assert err.value.code == "alert.not-delivered"
    return err.value.message


def test_it_gets_the_alert_on_its_stdin_and_its_words_as_they_are(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + sys.stdin.read())"
    CommandCourier([sys.executable, "-c", script, str(tmp_path / "got"), "$HOME; "]).deliver(b'{"a":1}')
    assert (tmp_path / "got").read_text() == '$HOME; {"a":1}'


@pytest.mark.parametrize(("script", "said"), [("exit 3", "ended with 3"), ("kill -9 $$", "by signal 9")])
def test_it_fails(script: str, said: str) -> None:
    assert said in refused(CommandCourier(["sh", "-c", script]))


def test_it_is_not_there() -> None:
    assert "No such file" in refused(CommandCourier(["/no/such/command"]))


def test_it_does_not_read() -> None:
    CommandCourier(["true"]).deliver(b"x" * 1_000_000)


def test_its_time_is_over_and_nothing_of_it_stays(tmp_path: Path) -> None:
    late = tmp_path / "late"
    began = time.monotonic()
    assert "took longer than 0.3 s" in refused(CommandCourier(["sh", "-c", f"(sleep 2; touch {late}) & sleep 60"], 0.3))
    assert time.monotonic() - began < 30
    time.sleep(2.2)
    assert not late.exists()


def test_what_it_writes_is_never_on_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    CommandCourier(["sh", "-c", "echo out; echo err >&2"]).deliver(b"{}")
    assert capfd.readouterr() == ("", "out\nerr\n")
