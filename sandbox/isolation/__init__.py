"""How untrusted commands are kept in: one file for each isolation, behind one protocol."""
