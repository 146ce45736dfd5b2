"""The lists of all cells as one."""
