"""What is odd about a soak that asks about dependencies: see `policy_sense`, which says where each stands."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.duration import span
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.soaked import Soaked
from lockgate.evidence.policy_kinds import Remark


def odd(soak: Soaked, section: EnvironmentPolicy) -> Iterator[Remark]:
    """What its author should hear."""
    longest = max(filter(None, (soak.for_, soak.changed_dependencies)), key=span)
    if soak.changed_dependencies and span(soak.changed_dependencies) <= span(soak.for_):
        yield Remark("changed-dependencies", f"the longer of both is asked, so that changed-dependencies changes nothing: for is {soak.for_}")
    if soak.component_age and span(soak.component_age) <= span(soak.for_):
        yield Remark("component-age", f"whatever came to {soak.in_} with a bill of materials is that old when the soak ends: ask for more than {soak.for_}")
    if soak.security_fix and span(soak.security_fix.for_) >= span(longest):
        yield Remark("security-fix", f"a security fix would soak no shorter than anything else, which is {longest}: the lane is pointless")
    if soak.security_fix and soak.security_fix.proven == "no" and not any(isinstance(one, Approved) for one in section.requires):
        yield Remark("security-fix", "nobody approves that a request is a security fix, and proven: no takes the requester's word for it")
    if soak.sboms and not (soak.changed_dependencies or soak.component_age or soak.security_fix):
        yield Remark("sboms", "sboms says whose bills of materials count, and nothing is asked of them: add changed-dependencies or component-age")
