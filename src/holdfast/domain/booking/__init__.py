"""Holding, buying and giving back seats: one pure function decides."""
