"""The error for embedded servers that do not start."""


class EmbeddedError(Exception):
    """An embedded server cannot run. The message is one line that says what is wrong and how to fix it."""
