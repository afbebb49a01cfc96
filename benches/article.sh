#!/usr/bin/env bash
# The demo's case on a real Kubernetes, several times: requests and time from the call to the plan with its dry run, as in
# the report's own `usage`, and the time from the approval to the verdict. Prints; asserts nothing.
#
#   benches/article.sh [RUNS]
#
# Needs what the real tests need: Linux, root, Go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs=${1:-5}
settle=5
issue="Something is wrong with my database in the NAMESPACE namespace"

cargo build --release --locked --quiet
kubemend=$(realpath "${CARGO_TARGET_DIR:-target}/release/kubemend")
cluster=$(tests/cluster/prepare) || { echo "did not run: a real Kubernetes is not available here (see above)"; exit 0; }

work=$(mktemp -d)
trap 'exec 8>&-; wait; rm -rf "$work"' EXIT
mkfifo "$work/stdin"
"$cluster" up --dir "$work/cluster" --images fixtures --until-stdin-closes <"$work/stdin" >"$work/log" 2>&1 &
exec 8>"$work/stdin"
for ((waited = 0; waited < 600; waited++)); do
  [[ -e $work/cluster/ready.json ]] && break
  sleep 0.2
done
[[ -e $work/cluster/ready.json ]] || { tail "$work/log"; exit 1; }

kubectl() { "$cluster" kubectl --kubeconfig "$work/cluster/admin.kubeconfig" "$@" 8>&-; }
# Exit codes 3 and 4 are results: a problem was found, an approval is awaited.
ask() { "$kubemend" "$@" -o json 2>>"$work/kubemend.log" 8>&- || [[ $? == [34] ]]; }
export KUBECONFIG=$work/cluster/oncall.kubeconfig XDG_STATE_HOME=$work XDG_CONFIG_HOME=$work
# Nobody sits at a terminal here: the digest of the plan is repeated instead.
export KUBEMEND_SETTLE=${settle}s KUBEMEND_CONSENT=client

printf '%4s %14s %14s %22s %12s  %s\n' run "plan: calls" "plan: ms" "after approval: ms" "passed: s" status
for ((run = 1; run <= runs; run++)); do
  namespace=bench-$run
  kubectl create namespace "$namespace" >/dev/null
  kubectl apply -n "$namespace" -f src/cli/demo/deployment.yaml >/dev/null
  until kubectl get events -n "$namespace" --no-headers 2>/dev/null | grep -q FailedScheduling; do sleep 0.2; done
  plan=$(ask remediate "${issue/NAMESPACE/$namespace}")
  field() { sed -n "s/.*\"$1\": \"\\{0,1\\}\\([^\",]*\\).*/\\1/p" <<<"$plan" | head -1; }
  session=$(field session) digest=$(field digest) calls=$(field apiCalls) elapsed=$(field elapsedMs)
  began=$(date +%s%3N)
  plan=$(ask approve "$session" --digest "$digest")
  printf '%4d %14d %14d %22d %12.2f  %s\n' "$run" "$calls" "$elapsed" $(($(date +%s%3N) - began)) "$(field settledFor)" "$(field status)"
done
echo "after approval, until the verdict: the write, the Pod's start, and a settle window of $settle s; what the checks passed for longer is the verdict's delay"
