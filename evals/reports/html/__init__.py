"""A run as one HTML file that needs no network: an overview, a table of samples, a page for each."""
