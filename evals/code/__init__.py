"""The code under judgement, as one typed view that every checklist item reads."""
