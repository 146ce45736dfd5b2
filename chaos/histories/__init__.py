"""What clients saw and what the database holds at the end of a run: recorded, read, arranged, replayed."""
