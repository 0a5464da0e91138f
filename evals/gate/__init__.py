"""Whether a run is worse than its baseline: exact tests, a total false-alarm rate, and what they can see."""
