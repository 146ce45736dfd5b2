"""What a person can do something about when an embedded server does not start."""


class EmbeddedError(Exception):
    """An embedded server cannot run. The message is one line that says what is wrong and what to do."""
