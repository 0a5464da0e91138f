"""Work inside a user's own repository: ``backsmith run TASK --into REPO``."""
