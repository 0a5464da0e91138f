"""Recorded completions: how they are keyed, kept in readable files, replayed and recorded."""
