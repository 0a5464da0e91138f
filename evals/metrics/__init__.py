"""What many samples are worth together: rates, their intervals, and differences between runs."""
