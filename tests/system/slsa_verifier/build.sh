#!/usr/bin/env bash
# Builds slsa-verifier once, of the version in go.mod, into ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/slsa-verifier-<version>/slsa-verifier,
# and prints that path. The first time takes some two minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")"
version=$(sed -n 's|^require github.com/slsa-framework/slsa-verifier/v2 \(v[0-9.]*\)$|\1|p' go.mod)
binary="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/slsa-verifier-${version:?is not in go.mod}/slsa-verifier"
if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  if [ ! -x "$go" ]; then
    echo "go is missing: install Go 1.26 or newer" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$binary")"
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 nice "$go" build -buildvcs=false -trimpath -ldflags '-s -w' -o "$binary.new" github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier
  mv "$binary.new" "$binary"
fi
echo "$binary"
