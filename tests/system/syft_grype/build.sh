#!/usr/bin/env bash
# Builds syft and grype once, of the versions in go.mod, into ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/syft-grype-<hash of the sources>/ as syft, grype
# and grype-db, and prints that path. The first time takes some four minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")"
sources=$(cat main.go go.mod go.sum | sha256sum | cut -c1-16)
folder="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/syft-grype-$sources"
if [ ! -x "$folder/grype-db" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  if [ ! -x "$go" ]; then
    echo "go is missing: install Go 1.26.3 or newer" >&2
    exit 1
  fi
  mkdir -p "$folder"
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 nice "$go" build -buildvcs=false -trimpath -ldflags '-s -w' -o "$folder/new" .
  for name in syft grype; do ln -f "$folder/new" "$folder/$name"; done
  mv "$folder/new" "$folder/grype-db"
fi
echo "$folder"
