"""Scripts as they are sent: without their comments and indentation, which are half of what they weigh.

The types of the pages' scripts are in comments, and no phone needs them. Nothing else is changed, so what runs is still
what is read in the repository, line by line.
"""

import re

_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*$|//[^\n]*$)\n?", re.DOTALL | re.MULTILINE)
"""One that begins a line and ends one. Others stay: they could be part of a string."""
_CAST = re.compile(r"/\*\* @type \{[^\n]*?\} \*/ ?")
_INDENTATION = re.compile(r"^[ \t]+|\n(?=\n)", re.MULTILINE)


def without_comments(script: str) -> str:
    """Return a script without comments and indentation.

    Its template literals must each be on one line, since their spaces count; a test looks at all scripts.
    """
    return _INDENTATION.sub("", _CAST.sub("", _COMMENT.sub("", script)))
