#!/usr/bin/env bash
# Builds the foreign witness once into ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/witness-<hash of its sources> and prints that path.
set -euo pipefail
cd "$(dirname "$0")"
sources=$(cat main.go go.mod go.sum | sha256sum | cut -c1-16)
binary="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/witness-$sources"
if [ ! -x "$binary" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  if [ ! -x "$go" ]; then
    echo "go is missing: install Go 1.25 or newer" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$binary")"
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 "$go" build -trimpath -o "$binary.new" .
  mv "$binary.new" "$binary"
fi
echo "$binary"
