"""The real processes of a run, and the ways to make them fail."""
