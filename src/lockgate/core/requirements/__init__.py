"""Every requirement there is, listed: one file, one line here, one docs page, one test file each."""

from __future__ import annotations

from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.came_through import CameThrough
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.no_component import NoComponent
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.verified_by import VerifiedBy

AnyRequirement = SignedBy | BuiltBy | VerifiedBy | CameThrough | Soaked | Approved | HasSbom | NoComponent

KINDS: dict[str, type[AnyRequirement]] = {
    "signed-by": SignedBy,
    "built-by": BuiltBy,
    "verified-by": VerifiedBy,
    "came-through": CameThrough,
    "soaked": Soaked,
    "approved": Approved,
    "has-sbom": HasSbom,
    "no-component": NoComponent,
}
"""Kind -> its class, in the order of the docs."""


def kind_of(requirement: AnyRequirement) -> str:
    """The kind's name, as policy and docs have it."""
    return str(type(requirement).__struct_config__.tag)
