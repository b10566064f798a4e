"""Environment variables and options -> one frozen `Config`. The only place that reads `os.environ`.

LOCKGATE_GATE      the gate's directory; default: ``.lockgate`` here or in a directory above
LOCKGATE_TRUST     the pinned root; default: ``lockgate.trust`` here or in a directory above
LOCKGATE_KEY       your key: a private key file, a ``.pub`` file or ``SHA256:…`` fingerprint your agent holds
SUDO_UID           of root alone: whose gate and trust file are taken where they are found, besides root's
SSH_AUTH_SOCK      your agent
XDG_STATE_HOME     where the heads you saw are remembered; default ``~/.local/state``
XDG_CONFIG_HOME    where ``init`` puts a new owner's key; default ``~/.config``
LOCKGATE_REGISTRIES  how registries are reached; default: ``lockgate/registries.toml`` in XDG_CONFIG_HOME
REGISTRY_AUTH_FILE podman's file of logins for registries, in place of all others
DOCKER_CONFIG      the directory of docker's ``config.json``, where logins for registries stand; default ``~/.docker``
XDG_RUNTIME_DIR    where podman keeps its logins, in ``containers/auth.json``
HTTPS_PROXY, NO_PROXY  what connections to registries go through, and which do not; also in lower case
SSL_CERT_FILE, SSL_CERT_DIR  whom OpenSSL trusts, in place of the system's certificates; read by OpenSSL itself
LOCKGATE_ALERT_COMMAND  what ``recheck`` tells of what it recorded: a command, its words as a shell would split them; no shell runs it
LOCKGATE_ALERT_URL LOCKGATE_ALERT_KEY  or a web hook, and the file of the key that alerts to it are signed with
NO_COLOR           not empty: no colours, on terminals neither
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from lockgate.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where everything is.

    Attributes:
        gate: the gate's directory, whether it is there or not. gate_by: how it came to be this one.
        trust: the pinned root's file; None where there is none. trust_by: likewise.
        strange: what was found, and not named, though somebody else may have put it there -> why that may be.
        key: what names the user's key; empty for none.
        agent: the agent's socket; empty for none.
        state: the user's own memory. home: where the user's own keys are made. None where the user has no home.
        here: the working directory. ssh: where OpenSSH keeps the user's keys.
        logins: files of logins for registries, whether they are there or not; the first that knows one counts.
        registries: ``registries.toml``, whether it is there or not; None where the user has no home. registries_named: whether it was named.
        plain_http: registries that are spoken to in plain HTTP, besides those named there.
        proxy, no_proxy: as given; empty for none. The first may hold a password, and is left out of the text form.
        colour: whether a terminal may be written to in colours.
        alert_command, alert_url, alert_key: as given; empty for none. The address may hold a secret, and is left out of the text form.
    """

    gate: Path
    trust: Path | None
    strange: dict[Path, str]
    key: str
    agent: str
    state: Path | None
    home: Path | None
    here: Path
    ssh: Path | None
    logins: tuple[Path, ...]
    registries: Path | None
    registries_named: bool
    plain_http: tuple[str, ...]
    proxy: str = field(repr=False)
    no_proxy: str
    colour: bool
    alert_command: str = ""
    alert_url: str = field(default="", repr=False)
    alert_key: str = ""
    gate_by: str = ""
    trust_by: str = ""


def load(*, gate: str = "", trust: str = "", key: str = "", plain_http: tuple[str, ...] = (), above: bool = True) -> Config:
    """The configuration: options stand above variables, variables above defaults.

    Args:
        gate, trust, key, plain_http: as given on the command line; empty where not.
        above: whether a gate is looked for in the directories above too.

    Raises:
        UsageError: ``setting.no-directory``, ``setting.not-text``, ``setting.malformed``.
    """
    try:
        here = Path.cwd()
    except OSError as err:
        raise UsageError("setting.no-directory", f"the working directory cannot be told: {err.strerror}") from None
    home = _home()
    gate_by, trust_by = _by(gate, "--gate", "LOCKGATE_GATE"), _by(trust, "--trust", "LOCKGATE_TRUST")
    gate, trust, key = gate or _setting("LOCKGATE_GATE"), trust or _setting("LOCKGATE_TRUST"), key or _setting("LOCKGATE_KEY")
    registries, own = _setting("LOCKGATE_REGISTRIES"), _below(_setting("XDG_CONFIG_HOME"), home, ".config")
    found_gate = _above(here, ".lockgate") if above and not gate else None
    found_trust = None if trust else _above(here, "lockgate.trust")
    return Config(
        gate=Path(gate) if gate else found_gate or here / ".lockgate",
        trust=Path(trust) if trust else found_trust,
        strange={path: why for path in (found_gate, found_trust) if path and (why := strangeness(path, owners()))},
        key=key,
        agent=_setting("SSH_AUTH_SOCK"),
        state=_below(_setting("XDG_STATE_HOME"), home, ".local/state"),
        home=own,
        here=here,
        ssh=home / ".ssh" if home else None,
        logins=_logins(home, own),
        registries=Path(registries) if registries else own and own / "registries.toml",
        registries_named=bool(registries),
        plain_http=tuple(map(_host, plain_http)),
        proxy=_setting("HTTPS_PROXY") or _setting("https_proxy"),
        no_proxy=_setting("NO_PROXY") or _setting("no_proxy"),
        colour=not _setting("NO_COLOR") and os.environ.get("TERM") != "dumb",
        alert_command=_setting("LOCKGATE_ALERT_COMMAND"),
        alert_url=_setting("LOCKGATE_ALERT_URL"),
        alert_key=_setting("LOCKGATE_ALERT_KEY"),
        gate_by=gate_by or ("found here or above" if found_gate else "looked for here and above" if above else "here"),
        trust_by=trust_by or "found here or above",
    )


