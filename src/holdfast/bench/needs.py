"""What the benchmark needs in addition to Holdfast's own libraries: installed for development only."""

from importlib.util import find_spec

_PACKAGES = ("httpx", "matplotlib", "numpy", "psutil")


def what_is_missing() -> str | None:
    """Return one line on what to install before importing the rest of the benchmark; None if nothing is missing."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if not missing:
        return None
    names = " ".join(missing)
    return f"the benchmark needs {names}: run `make install` in a checkout, or `pip install {names}`"
