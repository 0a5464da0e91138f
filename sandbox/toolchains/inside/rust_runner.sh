#!/bin/sh
# Runs inside the sandbox, for cargo, in place of a test program: says how it is to be started (see backsmith_libtest.py).
number=$(printf '%04d' "$(find "$BACKSMITH_STARTS" -type f | wc -l)")
{
  pwd | tr '\n' '\0'
  printf '\0'
  env -0
  printf '\0'
  printf '%s\0' "$@"
} >"$BACKSMITH_STARTS/$number"
