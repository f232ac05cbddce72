#!/usr/bin/env bash
# The OpenAPI document is valid, a Python and a TypeScript client are generated from it, build, and speak with a
# running demo; and the samples of the reference pages run as they stand.
#
# Needs python3 with venv, node with npm, curl, and a network: it installs the tools below from the package
# registries into a folder of its own, which it removes. PHP samples run where php is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly PYTHON_TOOLS=(openapi-spec-validator==0.9.0 openapi-python-client==0.29.1)
readonly NODE_TOOLS=(openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3 @types/node@20)
readonly HERE=tests/full/clients
readonly PORT=${WHOCPA_CLIENTS_PORT:-18741}
work=$(mktemp -d)
server=

clean() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean EXIT

echo "installing ${PYTHON_TOOLS[*]}"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "${PYTHON_TOOLS[@]}"
echo "installing ${NODE_TOOLS[*]}"
mkdir "$work/ts"
cp "$HERE/package.json" "$HERE/tsconfig.json" "$HERE/smoke.ts" "$work/ts/"
(cd "$work/ts" && npm install --silent --no-audit --no-fund --save-exact "${NODE_TOOLS[@]}")

echo "the document is valid OpenAPI 3.1"
"$work/venv/bin/openapi-spec-validator" --schema 3.1.0 docs/openapi.json

echo "a demo on port $PORT"
cargo build --quiet -p whocpa
binary=${CARGO_TARGET_DIR:-target}/debug/whocpa
"$binary" demo --rate 0 --days 1 --clicks-per-day 500 --data "$work/demo" --listen "127.0.0.1:$PORT" >"$work/demo.out" 2>&1 &
server=$!
for _ in $(seq 600); do
  if curl --silent --fail --output /dev/null "http://127.0.0.1:$PORT/readyz"; then break; fi
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$work/demo.out" >&2
    exit 1
  fi
  sleep 0.2
done
export WHOCPA_DEMO=$work/demo/demo.json

echo "a Python client"
"$work/venv/bin/openapi-python-client" generate --path docs/openapi.json --output-path "$work/client" --meta none \
  --config "$HERE/openapi-python-client.yaml" --fail-on-warning
"$work/venv/bin/python" -m compileall -q "$work/client"
PYTHONPATH=$work "$work/venv/bin/python" "$HERE/smoke.py"

echo "a TypeScript client"
(
  cd "$work/ts"
  npx --no-install openapi-typescript "$OLDPWD/docs/openapi.json" --output api.d.ts
  npx --no-install tsc
  node out/smoke.js
)

echo "the samples of the pages"
python3 "$HERE/samples.py" "$work"
