"""Config -> Ports: the single composition root. Nothing else imports adapters.

Adapters are imported by the function that needs them, so that checking a proof does not wait for a database.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate import canon
from lockgate.canon import Noun
from lockgate.config import Config
from lockgate.core.identity import Fingerprint, PublicKey, Root, fingerprint, require_checkable
from lockgate.core.ports import Heads, PersonSigner, Signer, Source
from lockgate.errors import EvidenceError, LedgerError, UnreadableError, UsageError
from lockgate.wire.files import read_head

if TYPE_CHECKING:
    from datetime import datetime

    from lockgate.adapters.keys.agent import AgentSigner
    from lockgate.adapters.keys.files import FileSigner
    from lockgate.adapters.sources.registry_access import Access
    from lockgate.adapters.store.heads import FileHeads
    from lockgate.adapters.store.sqlite_log import SqliteLog
    from lockgate.app.attach import Bench
    from lockgate.app.world import Ports

LEDGER, INDEX, DIRECTORY, LOG_KEY, PERMIT_KEY, VKEY = "ledger.db", "index.db", "people.json", "keys/log.key", "keys/permit.key", "log.vkey"
OWNER_KEY, ADVISORIES = "owner.key", "advisories"
MAX_TRUST, MAX_PUBLIC = 1 << 20, 1 << 16

Busy = Callable[[str], AbstractContextManager[None]]
"""What says on a terminal that something long goes on."""


class TrustFile(Noun, frozen=True, kw_only=True):
    """``lockgate.trust``: the root a verifier pins."""

    root: Root


def pinned_root(config: Config) -> Root | None:
    """The root in the trust file; None where no file was named or found.

    Raises:
        UsageError: ``root.no-file``; ``root.not-yours`` where it was found, and others may have put it there.
        EvidenceError: ``root.malformed``, ``json.not-canonical``. TrustError: ``root.witnesses-unsupported``.
    """
    if config.trust is None:
        return None
    if why := config.strange.get(config.trust):
        raise UsageError("root.not-yours", f"the trust file {config.trust} was found and not named, and {why}: it is not believed")
    try:
        data = read_head(config.trust, MAX_TRUST + 1)
    except OSError as err:
        raise UsageError("root.no-file", f"the trust file {config.trust} cannot be read: {err.strerror}") from None
    if len(data) > MAX_TRUST:
        raise EvidenceError("root.malformed", f"the trust file {config.trust} is longer than {MAX_TRUST} bytes")
    return require_checkable(canon.decode(data.removesuffix(b"\n"), TrustFile, what="trust file", code="root.malformed").root)


def write_trust(path: Path, root: Root, command: str = "lockgate init --origin NAME") -> None:
    """Write a trust file, durably.

    Args:
        path: where to; what is pinned is never replaced.
        root: to be pinned.
        command: what writes it, for the remedy.

    Raises:
        UsageError: ``root.exists``, ``root.unwritable``.
    """
    from lockgate.adapters import disk

    try:
        with disk.directory(path.parent, follow=True) as fd:
            disk.write_new(path.name, canon.encode(TrustFile(root=root)) + b"\n", 0o644, dir_fd=fd)
            os.fsync(fd)
    except FileExistsError:
        raise UsageError("root.exists", f"{path} is there already, and what is pinned is not replaced", f"{command} --write-trust OTHER-FILE") from None
    except OSError as err:
        raise UsageError("root.unwritable", f"{path} cannot be written: {err.strerror}", f"{command} --write-trust OTHER-FILE") from None


def require_no_trust(path: Path) -> None:
    """Nothing stands where a trust file is to be written. Raises UsageError ``root.exists``."""
    if os.path.lexists(path):
        raise UsageError("root.exists", f"{path} is there already, and what is pinned is not replaced")


def open_gate(config: Config, busy: Busy | None = None, *, looking: bool = False) -> Ports:
    """The ports of an existing gate.

    Args:
        config: where it is.
        busy: told when long reading begins.
        looking: whether nothing is written anywhere: without the gate's keys, over its index as it is, and no head is remembered.

    Raises:
        UsageError: ``gate.none`` where there is no gate; ``gate.not-yours`` where it was found, and others may have put
            it there; as `pinned_root`. LedgerError: from the log's start-up check.
    """
    from lockgate.adapters.store.sqlite_log import SqliteLog
    from lockgate.ledger.note import parse_vkey

    if why := config.strange.get(config.gate):
        raise UsageError("gate.not-yours", f"the gate {config.gate} was found and not named, and {why}: it is not opened")
    vkey_file = config.gate / VKEY
    try:
        vkey = read_head(vkey_file, MAX_PUBLIC).decode().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError("gate.none", f"there is no gate at {config.gate}", "lockgate status --gate DIR" if config.trust else "lockgate init") from None
    except OSError as err:
        raise UsageError("gate.unreadable", f"{vkey_file} cannot be read: {err.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError("gate.unreadable", f"{vkey_file} is no text") from None
    origin, pinned = parse_vkey(vkey).name, pinned_root(config)
    log = SqliteLog(config.gate / LEDGER, origin=origin, signer=None if looking else _gate_key(config.gate / LOG_KEY), vkey=vkey)
    return _ports(config, config.gate, log, None if looking else _gate_key(config.gate / PERMIT_KEY), pinned, busy, looking=looking)


def _gate_key(path: Path) -> FileSigner | None:
    """One of the gate's own keys; None for whoever may read the gate and not its keys."""
    from lockgate.adapters.keys.files import load_key

    try:
        return load_key(str(path))
    except UnreadableError:
        return None


