"""The checkers of a history, the errors that they are tested with, and their combined verdict."""
