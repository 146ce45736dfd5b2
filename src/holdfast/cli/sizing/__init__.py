"""`holdfast size`: how large an installation an on-sale needs."""
