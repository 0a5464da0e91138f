"""How each language's tests are found, run and read, one file for each."""
