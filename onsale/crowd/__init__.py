"""The people: when they come, what they want, and what they do with an answer."""
