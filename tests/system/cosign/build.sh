#!/usr/bin/env bash
# Builds cosign once, of the version in go.mod, into ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/cosign-<version>/cosign, and prints that path.
# The first time takes some four minutes on two cores, and some 3 GB of Go's own caches.
set -euo pipefail
cd "$(dirname "$0")"
version=$(sed -n 's|^require github.com/sigstore/cosign/v3 \(v[0-9.]*\)$|\1|p' go.mod)
binary="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/cosign-${version:?is not in go.mod}/cosign"
if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  if [ ! -x "$go" ]; then
    echo "go is missing: install Go 1.26 or newer" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$binary")"
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 nice "$go" build -buildvcs=false -trimpath -ldflags '-s -w' -o "$binary.new" .
  mv "$binary.new" "$binary"
fi
echo "$binary"
