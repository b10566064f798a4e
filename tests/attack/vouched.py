"""The stage with a policy that believes holders of certificates in staging, and artifacts that carry Sigstore bundles, as images do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from attack.stage import Shelf, Stage
from lockgate.canon import encode
from lockgate.core.digest import Digest, Ref
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.ports import Evidence
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.signers import Accepts, IdentityRule
from lockgate.evidence.sigstore import bundle
from private_sigstore import ARTIFACT, ISSUER, WHO, Instance
from world import standard_policy

OURS, THEIRS = Instance(), Instance()
RULE = IdentityRule(root="ours", issuer=ISSUER, identity=WHO)
BY_WORKFLOW = SignedBy(identities=("workflow",))


class Carrying(Shelf):
    """A shelf on which everything carries these bundles; files can carry none."""

    def __init__(self, folder: Path, documents: Sequence[dict[str, Any]]) -> None:
        super().__init__(folder)
        self.pieces = [Evidence(media_type=bundle.MEDIA_TYPE, data=json.dumps(one).encode(), origin="") for one in documents]

    def attached(self, ref: Ref, digest: Digest) -> Sequence[Evidence]:
        return [*super().attached(ref, digest), *self.pieces]


def believe(stage: Stage, signed: SignedBy = BY_WORKFLOW, rule: IdentityRule = RULE, accepts: Accepts | None = None) -> None:
    """Staging believes OURS of who the workflow is; THEIRS stands beside it, and vouches for another."""
    policy = standard_policy()
    roots = {"ours": encode(OURS.root_json).decode(), "theirs": encode(THEIRS.root_json).decode()}
    rules = {"workflow": rule, "workflow-elsewhere": replace(RULE, root="theirs", identity="https://ci.example/else")}
    environments = {**policy.environments, "staging": EnvironmentPolicy(requires=(signed,), accepts=accepts)}
    stage.policy(replace(policy, environments=environments, identities=rules, trusted_roots=roots))


def answer(stage: Stage, *documents: dict[str, Any]) -> str:
    """What staging says of an artifact that carries these: ``allowed``, or what is wrong."""
    stage.source = Carrying(stage.source.folder, documents)
    stage.source.put("evil", ARTIFACT)
    gated = stage.gate("staging", "evil")
    because = [str(one) for outcome in gated.decision.outcomes for one in outcome.params.get("because", ())]  # type: ignore[union-attr]
    return " ".join(because or [one.code for one in gated.decision.outcomes if one.code]) or gated.decision.outcome
