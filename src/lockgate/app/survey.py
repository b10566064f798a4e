"""init --from: look at what an artifact carries already. Nothing is trusted by it, decided or recorded."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.app.attach import Bench
from lockgate.core.digest import parse_ref, pinned
from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact
from lockgate.evidence.carried import Survey, claims


def survey(bench: Bench, ref_text: str, platform: str, keys: Sequence[PublicKey]) -> Survey:
    """What an artifact carries, and which of these keys signed it.

    Args:
        bench: where artifacts are.
        ref_text, platform: the artifact.
        keys: that might have signed; each once.

    Raises:
        LockgateError: from the source. EvidenceError: where its own bytes are wrong. UnreadableError: ``evidence.too-much``.
    """
    ref, digest = bench.source.resolve(parse_ref(ref_text), platform)
    measured = bench.source.measure(ref, digest)
    if measured.problem:
        raise EvidenceError(
            measured.problem, f"{ref_text} is not whole: {measured.where or digest} is missing, or has other bytes; nothing is proposed from it"
        )
    evidence = bench.source.attached(ref, digest)
    named = {f"k{number}": key for number, key in enumerate(keys)}
    facts = artifact.read(evidence, named, {digest}, bench.clock.now())
    return Survey(
        pinned=pinned(ref, digest),
        digest=digest,
        media_type=measured.media_type,
        platforms=bench.source.platforms(ref, digest),
        facts=tuple(facts),
        claims=claims(evidence, digest),
    )
