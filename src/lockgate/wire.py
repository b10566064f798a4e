"""Config -> Ports: the single composition root. Nothing else imports adapters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lockgate import canon
from lockgate.adapters.clock import SystemClock
from lockgate.adapters.keys.agent import AgentSigner
from lockgate.adapters.keys.files import FileSigner, create_key, load_key
from lockgate.adapters.keys.find import find_signer
from lockgate.adapters.process import ProcessRunner, TemporaryScratch
from lockgate.adapters.sources.local import LocalSource
from lockgate.adapters.store.blobs import DiskBlobs
from lockgate.adapters.store.directory import FileDirectory
from lockgate.adapters.store.heads import FileHeads
from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.app.attach import Bench
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.config import Config
from lockgate.core.identity import PublicKey, Root
from lockgate.core.ports import Signer
from lockgate.errors import UnreadableError, UsageError
from lockgate.evidence import keys
from lockgate.ledger.note import parse_vkey, verifier_key

LEDGER, INDEX, DIRECTORY, LOG_KEY, PERMIT_KEY, VKEY = "ledger.db", "index.db", "people.json", "keys/log.key", "keys/permit.key", "log.vkey"
OWNER_KEY = "owner.key"


class TrustFile(Noun, frozen=True, kw_only=True):
    """``lockgate.trust``: the root a verifier pins."""

    root: Root


def pinned_root(config: Config) -> Root | None:
    """The root in the trust file; None where no file was named or found.

    Raises:
        UsageError: ``root.no-file``. EvidenceError: ``root.malformed``, ``json.not-canonical``.
    """
    if config.trust is None:
        return None
    try:
        data = config.trust.read_bytes()
    except OSError as err:
        raise UsageError("root.no-file", f"the trust file {config.trust} cannot be read: {err.strerror}") from None
    return canon.decode(data.rstrip(b"\n"), TrustFile, what="trust file", code="root.malformed").root


def write_trust(path: Path, root: Root) -> None:
    """Write a trust file. Raises UsageError ``root.exists`` where one stands there: what is pinned is never replaced."""
    try:
        with path.open("xb") as file:
            file.write(canon.encode(TrustFile(root=root)) + b"\n")
    except FileExistsError:
        raise UsageError("root.exists", f"{path} is there already: it pins another gate, and is not replaced") from None
    except OSError as err:
        raise UsageError("root.unwritable", f"{path} cannot be written: {err.strerror}") from None


def open_gate(config: Config) -> Ports:
    """The ports of an existing gate.

    Raises:
        UsageError: ``gate.none`` where there is no gate. LedgerError: from the log's start-up check.
    """
    vkey_file = config.gate / VKEY
    try:
        vkey = vkey_file.read_text().strip()
    except FileNotFoundError:
        raise UsageError("gate.none", f"there is no gate at {config.gate}", "lockgate init") from None
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError("gate.unreadable", f"{vkey_file} cannot be read: {type(err).__name__}") from None
    origin = parse_vkey(vkey).name
    log = SqliteLog(config.gate / LEDGER, origin=origin, signer=_gate_key(config.gate / LOG_KEY), vkey=vkey)
    return _ports(config, log, _gate_key(config.gate / PERMIT_KEY), pinned_root(config))


def _gate_key(path: Path) -> FileSigner | None:
    """One of the gate's own keys; None for whoever may read the gate and not its keys."""
    try:
        return load_key(str(path))
    except UnreadableError:
        return None


def create_gate(config: Config, origin: str) -> Ports:
    """A new gate's directory, keys and empty log.

    Raises:
        UsageError: ``gate.exists``. LedgerError, UnreadableError: where it cannot be written.
    """
    if (config.gate / VKEY).exists() or (config.gate / LEDGER).exists():
        raise UsageError("gate.exists", f"there is a gate at {config.gate} already: it is not begun anew")
    public = create_key(str(config.gate / LOG_KEY))
    create_key(str(config.gate / PERMIT_KEY))
    vkey = str(verifier_key(origin, keys.blob_of(public)[-32:]))
    log = SqliteLog.create(config.gate / LEDGER, origin=origin, signer=load_key(str(config.gate / LOG_KEY)), vkey=vkey)
    (config.gate / VKEY).write_text(vkey + "\n")
    return _ports(config, log, load_key(str(config.gate / PERMIT_KEY)), None)


def _ports(config: Config, log: SqliteLog, permit: Signer | None, pinned: Root | None) -> Ports:
    return Ports(
        log=log,
        blobs=DiskBlobs(config.gate / "blobs"),
        source=LocalSource(),
        index=SqliteIndex(config.gate / INDEX),
        heads=FileHeads(config.state / "heads"),
        directory=FileDirectory(config.gate / DIRECTORY),
        clock=SystemClock(),
        runner=ProcessRunner(),
        scratch=TemporaryScratch(),
        permit=permit,
        pinned=pinned,
    )


def bench() -> Bench:
    """Artifacts on this machine, for commands that need no gate."""
    return Bench(source=LocalSource(), clock=SystemClock())


def names_a_key(config: Config) -> bool:
    """Whether the user named a key, or has the one `init` made."""
    return bool(config.key) or (config.home / OWNER_KEY).exists()


def user_signer(config: Config, passphrase: Callable[[], bytes]) -> FileSigner | AgentSigner:
    """The user's key: the one named, or the one `init` made.

    Raises:
        UsageError: ``key.none``. UnreadableError, EvidenceError: as `find_signer`.
    """
    if not names_a_key(config):
        raise UsageError("key.none", "no key is named: say which is yours with --key or LOCKGATE_KEY")
    return find_signer(config.key or str(config.home / OWNER_KEY), config.agent, passphrase)


def new_owner_key(config: Config) -> FileSigner:
    """The key `init` made before in the user's configuration directory, or a new one."""
    path = config.home / OWNER_KEY
    if not path.exists():
        create_key(str(path))
    return load_key(str(path))


def make_key(path: Path, passphrase: bytes | None) -> PublicKey:
    """A new key in `path`, and its public half in ``path.pub``.

    Raises:
        UsageError: ``key.exists``, ``key.unwritable``.
    """
    beside = path.with_name(path.name + ".pub")
    if beside.exists():
        raise UsageError("key.exists", f"{beside} is there already: a key is never written over")
    public = create_key(str(path), passphrase)
    beside.write_text(public + "\n")
    return public