@contextmanager
def new_gate(config: Config, origin: str) -> Iterator[Ports]:
    """A new gate: directory, keys and an empty log, in a place beside. It takes its name when the block ends well, and leaves nothing when it does not.

    Raises:
        UsageError: ``gate.exists``, ``gate.unwritable``. LedgerError, UnreadableError: where it cannot be written.
    """
    from lockgate.adapters import disk
    from lockgate.adapters.keys.files import create_gate_key, load_key
    from lockgate.adapters.store.heads import FileHeads
    from lockgate.adapters.store.sqlite_log import SqliteLog
    from lockgate.evidence.keys import blob_of
    from lockgate.ledger.note import verifier_key

    exists = UsageError("gate.exists", f"there is something at {config.gate} already: no gate is begun there")
    if os.path.lexists(config.gate):
        raise exists
    try:
        verifier_key(origin, bytes(32))
    except LedgerError:
        raise UsageError("init.bad-origin", f"{origin[:80]!r} cannot be a log's name: it has no white space and no plus, such as example.com/shop") from None
    heads = FileHeads(_state(config) / "heads")
    try:
        disk.make_directory(config.gate.parent)
        place = Path(tempfile.mkdtemp(prefix=f"{config.gate.name}.new-", dir=config.gate.parent))
    except OSError as err:
        raise UsageError("gate.unwritable", f"{config.gate} cannot be made: {err.strerror}") from None
    try:
        disk.make_directory((place / LOG_KEY).parent)
        public = create_gate_key(str(place / LOG_KEY))
        create_gate_key(str(place / PERMIT_KEY))
        vkey = str(verifier_key(origin, blob_of(public)[-32:]))
        with disk.directory(place) as fd:
            disk.write_new(VKEY, vkey.encode() + b"\n", 0o644, dir_fd=fd)
        with SqliteLog.create(place / LEDGER, origin=origin, signer=load_key(str(place / LOG_KEY)), vkey=vkey) as log:
            yield _ports(config, place, log, load_key(str(place / PERMIT_KEY)), None, None, heads=FileHeads(place / "heads"))
            note = log.head().note
        shutil.rmtree(place / "heads", ignore_errors=True)
        heads.remember(vkey, note)  # whoever begins a log pins its root
        try:
            place.rename(config.gate)
        except OSError:
            raise exists from None
    except OSError as err:
        raise UsageError("gate.unwritable", f"{config.gate} cannot be made: {err.strerror}") from None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _state(config: Config) -> Path:
    if config.state is None:
        raise UsageError("setting.no-home", "this account has no home directory, and the heads it sees are remembered there")
    return config.state


