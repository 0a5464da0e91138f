"""What two runs differ by."""
