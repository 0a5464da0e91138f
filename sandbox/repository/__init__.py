"""A user's own repository: read as it is, never run, and handed a branch at the end."""
