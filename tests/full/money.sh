#!/usr/bin/env bash
# Money in long runs, on both databases: random steps beside a model in plain integers (trust M1), and races for holds and
# balances (M3, M4). Each prints its figures; docs/money.md has those of the last run.
#
# WHOCPA_MODEL_SEED says which random steps: the day's number unless told, so that every day looks at others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export WHOCPA_MODEL_SEED=${WHOCPA_MODEL_SEED:-$(($(date +%s) / 86400))}
export WHOCPA_MODEL_STEPS=${WHOCPA_MODEL_STEPS:-50000}
export WHOCPA_RACE_HOLDS=${WHOCPA_RACE_HOLDS:-1000}
export WHOCPA_RACE_ROUNDS=${WHOCPA_RACE_ROUNDS:-200}

eval "$(tests/support/postgres.sh start)"
trap 'tests/support/postgres.sh stop' EXIT
cargo test -p whocpa-engine --test engine -- --nocapture --test-threads 2 model:: races:: 2>&1 |
  grep -E '^(money model|M[0-9]+:|test |thread .* panicked|assertion|  (left|right):)|error'
