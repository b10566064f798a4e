#!/usr/bin/env bash
# Serves the files of an archive: unpacks it into a directory named by its digest, and turns the link ROOT/current to that
# at once. Where URL does not answer with its index.html within PATIENCE (10) seconds, it ends with 1, and the link is turned back.
#
#     lockgate deploy file:site.tar --to staging -- files.sh {ref} /srv/site https://staging.example.com/
#
# Any static server serves ROOT/current; those that resolve the link for each request need no restart.
set -euo pipefail
umask 022 # for the server to read
if [ $# != 3 ]; then
  echo "usage: files.sh ARCHIVE ROOT URL" >&2
  exit 2
fi
archive=$1 root=$2 url=$3
digest=$(sha256sum <"$archive" | cut -d' ' -f1)
release=releases/sha256-$digest

turn() { # rename(2) replaces the link at once: no request finds none
  ln --symbolic --force --no-dereference "$1" "$root/.next"
  mv --no-target-directory "$root/.next" "$root/current"
}

# Unpacked aside, then given its name: it is there whole or not at all.
mkdir -p "$root/releases"
new=$(mktemp --directory "$root/releases/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
tar --extract --file "$archive" --directory "$new" --no-same-owner --no-same-permissions
chmod -R a+rX,go-w "$new"
if [ ! -e "$root/$release" ]; then
  mv --no-target-directory "$new" "$root/$release"
elif ! diff --recursive --no-dereference --brief "$new" "$root/$release" >&2; then
  echo "$root/$release is not what was unpacked there: nothing was turned" >&2
  exit 1
fi

former=$(readlink "$root/current" || true)
turn_back() {
  if [ -n "$former" ]; then
    turn "$former"
    echo "turned back to $former" >&2
  else
    rm --force "$root/current"
  fi
}
trap 'rm -rf "$new"; turn_back' EXIT # whatever goes wrong from here on, SIGTERM too
turn "$release"
end=$((SECONDS + ${PATIENCE:-10}))
until curl --fail --silent --max-time 5 "$url" | cmp --silent - "$root/$release/index.html"; do
  if [ "$SECONDS" -ge "$end" ]; then
    echo "$url does not answer with index.html of $release" >&2
    exit 1
  fi
  sleep 0.3
done
trap 'rm -rf "$new"' EXIT