def _logins(home: Path | None, own: Path | None) -> tuple[Path, ...]:
    """Where logins for registries may stand: where the user says; else where podman, then docker keeps them (containers-auth.json(5))."""
    if named := _setting("REGISTRY_AUTH_FILE"):
        return (Path(named),)
    docker, runtime = _setting("DOCKER_CONFIG"), _setting("XDG_RUNTIME_DIR")
    found = [Path(docker) / "config.json"] if docker else []
    found += [Path(runtime) / "containers/auth.json"] if runtime.startswith("/") else []
    found += [own.parent / "containers/auth.json"] if own else []
    return (*found, *([home / ".docker/config.json"] if home and not docker else []))


def _host(text: str) -> str:
    """``HOST[:PORT]`` as it stands in references, in lower case. Raises UsageError ``setting.malformed``."""
    from lockgate.core.digest import parse_ref  # noqa: PLC0415  --help does not wait for it

    try:
        host, _, rest = parse_ref(f"registry:{text}/x").path.partition("/")
    except UsageError:
        host, rest = "", ""
    if rest != "x":
        raise UsageError("setting.malformed", "--plain-http names no host of a registry: write HOST or HOST:PORT, as in references to it")
    return host


def _by(typed: str, option: str, variable: str) -> str:
    """How a place was named, in words; empty where it is looked for."""
    return f"named by {option}" if typed else f"named by {variable}" if _setting(variable) else ""


def _setting(name: str) -> str:
    """A variable's text; empty where it is not set. What is not UTF-8 could neither be shown nor recorded."""
    value = os.environ.get(name, "")
    if not value.isprintable():
        raise UsageError("setting.not-text", f"{name} holds something that is no printable text")
    return value


def _home() -> Path | None:
    """The user's home; None where there is none, or no absolute one."""
    if os.environ.get("HOME") == "":
        return None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home.is_absolute() else None


def _below(chosen: str, home: Path | None, default: str) -> Path | None:
    """The user's directory for lockgate. A relative one is ignored, as the XDG base directory specification says."""
    if chosen.startswith("/"):
        return Path(chosen) / "lockgate"
    return home / default / "lockgate" if home is not None else None


def _above(here: Path, name: str) -> Path | None:
    """The nearest `name` in `here` or a directory above it; one that cannot be read counts, and is told of when it is opened."""
    return next((folder / name for folder in (here, *here.parents) if os.path.lexists(folder / name)), None)


def owners() -> frozenset[int]:
    """Whose files are taken where they are found: this account's and root's; root's own run by sudo, the caller's too."""
    effective = os.geteuid()
    caller = os.environ.get("SUDO_UID", "") if effective == 0 else ""
    return frozenset({effective, 0} | ({int(caller)} if re.fullmatch(r"[0-9]{1,10}", caller) else set()))


def strangeness(path: Path, owners: frozenset[int]) -> str:
    """Why somebody else may have put `path` there, or may change it between this look and its use; empty where only `owners` can have.

    The same is asked of the path, of the directory it stands in, and, where it is a link, of what it leads to and the directory that stands in:

      1  it belongs to one of `owners`: in a place such as ``/tmp`` anybody may put what they like
      2  not everybody may write to it, sticky or not
    """
    try:
        real = Path(os.path.realpath(path))
        looks = ((path, path.lstat()), (path.parent, path.parent.stat()), (real, real.stat()), (real.parent, real.parent.stat()))
        for place, found in looks:
            if found.st_uid not in owners:
                return f"{place} belongs to another account ({found.st_uid})"
            if found.st_mode & stat.S_IWOTH and not stat.S_ISLNK(found.st_mode):
                return f"everybody may write to {place}"
    except OSError as err:
        return f"it cannot be looked at: {err.strerror}"
    return ""
