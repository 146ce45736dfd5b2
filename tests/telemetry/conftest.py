import pytest

from logging_state import restore_logging


@pytest.fixture(autouse=True)
def _logging_as_before():
    yield
    restore_logging()
