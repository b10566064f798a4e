"""What sigstore-python says: one JSON line in (bundle, path of the trusted root, artifact in hex), one line out: empty, or why it refuses."""

from __future__ import annotations

import json
import logging
import sys
from functools import lru_cache

from sigstore.errors import Error  # type: ignore[import-not-found]  # in an environment of its own
from sigstore.models import Bundle, TrustedRoot  # type: ignore[import-not-found]  # in an environment of its own
from sigstore.verify import Verifier, policy  # type: ignore[import-not-found]  # in an environment of its own

logging.disable(logging.CRITICAL)


@lru_cache
def verifier(root: str) -> Verifier:
    return Verifier(trusted_root=TrustedRoot.from_file(root))


def answer(question: dict[str, str]) -> str:
    try:
        bundle = Bundle.from_json(question["bundle"])
        if bundle._dsse_envelope is not None:  # it has no public question for that
            verifier(question["root"]).verify_dsse(bundle, policy.UnsafeNoOp())
        else:
            verifier(question["root"]).verify_artifact(bytes.fromhex(question["artifact"]), bundle, policy.UnsafeNoOp())
    except (Error, ValueError, TypeError, KeyError, AttributeError) as err:
        return f"{type(err).__name__}: {err}"[:300] or "refused"
    return ""


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
