"""What an answer is worth: checks, verdicts, evidence, reports."""
