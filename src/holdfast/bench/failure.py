"""Why a benchmark cannot continue."""


class LoadError(Exception):
    """The server cannot be reached, or stopped responding; the message is one line."""
