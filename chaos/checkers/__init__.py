"""The checkers of a history, what they are tried on, and the verdict that they come to together."""
