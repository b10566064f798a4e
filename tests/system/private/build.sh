#!/usr/bin/env bash
# Builds a private Sigstore once: Fulcio, Rekor's tile server and a time-stamping authority, of the versions in the file beside this one, into
# ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/<name>-<version>/<name>, and prints these paths. Each is built from its own go.mod, whose contents Go
# compares with its checksum database. The first time takes some three minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")"
while read -r name module; do
  binary="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/$name-${module#*@}/$name"
  if [ ! -x "$binary" ]; then
    go=$(command -v go || echo /usr/local/go/bin/go)
    if [ ! -x "$go" ]; then
      echo "go is missing: install Go 1.26 or newer" >&2
      exit 1
    fi
    folder=$(mktemp -d)
    GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='' GOBIN="$folder" nice "$go" install -buildvcs=false -trimpath -ldflags '-s -w' "$module"
    mkdir -p "$(dirname "$binary")"
    mv "$folder"/* "$binary"
    rmdir "$folder"
  fi
  echo "$binary"
done <versions
