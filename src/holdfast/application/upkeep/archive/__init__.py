"""Archives finished events: their reservations, claims and log leave for a file each, and come back from it."""
