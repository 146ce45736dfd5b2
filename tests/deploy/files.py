"""The files that a deployment is made of, and what they may name."""

from pathlib import Path

import yaml

from holdfast.settings import Settings

CHECKOUT = Path(__file__).parents[2]
SETTINGS = {name.upper() for name in Settings.model_fields}
OPEN_FILES = Settings.model_fields["connections_max"].default + 768
"""What a process needs for its connections, and for everything else (docs/operations.md, Sizing)."""
PROBES = {"/livez", "/readyz"}


def read(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def read_yaml(name: str):
    return yaml.safe_load(read(name))
