"""Everything that can be configured, read from environment variables."""

from holdfast.settings.settings import Settings, SettingsError, load_settings

__all__ = ["Settings", "SettingsError", "load_settings"]
