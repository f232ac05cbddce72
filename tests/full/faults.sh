#!/usr/bin/env bash
# Visitors are redirected whatever becomes of the store: it is locked, its disk is full, or (PostgreSQL) it is stopped and
# started again, all under load. Every visitor must get his 302, and every click that was answered must be stored at the
# end. The p99 of each fault is printed beside that of the same run before it.
#
# Needs python3, PostgreSQL, and a small file system of its own for the full disk: a tmpfs, mounted as root or in a
# namespace where that is allowed. It fails where neither can be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ $(id -u) -ne 0 && -z ${WHOCPA_FAULTS_INSIDE:-} ]]; then
  export WHOCPA_FAULTS_INSIDE=1
  exec unshare --user --map-current-user --keep-caps --mount bash "${BASH_SOURCE[0]}"
fi

readonly SMALL_MIB=400
work=$(mktemp -d "${TMPDIR:-/tmp}/whocpa-faults.XXXXXX")
chmod 755 "$work"
mkdir "$work/small"

clean() {
  if [[ -n ${WHOCPA_TEST_POSTGRES_HOME:-} ]]; then tests/support/postgres.sh stop || true; fi
  umount "$work/small" 2>/dev/null || true
  rm -rf -- "$work"
}
trap clean EXIT

mount -t tmpfs -o "size=${SMALL_MIB}m,mode=1777" whocpa-faults "$work/small" || {
  echo "no small file system can be mounted here: the full disk cannot be tested" >&2
  exit 1
}
cargo build --quiet -p whocpa
binary=${CARGO_TARGET_DIR:-target}/debug/whocpa

echo "== SQLite"
python3 tests/full/faults/run.py sqlite "$binary" "$work"
# PostgreSQL's own disk is the small one; the node's log is on another.
rm -rf -- "$work/small"/*
eval "$(TMPDIR=$work/small tests/support/postgres.sh start)"
echo "== PostgreSQL"
python3 tests/full/faults/run.py postgres "$binary" "$work"
