#!/bin/sh
# Runs inside the sandbox, for cargo: one test program, its events written beside the project.
# libtest gives machine output only where unstable options are allowed, which is asked for here alone.
program=$1
shift
name=$(basename "$program")
"$program" --list --format terse >"$BACKSMITH_RESULTS/$name.list" 2>/dev/null
RUSTC_BOOTSTRAP=1 exec "$program" "$@" -Z unstable-options --format json --report-time >"$BACKSMITH_RESULTS/$name.jsonl"
