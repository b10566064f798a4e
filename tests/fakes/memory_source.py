from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from lockgate.adapters.sources.limits import MAX_EVIDENCE
from lockgate.core.digest import Digest, Ref, digest_of, short
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import EvidenceError, LedgerError, LockgateError, UnreadableError


@dataclass
class Artifact:
    """What stands at one path; `data` is None where it was removed after it had been named."""

    digest: Digest
    data: bytes | None
    inside: tuple[Digest, ...] = ()
    media_type: str = ""
    evidence: list[Evidence] = field(default_factory=list)


class MemorySource:
    """Port `Source` in memory.

    Failure switches: edit `artifacts[path].data` (altered; None: removed), or put an error into `fails` under the
    name of a method: it is raised instead of answering.
    """

    def __init__(self) -> None:
        self.artifacts: dict[str, Artifact] = {}
        self.fails: dict[str, LockgateError] = {}

    def put(self, path: str, data: bytes) -> Digest:
        """Place an artifact; its digest."""
        self.artifacts[path] = Artifact(digest_of(data), data)
        return digest_of(data)

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        artifact = self._at("resolve", ref)
        if ref.digest not in {None, artifact.digest}:
            raise EvidenceError("digest.mismatch", f"{ref.path} is {artifact.digest}")
        return Ref(scheme=ref.scheme or "file", path=ref.path, tag=ref.tag, digest=ref.digest), artifact.digest

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        artifact = self._at("measure", ref)
        data = artifact.data
        if data is None:
            return Measured(digest=digest, problem="digest.missing", where=ref.path)
        problem = "" if digest_of(data) == digest else "digest.mismatch"
        where = ref.path if problem else ""
        return Measured(digest=digest, media_type=artifact.media_type, size=len(data), problem=problem, where=where, inside=artifact.inside)

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:
        self._at("platforms", ref)
        return ()

    def attached(self, ref: Ref, digest: Digest) -> Sequence[Evidence]:
        return tuple(self._at("attached", ref).evidence)

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        self._at("inside", ref)
        raise UnreadableError("inside.no-image", f"{ref.path} is a plain file")

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        artifact = self._at("attach", ref)
        if len(evidence.data) > MAX_EVIDENCE:
            raise LedgerError("ref.unwritable", "too large")
        if evidence.data not in [each.data for each in artifact.evidence]:
            artifact.evidence.append(Evidence(media_type=evidence.media_type, data=evidence.data, origin=f"memory:{ref.path}"))
        return f"memory:{ref.path}"

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        data = self._at("copy", ref).data
        if data is None or digest_of(data) != digest:
            raise EvidenceError("digest.mismatch", f"{ref.path} is not {digest} any more")
        target = into / short(digest)
        self.put(str(target), data)
        return target

    def _at(self, method: str, ref: Ref) -> Artifact:
        if method in self.fails:
            raise self.fails[method]
        if ref.path not in self.artifacts:
            raise UnreadableError("ref.not-found", f"there is nothing at {ref.path}")
        return self.artifacts[ref.path]
