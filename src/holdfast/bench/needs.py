"""What the benchmark works with beside Holdfast's own libraries: development installs it, running Holdfast does not."""

from importlib.util import find_spec

_PACKAGES = ("httpx", "matplotlib", "numpy", "psutil")


def what_is_missing() -> str | None:
    """One line that tells what to install before any other module of the benchmark is imported; None: nothing."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if not missing:
        return None
    names = " ".join(missing)
    return f"the benchmark needs {names}: run `make install` in a checkout, or `pip install {names}`"
