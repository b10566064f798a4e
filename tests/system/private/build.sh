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
    mkdir -p "$(dirname "$binary")" "$folder/bin"
    export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='' GOBIN="$folder/bin"
    if [ "$name" = stamper ]; then
      # It tells its measures on port 2112 of every address, and cannot be told otherwise: two at once would not start.
      root=${module%%/cmd/*}@${module#*@} package=./${module#*/v2/}
      cp -r "$("$go" mod download -json "$root" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')" "$folder/source"
      chmod -R u+w "$folder/source"
      sed -i 's/":2112"/"127.0.0.1:0"/' "$folder/source/pkg/server/prometheus.go"
      grep -q '"127.0.0.1:0"' "$folder/source/pkg/server/prometheus.go"
      nice "$go" install -C "$folder/source" -buildvcs=false -trimpath -ldflags '-s -w' "${package%@*}"
    else
      nice "$go" install -buildvcs=false -trimpath -ldflags '-s -w' "$module"
    fi
    mv "$folder"/bin/* "$binary"
    rm -rf "$folder"
  fi
  echo "$binary"
done <versions
