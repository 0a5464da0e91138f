"""Answers that models gave elsewhere, read from files to be scored."""
