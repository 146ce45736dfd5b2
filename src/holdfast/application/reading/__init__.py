"""The read side: maps of hot events in memory, as right as the log they follow, never asked for a decision."""
