"""`holdfast cells`: several databases as one installation."""
