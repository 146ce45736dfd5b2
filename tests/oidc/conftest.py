import pytest

from holdfast.infrastructure.oidc import fetching


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """A busy machine must not look like an issuer that is down; tests of time-outs set short ones themselves."""
    monkeypatch.setattr(fetching, "STEP_SECONDS_MAX", 20.0)
    monkeypatch.setattr(fetching, "FETCH_SECONDS_MAX", 20.0)
