#!/usr/bin/env bash
# Builds osv-scanner once, of the version in go.mod, into ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/osv-scanner-<version>/osv-scanner, and prints
# that path. The first time takes some two minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")"
version=$(sed -n 's|^require github.com/google/osv-scanner/v2 \(v[0-9.]*\)$|\1|p' go.mod)
binary="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/osv-scanner-${version:?is not in go.mod}/osv-scanner"
if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  if [ ! -x "$go" ]; then
    echo "go is missing: install Go 1.26.5 or newer" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$binary")"
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 nice "$go" build -buildvcs=false -trimpath -ldflags '-s -w' -o "$binary.new" github.com/google/osv-scanner/v2/cmd/osv-scanner
  mv "$binary.new" "$binary"
fi
echo "$binary"
