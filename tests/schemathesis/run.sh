#!/usr/bin/env bash
# Lets schemathesis attack the API of a demo, with a key of each level and with none, by its own OpenAPI document.
#
#   tests/schemathesis/run.sh once [SEED]     each operation by one level: its limits and what lies beyond
#   tests/schemathesis/run.sh every [SEED]    each operation by every level that may use it, at random and in chains too
#
# Prints what each level found. Fails on any failure, on any answer of 500, and when a level's key stopped working on the
# way. What is excused stands in tests/schemathesis/exclusions.toml. Needs Python 3.11 with venv; the tools of
# tests/schemathesis/requirements.txt come from PyPI. The program is the one that `cargo test` has built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly HERE=$PWD/tests/schemathesis
readonly REPLACED=positive_data_acceptance,negative_data_rejection,content_type_conformance,response_schema_conformance
readonly PORT=${WHOCPA_SCHEMATHESIS_PORT:-18760}
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
work=$(mktemp -d)
readonly target work program=$target/debug/whocpa venv=$target/schemathesis mode=${1:?once or every} seed=${2:-1}
case $mode in
  once) readonly RUN=(--phases coverage) ;;
  every) readonly RUN=(--phases "examples,coverage,fuzzing,stateful" --max-examples 20) ;;
  *)
    echo "once or every, not $mode" >&2
    exit 2
    ;;
esac

clean() {
  local job
  for job in $(jobs -p); do
    kill "$job" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

install() {
  if ! cmp --silent "$HERE/requirements.txt" "$venv/installed"; then
    echo "installing the tools of $HERE/requirements.txt"
    rm -rf "$venv"
    if ! { python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$HERE/requirements.txt" &&
      "$venv/bin/pip" check --disable-pip-version-check; }; then
      echo "schemathesis cannot be installed, so the API was NOT attacked: this needs python3 with venv and a network" >&2
      return 1
    fi
    cp "$HERE/requirements.txt" "$venv/installed"
  fi
}

# ready PROCESS URL LOG: waits until a server answers.
ready() {
  for _ in $(seq 1500); do
    if curl --silent --fail --output /dev/null "$2/readyz"; then return; fi
    if ! kill -0 "$1" 2>/dev/null; then
      cat "$3" >&2
      return 1
    fi
    sleep 0.2
  done
  echo "nothing answers at $2" >&2
  return 1
}

make_demo() {
  local demo
  "$program" demo --data "$work/demo" --listen "127.0.0.1:$PORT" --days 3 --clicks-per-day 300 --rate 0 \
    >"$work/demo.log" 2>&1 &
  demo=$!
  ready "$demo" "http://127.0.0.1:$PORT" "$work/demo.log"
  kill "$demo"
  wait "$demo" || true
}

# attack LEVEL PORT: one level against a network of its own, so that no level sees what another one did.
attack() {
  local level=$1 url="http://127.0.0.1:$2" server operations code=0
  local log=$work/$level.log
  cp -r "$work/demo" "$work/$level"
  WHOCPA__LIMITS__RATE__MULTIPLY=100000 "$program" serve --data "$work/$level" --listen "127.0.0.1:$2" \
    >"$work/$level.server.log" 2>&1 &
  server=$!
  ready "$server" "$url" "$work/$level.server.log" || return
  operations=$(python3 "$HERE/prepare.py" "$work/demo/demo.json" "$level" "$url" "$work/$level.toml" "$mode") || return
  # It writes files where it stands. Checks in hooks.py stand for those that are left out.
  (
    cd "$work/$level"
    PYTHONPATH=$HERE PYTHONDONTWRITEBYTECODE=1 WHOCPA_DEMO=$work/demo/demo.json WHOCPA_LEVEL=$level WHOCPA_URL=$url \
      "$venv/bin/schemathesis" --config-file "$work/$level.toml" run "$url/api/openapi.json" \
      --include-operation-id-regex "$operations" --checks all \
      --exclude-checks "$REPLACED" \
      "${RUN[@]}" --seed "$seed" --generation-database none --no-shrink --warnings off --no-color
  ) >"$log" 2>&1 || code=1
  python3 "$HERE/alive.py" "$work/demo/demo.json" "$level" "$url" >>"$log" 2>&1 || code=1
  kill "$server"
  wait "$server" || true
  if grep --quiet '"level":"ERROR"' "$work/$level.server.log"; then
    grep '"level":"ERROR"' "$work/$level.server.log" | cut -c 1-1000 >>"$log"
    code=1
  fi
  return "$code"
}

# report LEVEL PROCESS: what it found.
report() {
  local code=0
  wait "$2" || code=1
  echo "---- $1"
  if [[ $code -ne 0 ]]; then
    cut -c 1-2000 "$work/$1.log"
    failed+=("$1")
  fi
  grep -A 1 -E '^Test cases:|Operations:' "$work/$1.log" | grep -E 'generated|selected' || true
}

install
make_demo
failed=()
# Two at a time: the long ones first.
attack operator "$PORT" &
operator=$!
attack guest $((PORT + 1)) &
guest=$!
report guest "$guest"
attack advertiser $((PORT + 1)) &
advertiser=$!
report advertiser "$advertiser"
attack webmaster $((PORT + 1)) &
webmaster=$!
report webmaster "$webmaster"
report operator "$operator"
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
