"""What clients saw during a run, and what the database contains at its end: recorded, read, arranged, replayed."""
