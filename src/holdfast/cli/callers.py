"""Callers in the log: the key of their pseudonyms, and the pseudonym of a given caller."""

from pathlib import Path

from holdfast.infrastructure.embedded.folder import new_password, read_secret, write_secret
from holdfast.settings import Settings, SettingsError
from holdfast.telemetry import callers

_KEY_NAME = "log.key"


def kept_key(data_dir: Path) -> str:
    """Return the key of an embedded run. It is kept, so that a buyer's lines can be found across runs.

    Raises:
        EmbeddedError: if it exists but cannot be read.
    """
    path = data_dir.absolute() / _KEY_NAME
    if not path.exists():
        write_secret(path, new_password())
    return read_secret(path)


def name_in_log(settings: Settings, user_id: str) -> str:
    """Return the pseudonym that stands for a caller in the log's field `caller`.

    Raises:
        SettingsError: if no key is known here.
        EmbeddedError: if the data folder's key cannot be read.
    """
    if settings.log_caller_key is not None:
        key = settings.log_caller_key.get_secret_value()
    elif (settings.holdfast_data_dir / _KEY_NAME).exists():
        key = kept_key(settings.holdfast_data_dir)
    else:
        raise SettingsError("LOG_CALLER_KEY: must be that of the nodes, or HOLDFAST_DATA_DIR the folder of the run")
    callers.use_key(key)
    return callers.pseudonym(user_id.encode())
