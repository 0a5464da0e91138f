"""Who answers, and what the answer says: models, completions, the FILE-block parser."""
