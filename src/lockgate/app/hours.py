"""FETCH and READ of time zones: those that an environment's change windows name, kept with the evidence of the decision."""

from __future__ import annotations

from msgspec.structs import replace

from lockgate.app.gather import Basket, KeptZone, Manifest
from lockgate.app.world import Ports
from lockgate.core.digest import digest_of
from lockgate.core.identity import Name
from lockgate.core.policy import Policy
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.errors import UnreadableError


def with_zones(ports: Ports, basket: Basket, policy: Policy, environment: Name) -> Basket:
    """The basket with the zones that this environment's requirements name; the same basket where it has them. What cannot be read is kept as that."""
    wanted = sorted({one.zone for one in policy.environments[environment].requires if isinstance(one, WithinHours)})
    if wanted == [one.name for one in basket.manifest.zones]:
        return basket
    zones, blobs = list[KeptZone](), dict(basket.blobs)
    for name in wanted:
        try:
            found = ports.zones.read(name)
        except UnreadableError as err:
            zones.append(KeptZone(name=name, code=err.code))
            continue
        zones.append(KeptZone(name=name, digest=digest_of(found.data), version=found.version))
        blobs[zones[-1].digest] = found.data
    return Basket(manifest=replace(basket.manifest, zones=tuple(zones)), blobs=blobs)


def tzdata_of(manifest: Manifest) -> str:
    """The version of the time zone database that was used; empty for none."""
    return next((one.version for one in manifest.zones if one.version), "")
