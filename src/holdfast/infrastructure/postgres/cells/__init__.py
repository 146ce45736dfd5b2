"""What databases know of cells."""
