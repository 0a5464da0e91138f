"""Installed dependency sets, cached by content; one file for each ecosystem."""
