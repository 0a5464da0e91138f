"""Warm runs: tests are forked from a process that has their environment's packages imported (docs/sandbox.md)."""
