#!/usr/bin/env bash
# check.sh SCIMPROOF: runs the check of the action and fills in summary, annotations and outputs. It ends with 0: a later step
# decides, when the reports are kept.
set -uo pipefail
scimproof=$1
out=${INPUT_OUT:-scimproof-reports}

args=(check --out-dir "$out")
if [ -n "${INPUT_TOKEN:-}" ]; then args+=(--token env:INPUT_TOKEN); fi
for name in config waivers fail-on anchor allow-writes; do
	variable=INPUT_$(printf %s "$name" | tr a-z- A-Z_)
	if [ -n "${!variable:-}" ]; then args+=("--$name" "${!variable}"); fi
done
read -ra extra <<<"${INPUT_ARGS:-}"
args+=(${extra[@]+"${extra[@]}"})
if [ -n "${INPUT_URL:-}" ]; then args+=(-- "$INPUT_URL"); fi

"$scimproof" "${args[@]}"
code=$?

output() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/stdout}"; }
output exit "$code"
if [ -f "$out/results.json" ]; then
	if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
	cat "$out/github-annotations.txt"
	verdict=$("$scimproof" report "$out/results.json" -q)
	output verdict "${verdict%% (exit*}"
	output grade "$(sed -n '/^  "grade": {/,/^  }/s/^ *"letter": "\(.*\)",*$/\1/p' "$out/results.json")"
	output results "$out/results.json"
	output report "$out/report.html"
fi
exit 0
