#!/usr/bin/env bash
# The long run of schemathesis: every level, at random and in chains of requests too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cargo build --quiet -p whocpa
exec bash tests/schemathesis/run.sh every
