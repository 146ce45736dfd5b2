"""Settings come from the environment; an invalid one is reported in one line that names the variable."""

import re

import pytest

from holdfast.server_urls.parts import redacted
from holdfast.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _loaded(monkeypatch, **variables) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_without_a_database_the_api_listens_on_loopback(monkeypatch):
    settings = _loaded(monkeypatch)
    assert (settings.host, settings.port, settings.hold_seconds) == ("127.0.0.1", 8080, 900)
    assert settings.database_url is None
    assert settings.redis_url is None


def test_with_a_database_the_api_listens_everywhere(monkeypatch):
    assert _loaded(monkeypatch, DATABASE_URL="postgres://u@h/d").host == "0.0.0.0"
    assert _loaded(monkeypatch, HOST="::1").host == "::1"


def test_the_database_url_is_put_together_from_its_parts(monkeypatch):
    settings = _loaded(
        monkeypatch,
        DB_HOST="db",
        DB_PORT="5433",
        DB_USER="o@x",
        DB_PASSWORD="p/w:1",
        DB_NAME="t",
        DB_SSLMODE="require",
    )
    assert settings.database_url.get_secret_value() == "postgresql://o%40x:p%2Fw%3A1@db:5433/t?sslmode=require"


def test_a_socket_folder_is_a_database_host_too(monkeypatch):
    url = _loaded(monkeypatch, DB_HOST="/run/postgresql").database_url.get_secret_value()
    assert url == "postgresql://holdfast@/holdfast?sslmode=prefer&host=/run/postgresql&port=5432"


def test_the_redis_url_is_put_together_from_its_parts(monkeypatch):
    settings = _loaded(monkeypatch, REDIS_HOST="::1", REDIS_PASSWORD="p@", REDIS_DB="3")
    assert settings.redis_url.get_secret_value() == "redis://:p%40@[::1]:6379/3"


def test_urls_override_parts(monkeypatch):
    settings = _loaded(monkeypatch, DB_HOST="a", DATABASE_URL="postgresql://b/c", REDIS_HOST="a", REDIS_URL="redis://b")
    assert settings.database_url.get_secret_value() == "postgresql://b/c"
    assert settings.redis_url.get_secret_value() == "redis://b"


def test_an_empty_variable_is_an_unset_one(monkeypatch):
    assert _loaded(monkeypatch, PORT="", DATABASE_URL="", HOST="").port == 8080


def test_level_and_environment_are_taken_in_any_case(monkeypatch):
    settings = _loaded(monkeypatch, LOG_LEVEL="debug", APP_ENV="Production")
    assert (settings.log_level, settings.app_env) == ("DEBUG", "production")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("HOLD_SECONDS", "0"),
        ("HOLD_SECONDS", "86401"),
        ("APP_ENV", "staging"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "mysql://u:secret@h/d"),
        ("DATABASE_URL", "postgresql://u:secret@h:port/d"),
        ("REDIS_URL", "http://:secret@h"),
        ("DB_SSLMODE", "maybe"),
        ("SHUTDOWN_SECONDS", "nan"),
        ("LOCK_SECONDS", "-1"),
        ("BODY_BYTES_MAX", "1"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(monkeypatch, variable, value):
    with pytest.raises(SettingsError) as refusal:
        _loaded(monkeypatch, **{variable: value})
    message = str(refusal.value)
    assert message.startswith(f"{variable}: ")
    assert "\n" not in message
    assert "secret" not in message


def test_several_wrong_values_are_all_named_in_one_line(monkeypatch):
    with pytest.raises(SettingsError, match=r"^PORT: .*; HOLD_SECONDS: [^\n]*$"):
        _loaded(monkeypatch, PORT="x", HOLD_SECONDS="x")


def test_queues_that_contradict_each_other_are_refused(monkeypatch):
    with pytest.raises(SettingsError, match="EVENT_QUEUE_MAX"):
        _loaded(monkeypatch, EVENT_QUEUE_MAX="100", PROCESS_QUEUE_MAX="10")


def test_secrets_show_in_no_text_of_the_settings(monkeypatch):
    settings = _loaded(
        monkeypatch,
        DATABASE_URL="postgresql://u:hidden@h/d",
        REDIS_HOST="r",
        REDIS_PASSWORD="hidden",
        DB_PASSWORD="hidden",
    )
    assert "hidden" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_redacted_url_keeps_everything_but_the_password():
    assert redacted("postgresql://u:p%40@[::1]:5432/d?sslmode=require") == (
        "postgresql://u:***@[::1]:5432/d?sslmode=require"
    )
    assert redacted("redis://h:6379/0") == "redis://h:6379/0"


def test_the_archive_needs_a_place_and_whole_credentials(monkeypatch):
    bucket = {"ARCHIVE_AFTER_DAYS": "30", "ARCHIVE_TO": "s3://tickets/old/events/"}
    secret = {"ARCHIVE_S3_ACCESS_KEY_ID": "key", "ARCHIVE_S3_SECRET_ACCESS_KEY": "s3-secret-word"}
    settings = _loaded(
        monkeypatch, **bucket, **secret, ARCHIVE_DB_USER="archiver", ARCHIVE_DB_PASSWORD="db-secret-word"
    )
    assert (settings.archive_after_days, settings.archive_to) == (30, "s3://tickets/old/events")
    assert {"s3-secret-word", "db-secret-word"} <= set(settings.secrets())
    assert "secret-word" not in repr(settings)


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"ARCHIVE_AFTER_DAYS": "30"}, "ARCHIVE_AFTER_DAYS needs ARCHIVE_TO"),
        ({"ARCHIVE_AFTER_DAYS": "0", "ARCHIVE_TO": "/a"}, "ARCHIVE_AFTER_DAYS: must be greater than or equal to 1"),
        ({"ARCHIVE_TO": "archive"}, "ARCHIVE_TO: must be an absolute path, or s3://bucket/prefix"),
        ({"ARCHIVE_TO": "s3://A/b"}, "ARCHIVE_TO: must be s3://bucket or s3://bucket/prefix"),
        ({"ARCHIVE_S3_ENDPOINT": "s3.example"}, "ARCHIVE_S3_ENDPOINT: must be like https://"),
        ({"ARCHIVE_S3_ENDPOINT": "http://s3.example:99999"}, "ARCHIVE_S3_ENDPOINT: must be like https://"),
        ({"ARCHIVE_TO": "s3://bucket/../other"}, "ARCHIVE_TO: must be s3://bucket or s3://bucket/prefix"),
        ({"ARCHIVE_S3_REGION": "eu west"}, "ARCHIVE_S3_REGION: must be printable ASCII without spaces"),
        ({"ARCHIVE_S3_ACCESS_KEY_ID": "a\nb"}, "ARCHIVE_S3_ACCESS_KEY_ID: must be printable ASCII without spaces"),
        ({"ARCHIVE_S3_ACCESS_KEY_ID": "key"}, "must be set together"),
        ({"ARCHIVE_DB_PASSWORD": "secret"}, "ARCHIVE_DB_PASSWORD needs ARCHIVE_DB_USER"),
    ],
)
def test_half_an_archive_is_refused(monkeypatch, variables, complaint):
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        _loaded(monkeypatch, **variables)
