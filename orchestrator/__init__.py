"""How the work flows: the sample pipeline, the run store and the command line."""
