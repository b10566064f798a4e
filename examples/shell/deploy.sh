#!/usr/bin/env bash
# Gates REF and, allowed, deploys it: by hand, or from cron.
#
#     deploy.sh HOST/REPOSITORY:TAG production podman.sh {ref} shop-production 8080
#     deploy.sh file:site.tar       production files.sh  {ref} /srv/site https://www.example.com/
#
# LOCKGATE_GATE, LOCKGATE_TRUST and LOCKGATE_KEY say which gate, which root and whose key. What was decided, allowed or not, is kept
# with its proof in a new directory below EVIDENCE (default: ./evidence). Ends as lockgate does: with 0 where it is deployed alone.
set -euo pipefail
if [ $# -lt 3 ]; then
  echo "usage: deploy.sh REF ENVIRONMENT COMMAND {ref}…" >&2
  exit 2
fi
ref=$1 environment=$2
shift 2
mkdir -p "${EVIDENCE:=evidence}"
kept=$(mktemp --directory "$EVIDENCE/$environment-$(date -u +%Y%m%dT%H%M%SZ)-XXXX")

# The gate says yes or no, and both are kept: what was decided, and the proof that it was recorded.
refused=0
lockgate gate "$ref" --to "$environment" --format json >"$kept/decision.json" || refused=$?
if ! index=$(jq -er .index "$kept/decision.json"); then # no decision: an error, as JSON
  cat "$kept/decision.json" >&2
  exit $((refused ? refused : 3))
fi
lockgate log prove "$index" --out "$kept/decision.proof"
if [ "$refused" != 0 ]; then
  lockgate why "$index" >&2
  jq -r '.next | .command // empty' "$kept/decision.json" >&2
  exit "$refused"
fi

# By the same permit: the command runs on what was decided on, and how it ended is recorded.
exec lockgate deploy "$(jq -r '.pinned[0]' "$kept/decision.json")" --to "$environment" -- "$@"
