"""log vsa: a recorded decision as a SLSA verification summary, signed by the permit key. Nothing is decided or recorded by it.

1  the present head is trusted, and the permit key here is the one that the root in force names
2  the leaf is a decision that counts where it stands: signed by the permit key then in force, and no copy
3  what was allowed and is recalled or revoked since is not said to have passed again
4  what it rested on is named whole, or not at all
"""

from __future__ import annotations

from lockgate import canon
from lockgate.app.attach import Bench
from lockgate.app.gate import require_permit_key
from lockgate.app.gather import Manifest
from lockgate.app.project import Projection, documents, project
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, digest_of, parse_ref
from lockgate.core.identity import PublicKey
from lockgate.core.model import Release
from lockgate.core.ports import Evidence
from lockgate.core.recall import names, recalling, standing, struck
from lockgate.core.state import Permit
from lockgate.errors import EvidenceError, TrustError, UnreadableError, UsageError
from lockgate.evidence import dsse, history, record
from lockgate.evidence.attestation import seal
from lockgate.evidence.sigstore import bundle
from lockgate.render import vsa


class Summarized(Noun, frozen=True, kw_only=True):
    """A decision's summary, signed.

    Attributes:
        decision: its leaf. subjects: the release's artifacts.
        verifier, resource, passed, levels: what it says.
        key: whose signature it is.
    """

    decision: int
    subjects: tuple[Digest, ...]
    verifier: str
    resource: str
    passed: bool
    levels: tuple[str, ...]
    key: PublicKey


def summarize(ports: Ports, index: int) -> tuple[Summarized, bytes]:
    """The summary of decision `index`, and its DSSE envelope, one line of JSON.

    Raises:
        UsageError: ``log.no-such-leaf``, ``vsa.not-a-decision``. EvidenceError: ``vsa.revoked``; the leaf is no decision that counts, by the code
            `log check` shows. TrustError: ``root.unpinned``, ``permit.no-key``, ``permit.other-key``. Else as `project`.
    """
    if ports.pinned is None:
        raise TrustError("root.unpinned", "no root is pinned that vouches for what was decided: nothing was signed")
    house = project(ports, "")
    permit = require_permit_key(ports, house)
    if not 0 <= index < house.size:
        raise UsageError("log.no-such-leaf", f"there is no leaf {index}: the log has {house.size}, from 0")
    data = ports.log.leaf(index)
    leaf = record.read_leaf(data)
    opened = record.open_envelope(leaf.event)
    decision = opened.event
    if not isinstance(decision, events.Decided):
        raise UsageError("vsa.not-a-decision", f"leaf {index} is no decision, and only those are verdicts: its kind is {events.kind_of(decision)}")
    history.admit(project(ports, decision.environment, index).state, leaf, index, documents(ports), ports.pinned)
    manifest = _manifest(ports, decision)
    release = Release(artifacts=opened.subjects, config=decision.config)
    if decision.outcome == "allowed":
        _require_unrevoked(project(ports, decision.environment, beside=house), index, release, manifest)
    inputs = _inputs(manifest) if manifest is not None else None
    statement = vsa.statement(decision, opened.subjects, ports.log.origin, (index, digest_of(data)), inputs)
    said = vsa.sum_up(decision, ports.log.origin)
    summarized = Summarized(
        decision=index,
        subjects=opened.subjects,
        verifier=said.verifier,
        resource=said.resource,
        passed=said.passed,
        levels=said.levels,
        key=permit.public,
    )
    return summarized, seal(statement, permit.public, permit.sign)


def attach(bench: Bench, ref_text: str, platform: str, summarized: Summarized, envelope: bytes) -> str:
    """Attach a summary to one of its artifacts, in the form `lockgate attest` attaches; where it is, as the source names it.

    Raises:
        EvidenceError: ``vsa.other-artifact``. LockgateError: from the source.
    """
    ref, digest = bench.source.resolve(parse_ref(ref_text), platform)
    if digest not in summarized.subjects:
        raise EvidenceError("vsa.other-artifact", f"{ref_text} is {digest}, and decision {summarized.decision} is about {', '.join(summarized.subjects[:4])}")
    data, media_type = envelope, dsse.MEDIA_TYPE
    if ref.scheme != "file":
        data, media_type = bundle.write(envelope, summarized.key), bundle.MEDIA_TYPE
    return bench.source.attach(ref, digest, Evidence(media_type=media_type, data=data, origin="", predicate=vsa.PREDICATE_TYPE))


def as_bundle(envelope: bytes, key: PublicKey) -> bytes:
    """The same in a Sigstore bundle, as cosign reads it from a file."""
    return bundle.write(envelope, key)


def _manifest(ports: Ports, decision: events.Decided) -> Manifest | None:
    """What it rested on; None where that was erased."""
    try:
        return canon.decode(ports.blobs.get(decision.evidence), Manifest, what="evidence manifest", code="evidence.malformed")
    except UnreadableError as err:
        if err.code != "blob.missing":
            raise
        return None


def _inputs(manifest: Manifest) -> tuple[vsa.Input, ...]:
    pieces = {item.digest: item.media_type for item in manifest.items}
    if manifest.asked:
        pieces[manifest.asked] = dsse.MEDIA_TYPE
    return tuple(vsa.Input(digest=digest, media_type=media_type) for digest, media_type in sorted(pieces.items()))


def _require_unrevoked(own: Projection, index: int, release: Release, manifest: Manifest | None) -> None:
    """Nothing that stands or stood after it revoked this permit, and nothing recalls the release or what is inside it."""
    inside = {digest for one in manifest.measured for digest in one.inside} if manifest is not None else set[Digest]()
    recalled = recalling(standing(own.state), names(release) | inside)
    ended = struck(own.state, Permit(decision=index, release=release, not_after=own.latest))
    leaf = recalled.leaf if recalled is not None else ended
    if leaf >= 0:
        raise EvidenceError("vsa.revoked", f"decision {index} allowed it, and leaf {leaf} revoked that: nothing is signed that says it passed")
