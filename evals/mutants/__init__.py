"""Mutants: small faults put into a submission, to see whether its own tests notice."""
