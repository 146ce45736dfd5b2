"""`holdfast archive`: archives finished events to files, and brings them back."""