def _ports(
    config: Config, gate: Path, log: SqliteLog, permit: Signer | None, pinned: Root | None, busy: Busy | None, heads: Heads | None = None, looking: bool = False
) -> Ports:
    from lockgate.adapters.clock import SystemClock
    from lockgate.adapters.process import ProcessRunner
    from lockgate.adapters.scratch import TemporaryScratch
    from lockgate.adapters.store.advisories import SqliteAdvisories
    from lockgate.adapters.store.blobs import DiskBlobs
    from lockgate.adapters.store.directory import FileDirectory
    from lockgate.adapters.store.heads import FileHeads, RecalledHeads
    from lockgate.adapters.store.outbox import FileOutbox
    from lockgate.adapters.store.overlay_index import OverlayIndex
    from lockgate.adapters.store.sqlite_index import SqliteIndex
    from lockgate.adapters.store.underway import LockedFiles
    from lockgate.adapters.zones import PackagedZones
    from lockgate.app.world import Ports

    return Ports(
        log=log,
        blobs=DiskBlobs(gate),
        source=_source(config, busy),
        index=OverlayIndex(gate / INDEX) if looking else SqliteIndex(_index_file(config, gate)),
        heads=heads or (RecalledHeads if looking else FileHeads)(_state(config) / "heads"),
        directory=FileDirectory(gate / DIRECTORY),
        clock=SystemClock(),
        runner=ProcessRunner(),
        outbox=FileOutbox(config.state / "unrecorded" if config.state else None),
        underway=LockedFiles(config.state / "underway" if config.state else None),
        scratch=TemporaryScratch(),
        zones=PackagedZones(),
        advisories=SqliteAdvisories(gate / ADVISORIES),
        permit=permit,
        pinned=pinned,
    )


def _index_file(config: Config, gate: Path) -> Path:
    """The gate's index; whoever may not write it keeps one of their own, for it is nothing but a cache."""
    from hashlib import sha256

    from lockgate.adapters import disk

    file = gate / INDEX
    if os.access(gate, os.W_OK) and (not file.exists() or os.access(file, os.W_OK)):
        return file
    own = _state(config) / "index" / f"{sha256(bytes(gate.absolute())).hexdigest()}.db"
    try:
        disk.make_directory(own.parent)
    except OSError as err:
        raise LedgerError("index.unwritable", f"{gate} may not be written to, nor {own.parent} made: {err.strerror}") from None
    return own


def _source(config: Config, busy: Busy | None) -> Source:
    from lockgate.adapters.sources.local import LocalSource
    from lockgate.adapters.sources.watched import WatchedSource

    source = LocalSource(access(config))
    return source if busy is None else WatchedSource(source, busy)


def access(config: Config) -> Access:
    """How hosts are reached."""
    from lockgate.adapters.sources.registry_access import Access

    return Access(
        logins=config.logins,
        file=config.registries,
        must_exist=config.registries_named,
        plain_http=config.plain_http,
        proxy=config.proxy,
        no_proxy=config.no_proxy,
    )


def bench(config: Config, busy: Busy | None = None) -> Bench:
    """Artifacts on this machine and in registries, for commands that need no gate."""
    from lockgate.adapters.clock import SystemClock
    from lockgate.app.attach import Bench

    return Bench(source=_source(config, busy), clock=SystemClock())


def now() -> datetime:
    """UTC, by this machine's clock."""
    from lockgate.adapters.clock import SystemClock

    return SystemClock().now()


def names_a_key(config: Config) -> bool:
    """Whether the user named a key, or has the one `init` made."""
    return bool(config.key) or (config.home is not None and os.path.lexists(config.home / OWNER_KEY))


