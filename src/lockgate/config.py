"""Environment variables and options -> one frozen `Config`. The only place that reads `os.environ`.

LOCKGATE_GATE      the gate's directory; default: ``.lockgate`` here or in a directory above
LOCKGATE_TRUST     the pinned root; default: ``lockgate.trust`` here or in a directory above
LOCKGATE_KEY       your key: a private key file, a ``.pub`` file or ``SHA256:…`` fingerprint your agent holds
SSH_AUTH_SOCK      your agent
XDG_STATE_HOME     where the heads you saw are remembered; default ``~/.local/state``
XDG_CONFIG_HOME    where ``init`` puts a new owner's key; default ``~/.config``
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where everything is.

    Attributes:
        gate: the gate's directory, whether it is there or not.
        trust: the pinned root's file; None where there is none.
        key: what names the user's key; empty for none.
        agent: the agent's socket; empty for none.
        state: the user's own memory. home: where the user's own keys are made.
    """

    gate: Path
    trust: Path | None
    key: str
    agent: str
    state: Path
    home: Path


def load(*, gate: str = "", trust: str = "", key: str = "") -> Config:
    """The configuration: options stand above variables, variables above defaults.

    Args:
        gate, trust, key: as given on the command line; empty where not.
    """
    here = Path.cwd()
    home = Path.home()
    gate = gate or os.environ.get("LOCKGATE_GATE", "")
    trust = trust or os.environ.get("LOCKGATE_TRUST", "")
    return Config(
        gate=Path(gate) if gate else _above(here, ".lockgate") or here / ".lockgate",
        trust=Path(trust) if trust else _above(here, "lockgate.trust"),
        key=key or os.environ.get("LOCKGATE_KEY", ""),
        agent=os.environ.get("SSH_AUTH_SOCK", ""),
        state=Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "lockgate",
        home=Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "lockgate",
    )


def _above(here: Path, name: str) -> Path | None:
    """The nearest `name` in `here` or a directory above it."""
    return next((folder / name for folder in (here, *here.parents) if (folder / name).exists()), None)
