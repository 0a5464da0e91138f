"""What a model needs to know of a repository, found in its files and ranked by a task."""
