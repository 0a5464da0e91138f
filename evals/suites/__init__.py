"""Suites that ship with Backsmith."""
