#!/usr/bin/env bash
# Replaces the container NAME by one of exactly the image REF. Where that does not answer on PORT within PATIENCE (30) seconds, it
# ends with 1, and the former one is there again.
#
#     lockgate deploy HOST/REPOSITORY:TAG --to staging -- podman.sh {ref} shop-staging 8081
#
# REF is what lockgate puts in place of {ref}: HOST/REPOSITORY@sha256:… or the path of an image layout. The program in
# the image listens on $PORT, runs on a read-only root file system, and may write below /tmp alone.
set -euo pipefail
if [ $# != 3 ]; then
  echo "usage: podman.sh REF NAME PORT" >&2
  exit 2
fi
ref=$1 name=$2 former=$2-former port=$3

# Pulled before anything is stopped. podman compares every byte with the digest.
case $ref in
  /*) image=$(tar --create --directory "$ref" . | podman load --quiet | sed 's/^Loaded image: //') ;;
  *@sha256:*)
    podman pull --quiet "$ref" >/dev/null
    image=$ref
    ;;
  *)
    echo "$ref names no digest: nothing was done" >&2
    exit 2
    ;;
esac

put_back() {
  podman rm --force --ignore --time 5 "$name" >/dev/null
  if podman container exists "$former"; then
    podman rename "$former" "$name"
    podman start "$name" >/dev/null
    echo "put back: $(podman inspect --format '{{.ImageName}}' "$name")" >&2
  fi
}

answers() {
  local end=$((SECONDS + ${PATIENCE:-30}))
  until curl --fail --silent --max-time 2 --output /dev/null "http://127.0.0.1:$port/"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.3
  done
}

# A deployment that was killed, or a machine that lost its power, leaves the former one aside.
if podman container exists "$former"; then put_back; fi

if podman container exists "$name"; then podman rename "$name" "$former"; fi
trap put_back EXIT # whatever goes wrong from here on, SIGTERM too
podman stop --ignore --time 10 "$former" >/dev/null

podman run --detach --name "$name" --restart always \
  --read-only --tmpfs /tmp --cap-drop all --security-opt no-new-privileges --pids-limit 256 --memory 256m \
  --env "PORT=$port" --publish "127.0.0.1:$port:$port" "$image" >/dev/null

if ! answers; then
  podman logs --tail 20 "$name" >&2
  echo "$name does not answer on port $port" >&2
  exit 1
fi
trap - EXIT
podman rm --force --ignore "$former" >/dev/null
