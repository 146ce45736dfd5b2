"""Why a benchmark cannot go on."""


class LoadError(Exception):
    """The server cannot be reached, or stopped answering; in one line."""
