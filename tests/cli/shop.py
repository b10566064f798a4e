"""A small shop with a gate, made by the command line's own commands in one process: what transcripts begin with.

    python shop.py [begun | signed | staged | asked | approved]

In the working directory: `image`, an OCI layout with the tag 1; the keys release, ci, bob, carol, dan, dan2 and eve;
policy.yaml, provenance.json, lockgate.trust, .lockgate; `request`, the id of what is asked. Ada is the owner, with the
key that `init` made; eve is nobody. Production soaks a second, vault 24 hours.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from layouts import Layout
from lockgate.cli.main import cli

POLICY = """\
version: 1
project: shop
environments:
  staging:
    requires:
      - signed-by: {keys: [release], max-age: 30d}
  production:
    from: staging
    requires:
      - signed-by: {keys: [release], max-age: 30d}
      - built-by: {builder: "https://ci.example.com", source: "git+https://example.com/shop@refs/heads/main", keys: [ci]}
      - came-through: {environment: staging}
      - soaked: {in: staging, for: 1s}
      - approved: {duties: {release-management: 1, security: 1}}
  vault:
    from: staging
    requires:
      - came-through: {environment: staging}
      - soaked: {in: staging, for: 24h}
keys:
  release: {file: release.key.pub}
  ci: {file: ci.key.pub}
"""
PROVENANCE = {
    "buildDefinition": {
        "buildType": "https://ci.example.com/build/v1",
        "externalParameters": {"source": "git+https://example.com/shop@refs/heads/main"},
        "resolvedDependencies": [],
    },
    "runDetails": {"builder": {"id": "https://ci.example.com"}},
}
IMAGE = "oci:image:1"


def run(command: str, *more: str) -> str:
    """One command, which has to succeed; its stdout."""
    out, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            cli.main(args=[*command.split(), *more], prog_name="lockgate", standalone_mode=False)
            code = 0
        except SystemExit as err:
            code = int(str(err.code or 0))
    if code:
        sys.exit(f"lockgate {command} ended with {code}:\n{said.getvalue()}")
    return out.getvalue()


def begun() -> None:
    Layout(Path("image")).image(b"the shop\n" * 100, tag="1")
    Path("policy.yaml").write_text(POLICY)
    Path("provenance.json").write_text(json.dumps(PROVENANCE))
    for name in ("release", "ci", "bob", "carol", "dan", "dan2", "eve"):
        run(f"key new {name}.key")
    run("init --origin example.com/shop --name Ada")
    run("policy apply policy.yaml")
    run("people add Ada --duty staging=deploy --duty production=deploy --duty production=request --duty vault=deploy")
    run("people add Bob --public bob.key.pub --duty production=approve:release-management")
    run("people add Carol --public carol.key.pub --duty production=approve:security")
    run("people add Dan --public dan.key.pub --public dan2.key.pub --duty production=approve:release-management --duty production=approve:security")


def signed() -> None:
    run(f"sign {IMAGE} --key release.key")
    run(f"attest {IMAGE} --type slsaprovenance1 --predicate provenance.json --key ci.key")


def staged() -> None:
    run(f"deploy {IMAGE} --to staging --", "true", "{ref}")


def asked() -> None:
    Path("request").write_text(run(f"request {IMAGE} --to production"))


def approved() -> None:
    request = Path("request").read_text().strip()
    run(f"approve {request} --key bob.key")
    run(f"approve {request} --key carol.key")
    time.sleep(1)  # production's soak: whole seconds are compared, and the deployment to staging lies before


STAGES = (begun, signed, staged, asked, approved)

if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else "begun"
    for stage in STAGES[: [one.__name__ for one in STAGES].index(wanted) + 1]:
        stage()
