"""`python -m onsale`: simulate large on-sales."""
