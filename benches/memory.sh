#!/usr/bin/env bash
# What 1,000 Pods and 10,000 Events cost in memory on their way into a snapshot: through trees of JSON, as it once was, and as it is.
# Prints; asserts nothing.
#
#   benches/memory.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --locked --quiet --profile "${PROFILE:-bench}" --bench memory
program=$(cargo build --locked --quiet --profile "${PROFILE:-bench}" --bench memory --message-format json | sed -n 's/.*"executable":"\([^"]*memory[^"]*\)".*/\1/p' | tail -1)

printf '%-40s %14s %14s\n' "1,000 Pods and 10,000 Events" "kept" "worst moment"
for mode in tree kept; do
  read -r _ resident peak < <("$program" "$mode")
  case $mode in
    tree) name="through trees of JSON, whole objects" ;;
    kept) name="one by one, without managedFields" ;;
  esac
  printf '%-40s %10.1f MiB %10.1f MiB\n' "$name" "$(bc -l <<<"$resident/1024")" "$(bc -l <<<"$peak/1024")"
done