def user_signer(config: Config, passphrase: Callable[[], bytes]) -> FileSigner | AgentSigner:
    """The user's key: the one named, or the one `init` made.

    Raises:
        UsageError: ``key.none``. UnreadableError, EvidenceError: as `find_signer`.
    """
    from lockgate.adapters.keys.find import find_signer

    if not names_a_key(config):
        raise UsageError("key.none", "no key is named: say which is yours with --key or LOCKGATE_KEY")
    return find_signer(config.key or str(config.home and config.home / OWNER_KEY), config.agent, passphrase)


def owner_signer(config: Config, passphrase: Callable[[], bytes]) -> PersonSigner:
    """The key of whoever begins a gate: the one named, the one made before, or a new one in the user's configuration directory."""
    if not names_a_key(config):
        if config.home is None:
            raise UsageError("key.none", "this account has no home directory to make a key in: name one with --key")
        from lockgate.adapters import disk

        try:
            disk.make_directory(config.home)
        except OSError as err:
            raise UsageError("key.unwritable", f"{config.home} could not be made: {disk.reason(err)}; no key was made") from None
        make_key(config.home / OWNER_KEY, None)
    return user_signer(config, passphrase)


def default_key(config: Config) -> Path | None:
    """Where the key is that is the user's unless another one is named; None where one is named."""
    return None if config.key or config.home is None else config.home / OWNER_KEY


def make_key(path: Path, passphrase: bytes | None) -> PublicKey:
    """A new key in `path`, and its public half in ``path.pub``, with the file's name for a comment.

    Raises:
        UsageError: ``key.exists``, ``key.unwritable``.
    """
    from lockgate.adapters import disk
    from lockgate.adapters.keys.files import create_key

    if path.name in {"", ".."}:
        raise UsageError("key.unwritable", f"{path} is a directory: name a file in it; no key was made")
    beside = path.with_name(path.name + ".pub")
    if os.path.lexists(beside):
        raise UsageError("key.exists", f"{beside} is there already: a key is never written over")
    public = create_key(str(path), passphrase)
    comment = path.name if path.name.isascii() and path.name.isprintable() else "lockgate"
    try:
        with disk.directory(path.parent, follow=True) as fd:
            disk.write_new(beside.name, f"{public} {comment}\n".encode(), 0o644, dir_fd=fd)
            os.fsync(fd)
    except OSError as err:
        path.unlink(missing_ok=True)
        raise UsageError("key.unwritable", f"{beside} could not be written: {err.strerror}; no key was made") from None
    return public


def keys_at_hand(config: Config) -> dict[Fingerprint, str]:
    """Private keys this user could name behind ``--key``: beside a ``.pub`` file here, in ~/.ssh or of ``init``; and the agent's."""
    return {fingerprint(public): named for public, named in publics_at_hand(config).items()}


def publics_at_hand(config: Config) -> dict[PublicKey, str]:
    """The public halves of `keys_at_hand`, and how each is named."""
    from lockgate.adapters.keys.find import at_hand

    return at_hand(config.agent, [folder for folder in (config.home, config.ssh, config.here) if folder is not None], config.here)


def gate_public(config: Config, name: str) -> PublicKey:
    """The public half of one of the gate's own keys. Raises as `load_key`."""
    from lockgate.adapters.keys.files import load_key

    return load_key(str(config.gate / name)).public


def logins_known(config: Config) -> tuple[int, bool]:
    """As `Logins.known`."""
    from lockgate.adapters.sources.registry_logins import Logins

    return Logins(*config.logins).known()


def sqlite_version() -> str:
    """The library's, such as ``3.40.1``."""
    from lockgate.adapters.store.sqlite_index import SQLITE

    return SQLITE


def heads(config: Config) -> FileHeads | None:
    """This account's memory of the heads it saw; None for an account without a home."""
    from lockgate.adapters.store.heads import FileHeads

    return FileHeads(config.state / "heads") if config.state is not None else None
