"""Running the deployer's command: in a process group of its own, told of signals, held to its time."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from lockgate.core.ports import Ended, Stopped

_STDERR = 2
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOT_THERE, _NOT_RUNNABLE = 127, 126

GRACE_SECONDS = 10.0
"""How long a command has to end by itself once its time is over."""

_POLL_SECONDS = 0.05


class ProcessRunner:
    """Runs a command; no shell. Its streams are this process's own.

    It is the leader of a process group of its own. Where this process has the terminal the group gets it, so that Ctrl-C and Ctrl-Z reach the command
    once and as if it had been typed; SIGINT, SIGTERM and SIGHUP that come to this process alone are passed on to the group: whoever deploys lives to
    record how it ended. A signal that is ignored here, as under nohup, is ignored by the command too. What it leaves running when it ends is left
    alone, but for a command that took too long: of that nothing stays.
    """

    def run(self, command: Sequence[str], limit: timedelta, *, to_stderr: bool) -> Ended:
        """See `core.ports.Runner`."""
        with _listening() as ear:
            try:
                process = subprocess.Popen(
                    list(command),  # the command is the deployer's own
                    stdout=_STDERR if to_stderr else None,
                    close_fds=False,  # only what is inheritable goes on: what marks this deployment lives as long as its command (`store.underway`)
                    process_group=0,
                )
            except FileNotFoundError:
                return Ended(status=_NOT_THERE)
            except (OSError, ValueError):
                return Ended(status=_NOT_RUNNABLE)
            with _terminal(process.pid) as terminal:
                stopped = _watched(process, ear, terminal, limit)
            ended = process.wait()
        return Ended(status=ended if ended >= 0 else 128 - ended, signal=max(0, -ended), stopped=stopped, heard=ear.last)


class _Ear:
    """Signals that came, and a pipe on which one can wait for the next."""

    def __init__(self, wake: int | None) -> None:
        self.wake = wake
        self.last = 0
        self._came: list[int] = []

    def hear(self, number: int, _frame: object) -> None:
        """A handler."""
        if number != signal.SIGCHLD:
            self._came.append(number)

    def take(self) -> list[int]:
        """What came since."""
        came, self._came = self._came, []
        self.last = came[-1] if came else self.last
        return came

    def wait(self, seconds: float) -> None:
        """Until a signal comes, or that long."""
        if self.wake is None:
            time.sleep(min(seconds, _POLL_SECONDS))
        elif select.select([self.wake], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 512)


@contextlib.contextmanager
def _listening() -> Iterator[_Ear]:
    """Outlive the signals meant for the command. Only the main thread hears any; any other looks every now and then."""
    if threading.current_thread() is not threading.main_thread():
        yield _Ear(None)
        return
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    ear = _Ear(read)
    heard = [number for number in _PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ear.hear) for number in (*heard, signal.SIGCHLD)}
    woken = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield ear
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)


def _watched(process: subprocess.Popen[bytes], ear: _Ear, terminal: _Terminal, limit: timedelta) -> Stopped:
    """Wait for the command's end, which is not reaped yet: so its group cannot be another's. What this process did to it: `Ended.stopped`."""
    stopped: Stopped = ""
    kill_at = 0.0
    end = time.monotonic() + limit.total_seconds()
    while True:
        for number in ear.take():
            stopped = stopped or "interrupted"
            _send(process.pid, number)
        state = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        if state is not None and state.si_code != os.CLD_STOPPED:
            break
        if state is not None:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG)
            terminal.pause(state.si_status)
        now = time.monotonic()
        if now >= end and not kill_at:
            stopped, kill_at = "timed-out", now + GRACE_SECONDS
            _send(process.pid, signal.SIGTERM)
            _send(process.pid, signal.SIGCONT)  # one that is halted hears nothing
        elif kill_at and now >= kill_at:
            _send(process.pid, signal.SIGKILL)
            kill_at = now + GRACE_SECONDS
        ear.wait(max(0.0, (kill_at or end) - now))
    if kill_at:
        _send(process.pid, signal.SIGKILL)  # what it left behind
    return stopped


def _send(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


class _Terminal:
    """The terminal, where this process has it: the command's group has it meanwhile.

    Args:
        fd: the terminal; None where there is none, or another has it.
        group: the command's.
    """

    def __init__(self, fd: int | None, group: int) -> None:
        self._fd, self._group = fd, group

    def to(self, group: int) -> None:
        """Give it to a group. Blocked, SIGTTOU does not halt who is not in front."""
        if self._fd is None:
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            with contextlib.suppress(OSError):
                os.tcsetpgrp(self._fd, group)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def pause(self, number: int) -> None:
        """The command halted: by Ctrl-Z this process halts too, as the shell expects, and both go on together; before it had the terminal, it goes on."""
        if self._fd is None:
            return
        if number not in {signal.SIGTTIN, signal.SIGTTOU}:
            self.to(os.getpgrp())
            os.killpg(os.getpgrp(), signal.SIGTSTP)
            if os.tcgetpgrp(self._fd) != os.getpgrp():  # it goes on in the background
                _send(self._group, signal.SIGCONT)
                return
        self.to(self._group)
        _send(self._group, signal.SIGCONT)


@contextlib.contextmanager
def _terminal(group: int) -> Iterator[_Terminal]:
    """The terminal of the command's group, and ours again afterwards."""
    with contextlib.ExitStack() as stack:
        fd = None
        with contextlib.suppress(OSError):
            fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            stack.callback(os.close, fd)
            if os.tcgetpgrp(fd) != os.getpgrp():
                fd = None
        terminal = _Terminal(fd, group)
        terminal.to(group)
        try:
            yield terminal
        finally:
            terminal.to(os.getpgrp())
