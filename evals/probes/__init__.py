"""Probes: the running application is judged from outside, by how it answers requests."""
