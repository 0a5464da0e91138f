"""Real servers for samples, one file for each, behind one protocol."""
