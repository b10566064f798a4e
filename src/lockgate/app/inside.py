"""What stands inside artifacts at the paths that the policy names: it joins what is fetched, so that it is replayed."""

from __future__ import annotations

from msgspec.structs import replace

from lockgate.app.gather import Basket, SeenInside
from lockgate.app.world import Ports
from lockgate.core.digest import Digest, digest_of, parse_ref
from lockgate.core.identity import Name
from lockgate.core.policy import Policy
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.no_component import NoComponent
from lockgate.errors import EvidenceError, UnreadableError


def with_inside(ports: Ports, basket: Basket, policy: Policy, environment: Name) -> Basket:
    """The basket with what stands at each path, of each artifact that was read; what was looked at before is not looked at again."""
    section = policy.environments.get(environment)
    asked = [one.inside for one in (section.requires if section is not None else ()) if isinstance(one, HasSbom | NoComponent) and one.inside is not None]
    known = {(one.subject, one.path) for one in basket.manifest.inside}
    seen, blobs = list(basket.manifest.inside), dict(basket.blobs)
    for origin in basket.manifest.places:
        for path in dict.fromkeys(asked):
            if (origin.subject, path) not in known:
                one, data = _look(ports, origin.ref, origin.subject, path)
                seen.append(one)
                known.add((origin.subject, path))
                blobs |= {digest_of(data): data} if data is not None else {}
    if len(seen) == len(basket.manifest.inside):
        return basket
    return Basket(manifest=replace(basket.manifest, inside=tuple(seen)), blobs=blobs)


def _look(ports: Ports, ref: str, subject: Digest, path: str) -> tuple[SeenInside, bytes | None]:
    try:
        data = ports.source.inside(parse_ref(ref), subject, path)
    except (UnreadableError, EvidenceError) as err:
        return SeenInside(subject=subject, path=path, code=err.code), None
    return SeenInside(subject=subject, path=path, digest=digest_of(data) if data is not None else ""), data
