"""Facts of what a release is made of that come of earlier decisions: of what runs, and of when a component version was first seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

import msgspec

from lockgate.canon import Noun
from lockgate.core.components import Sbom
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.facts import Vouched
from lockgate.core.findings import Finding
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Release
from lockgate.core.sbom_difference import Bag, bag
from lockgate.core.vouching import Asked, asked, signers


class Ran(Noun, frozen=True, kw_only=True):
    """The release that runs in the environment that is asked about, by the evidence of the decision that let it in.

    Attributes:
        decision: that decision's leaf. sboms: all that were verified, whoever signed them.
    """

    release: Release
    decision: int
    sboms: tuple[Sbom, ...] = ()


class Remembered(Vouched, frozen=True, kw_only=True):
    """Component versions that a bill of materials listed which came with an earlier decision; of those only that were asked about.

    Attributes:
        decision: that decision's leaf. at: when it was recorded.
        components: as `Version.text`, sorted.
    """

    decision: int
    at: Time
    components: tuple[str, ...]


class RanFinding(Finding, frozen=True, kw_only=True):
    """A finding about what runs: the same advisories as for what is proposed, held against the components of `Ran`."""


class Whose(Noun, rename="kebab", frozen=True, kw_only=True):
    """Whose word counts: names of the policy's keys and identities, one at least of both.

    Raises:
        ValueError: at construction, where it names nobody.
    """

    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("it names neither keys nor identities, so that nobody's word counts")

    def asked(self, keys: Mapping[Name, EvidenceKey]) -> Asked:
        """These signers, by the policy's keys."""
        return asked(self.keys, self.identities, keys)


class Made(NamedTuple):
    """What a release is made of, by the bills that count.

    Attributes:
        bag: all their components. lacking: artifacts no bill tells of.
        partial: whether a bill lists no package, says that it is incomplete, or leaves out components or their versions.
    """

    bag: Bag
    lacking: tuple[Digest, ...] = ()
    partial: bool = False


def counts(sbom: Sbom, who: Asked) -> bool:
    """Whether this bill of materials was signed by one of those whose bills count."""
    return sbom.found == "attestation" and bool(signers(sbom, who))


def made_of(artifacts: Iterable[Digest], sboms: Iterable[Sbom], who: Asked) -> Made:
    """Join every bill of materials that counts, of all artifacts.

    Only what somebody signed counts: one attached without a signature, or found inside, would let whoever adds it say that nothing changed.
    """
    counted = [one for one in sboms if counts(one, who)]
    of = {artifact: [one for one in counted if one.subject == artifact] for artifact in artifacts}
    joined = bag([component for one in bills for component in one.components] for bills in of.values())
    partial = joined.untold > 0 or any(
        all(part.kind for part in one.components) or one.skipped or one.complete == "incomplete" for bills in of.values() for one in bills
    )
    return Made(joined, tuple(artifact for artifact, bills in of.items() if not bills), partial)
