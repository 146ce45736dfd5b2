"""The real processes of a run, and the means to make them fail."""
