from __future__ import annotations

from lockgate.core.digest import Digest, digest_of
from lockgate.errors import LockgateError, UnreadableError


class MemoryBlobs:
    """Port `Blobs` in memory; an error put into `put_fails` or `get_fails` is raised instead of answering."""

    def __init__(self) -> None:
        self.held: dict[Digest, bytes] = {}
        self.put_fails: LockgateError | None = None
        self.get_fails: LockgateError | None = None

    def put(self, data: bytes) -> Digest:
        if self.put_fails is not None:
            raise self.put_fails
        digest = digest_of(data)
        self.held[digest] = bytes(data)
        return digest

    def get(self, digest: Digest, *, max_bytes: int = 64 << 20) -> bytes:
        if self.get_fails is not None:
            raise self.get_fails
        if digest not in self.held:
            raise UnreadableError("blob.missing", f"{digest} is not held")
        data = self.held[digest]
        if len(data) > max_bytes:
            raise UnreadableError("blob.too-large", f"{digest} has {len(data)} bytes")
        if digest_of(data) != digest:
            raise UnreadableError("blob.altered", f"the bytes held as {digest} are others")
        return data
