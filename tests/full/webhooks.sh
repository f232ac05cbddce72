#!/usr/bin/env bash
# Our webhooks are accepted by the published verifiers of Standard Webhooks (Python from PyPI, JavaScript from npm), and
# altered ones are refused.
#
# Needs python3 with venv, node with npm, and a network: it installs the tools below from the package registries into a folder
# of its own, which it removes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly PYTHON_TOOL=standardwebhooks==1.1.0
readonly NODE_TOOL=standardwebhooks@1.1.1
readonly HERE=tests/full/webhooks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "a signed message"
WHOCPA_WEBHOOK_OUT=$work/message.json cargo test --quiet -p whocpa-engine --test engine -- \
  deliveries::webhooks_are_signed_and_secrets_overlap::sqlite --exact
echo "installing $PYTHON_TOOL"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$PYTHON_TOOL"
"$work/venv/bin/python" "$HERE/verify.py" "$work/message.json"
echo "installing $NODE_TOOL"
mkdir "$work/node"
cp "$HERE/verify.mjs" "$work/node/"
(cd "$work/node" && npm init --yes >/dev/null && npm install --silent --no-audit --no-fund --save-exact "$NODE_TOOL")
node "$work/node/verify.mjs" "$work/message.json"
