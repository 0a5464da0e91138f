"""What a model is told: tasks, roles and the prompts rendered from them."""
