"""Imports structlog while hiding rich from it.

structlog uses rich's tracebacks if rich is installed, and with them pygments: 3 MiB in each process for a format that
none of our lines uses. It works without.
"""

import sys

_HIDDEN = ("rich", "rich.console", "rich.traceback")

_seen = {name: sys.modules.pop(name) for name in _HIDDEN if name in sys.modules}
sys.modules.update(dict.fromkeys(_HIDDEN))  # type: ignore[arg-type] # None makes an import of it fail
try:
    import structlog  # noqa: F401
finally:
    for _name in _HIDDEN:
        del sys.modules[_name]
    sys.modules.update(_seen)
