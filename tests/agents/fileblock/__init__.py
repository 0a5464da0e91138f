"""Tests of the FILE-block format."""
