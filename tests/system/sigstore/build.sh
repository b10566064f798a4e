#!/usr/bin/env bash
# Installs the foreign verifier once into ${XDG_CACHE_HOME:-~/.cache}/lockgate-dev/sigstore-<hash of its lock> and prints its python.
set -euo pipefail
cd "$(dirname "$0")"
lock=$(sha256sum requirements.txt | cut -c1-16)
place="${XDG_CACHE_HOME:-$HOME/.cache}/lockgate-dev/sigstore-$lock"
if [ ! -e "$place/done" ]; then
  rm -rf "$place"
  mkdir -p "$(dirname "$place")"
  python3 -m venv "$place"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
  touch "$place/done"
fi
echo "$place/bin/python"
