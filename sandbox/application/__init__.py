"""The application under judgement, started in the sandbox so that it can be asked from outside."""
