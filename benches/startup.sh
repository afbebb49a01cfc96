#!/usr/bin/env bash
# From the start to the answer of tools/list, peak memory, and the size of the program: the program as it is given to others (`dist`) beside
# `kubernetes-mcp-server`, a Go program from npm, in the same run. Prints both and the ratio; asserts nothing.
#
#   benches/startup.sh [RUNS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs=${1:-30}
cache=${KUBEMEND_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubemend}/bench
target=${CARGO_TARGET_DIR:-target}
other_version=0.0.67

cargo build --profile dist --locked --quiet
mkdir -p "$cache"
rustc --edition 2024 -O -o "$cache/measure" benches/tools/measure.rs

# Neither connects to a cluster before the first request; both get the same one, where nothing answers.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/kubeconfig" <<'YAML'
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: none}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
YAML
export KUBECONFIG=$work/kubeconfig XDG_STATE_HOME=$work

measure() { # NAME PROGRAM ARGUMENTS…
  local name=$1 program=$2 size median least memory list
  size=$(stat -c %s "$program")
  shift
  read -r median least memory list < <("$cache/measure" "$runs" "$@")
  printf '%-24s %8.1f ms %8.1f ms %8.1f MiB %8.1f MiB %8d bytes\n' "$name" "$median" "$least" \
    "$(bc -l <<<"$memory/1024")" "$(bc -l <<<"$size/1048576")" "$list"
  last="$median $memory $size"
}

printf '%-24s %11s %11s %12s %12s %14s\n' "" median fastest "peak memory" "program" "tools/list"
measure kubemend "$target/dist/kubemend" serve
ours=$last

npm_place=$cache/npm
other=$(find "$npm_place" -type f -path '*/bin/kubernetes-mcp-server-*' 2>/dev/null | head -1 || true)
if [[ -z $other ]] && command -v npm >/dev/null; then
  npm install --no-fund --no-audit --silent --prefix "$npm_place" "kubernetes-mcp-server@$other_version" >&2 || true
  other=$(find "$npm_place" -type f -path '*/bin/kubernetes-mcp-server-*' 2>/dev/null | head -1 || true)
fi
if [[ -z $other ]]; then
  echo "kubernetes-mcp-server did not run: npm is needed to fetch it"
  exit 0
fi
measure kubernetes-mcp-server "$other" --read-only
awk -v a="$ours" -v b="$last" 'BEGIN { split(a, x, " "); split(b, y, " ");
  printf "%-24s %8.1f x  %11s %8.1f x    %8.1f x\n", "ratio", y[1]/x[1], "", y[2]/x[2], y[3]/x[3] }'
