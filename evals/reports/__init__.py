"""What a run found, written for people and for machines: one file for each form."""
