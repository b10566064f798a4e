"""Every requirement there is, listed: one file, one line here, one docs page, one test file each."""

from __future__ import annotations

from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.no_component import NoComponent
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.tested import Tested
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.core.requirements.within_hours import WithinHours

AnyRequirement = (
    SignedBy
    | BuiltBy
    | VerifiedBy
    | CameThrough
    | Soaked
    | Approved
    | Scanned
    | HasAttestation
    | Tested
    | NotRevoked
    | WithinHours
    | Vulnerable
    | HasSbom
    | NoComponent
)

KINDS: dict[str, type[AnyRequirement]] = {
    "signed-by": SignedBy,
    "built-by": BuiltBy,
    "verified-by": VerifiedBy,
    "came-through": CameThrough,
    "soaked": Soaked,
    "approved": Approved,
    "scanned": Scanned,
    "has-attestation": HasAttestation,
    "tested": Tested,
    "not-revoked": NotRevoked,
    "within-hours": WithinHours,
    "vulnerable": Vulnerable,
    "has-sbom": HasSbom,
    "no-component": NoComponent,
}
"""Kind -> its class, in the order of the docs."""


def kind_of(requirement: AnyRequirement) -> str:
    """The kind's name, as policy and docs have it."""
    return str(type(requirement).__struct_config__.tag)
