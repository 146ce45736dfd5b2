"""Values of DATABASE_URL and REDIS_URL either work, or one line says what to write instead."""

import ssl

import pytest
from redis.asyncio import BlockingConnectionPool

from holdfast.server_urls import parts, postgres, redis
from holdfast.settings import Settings, SettingsError, load_settings

SECRET = "hidden"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgres://u:p@h/d", "postgres://u:p@h/d"),
        (" postgresql://u@h/d\n", "postgresql://u@h/d"),
        ("postgresql:///d", "postgresql:///d"),
        ("postgresql://u:p:w@h/d", "postgresql://u:p:w@h/d"),
        ("postgresql://u:p%40%2F%3A%25@h/d", "postgresql://u:p%40%2F%3A%25@h/d"),
        ("postgresql://u@[::1]:5433/d?sslmode=require", "postgresql://u@[::1]:5433/d?sslmode=require"),
        ("postgresql://u@/d?host=/run/postgresql&port=5433", "postgresql://u@/d?host=/run/postgresql&port=5433"),
        ("postgresql://u@%2Frun%2Fpostgresql/d", "postgresql://u@%2Frun%2Fpostgresql/d"),
        # What means nothing here, or is done by Holdfast itself.
        ("postgresql://h/d?connect_timeout=5&application_name=x&keepalives=1", "postgresql://h/d"),
        ("postgresql://h/d?sslmode=require&channel_binding=prefer", "postgresql://h/d?sslmode=require"),
        ("postgresql://h/d?gssencmode=disable&client_encoding=UTF8", "postgresql://h/d"),
        ("postgresql://h/d?options=-c%20search_path%3Dx&keepalives=0", "postgresql://h/d?options=-c%20search_path%3Dx"),
        # Several hosts: the one that can be written to.
        ("postgresql://u@a:1,b:2/d", "postgresql://u@a:1,b:2/d?target_session_attrs=read-write"),
        ("postgresql://a,b/d?target_session_attrs=any", "postgresql://a,b/d?target_session_attrs=any"),
    ],
)
def test_what_can_be_done_with_a_database_url_is_done(given, wanted):
    assert postgres.checked(given) == wanted


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"postgresql://u:{SECRET}@x@h/d", "%40"),
        (f"postgresql://u:{SECRET}/x@h/d", "%2F"),
        (f"postgresql://u:{SECRET}#x@h/d", "%23"),
        (f"postgresql://u:{SECRET}?x@h/d", "name=value"),
        (f"postgresql://u:{SECRET}\n@h/d", "line breaks"),
        (f"postgresql+asyncpg://u:{SECRET}@h/d", "postgresql://"),
        (f"postgresql://u:{SECRET}@h:0/d", "65535"),
        (f"postgresql://u:{SECRET}@h:99999/d", "65535"),
        (f"postgresql://u:{SECRET}@h:p/d", "65535"),
        (f"postgresql://u:{SECRET}@::1/d", "[::1]"),
        (f"postgresql://u:{SECRET}@[::1/d", "[::1]:5432"),
        (f"postgresql://u:{SECRET}@a,,b/d", "empty"),
        ("postgresql://h/d?sslmode", "name=value"),
        ("postgresql://h/d?sslmode=maybe", "verify-full"),
        ("postgresql://h/d?channel_binding=require", "channel_binding"),
        ("postgresql://h/d?gssencmode=require", "gssencmode"),
        ("postgresql://h/d?client_encoding=latin1", "client_encoding"),
        ("postgresql://h/d?target_session_attrs=standby", "read-write"),
        ("postgresql://h/d?statement_timeout=5", "options=-c"),
        ("postgresql://h/d?pgbouncer=true", "pgbouncer"),
        ("postgresql://h/d?hostaddr=10.0.0.1", "hostaddr"),
        ("postgresql://h/d?require_auth=none", "require_auth"),
        (f"postgresql://h/d?a=1&{SECRET.upper()}=2", "does not know"),
        ("postgresql://h/d?sslrootcert=/no/such/file", "sslrootcert"),
        ("postgresql://h/d?sslmode=verify-full", "sslrootcert=system"),
    ],
)
def test_what_cannot_be_done_with_a_database_url_is_one_line(monkeypatch, tmp_path, url, word):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    message = str(refusal.value)
    assert message.startswith("DATABASE_URL: ")
    assert word in message
    assert "\n" not in message
    assert SECRET not in message.lower()


def test_the_system_s_certificates_are_those_of_its_file(monkeypatch, tmp_path):
    roots = ssl.get_default_verify_paths().cafile or str(tmp_path / "roots.pem")
    (tmp_path / "roots.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", roots)
    url = postgres.checked("postgresql://h/d?sslmode=verify-full&sslrootcert=system")
    assert parts.options(parts.split(url, postgres.SCHEMES))["sslrootcert"] == roots


@pytest.mark.parametrize(
    ("url", "each"),
    [
        ("postgresql://u:p@a:1,b/d?x=1", ["postgresql://u:p@a:1/d?x=1", "postgresql://u:p@b/d?x=1"]),
        (
            "postgresql://u@/d?host=/a,/b&port=1",
            ["postgresql://u@/d?host=%2Fa&port=1", "postgresql://u@/d?host=%2Fb&port=1"],
        ),
        ("postgresql://u@h/d", ["postgresql://u@h/d"]),
    ],
)
def test_several_hosts_are_tried_one_by_one(url, each):
    assert [part.replace("host=/", "host=%2F") for part in postgres.each_host(url)] == each


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "redis://user:p%40ss@h:6380/3",
        "redis://:p@[::1]:6379/0?protocol=3&socket_timeout=9&max_connections=1",
        "rediss://h:6379?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=2",
        "unix://user:p@/run/redis.sock",
    ],
)
def test_what_can_be_done_with_a_redis_url_is_done(url):
    pool = BlockingConnectionPool.from_url(redis.checked(url), socket_timeout=1, max_connections=16, timeout=1)
    pool.make_connection()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"redis://:{SECRET}@h/db0", "number"),
        (f"redis://:{SECRET}@h?db=x", "number"),
        (f"redis://:{SECRET}@h:70000", "65535"),
        (f"redis://:{SECRET}@x@h", "%40"),
        (f"redis://:{SECRET}@a,b", "one host"),
        ("redis://h?ssl_cert_reqs=none", "rediss://"),
        ("rediss://h?ssl_cert_reqs=maybe", "ssl_cert_reqs"),
        ("rediss://h?ssl_ca_certs=/no/such/file", "ssl_ca_certs"),
        ("redis://h?decode_responses=true", "does not know"),
        ("redis+sentinel://h", "redis://"),
        ("unix://", "socket"),
    ],
)
def test_what_cannot_be_done_with_a_redis_url_is_one_line(monkeypatch, url, word):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    message = str(refusal.value)
    assert message.startswith("REDIS_URL: ")
    assert word in message
    assert SECRET not in message


def test_parts_make_urls(monkeypatch):
    monkeypatch.setenv("DB_HOST", "a, b,::1")
    monkeypatch.setenv("DB_PORT", "6000")
    monkeypatch.setenv("REDIS_HOST", "/run/redis.sock")
    settings = load_settings()
    hosts = "a:6000,b:6000,[::1]:6000"
    query = "sslmode=prefer&target_session_attrs=read-write"
    assert settings.database_url.get_secret_value() == f"postgresql://holdfast@{hosts}/holdfast?{query}"
    assert settings.redis_url.get_secret_value() == "unix://@/run/redis.sock?db=0"


@pytest.mark.parametrize("host", ["h:5432", "http://h", "u@h", "a b", "a,", "h/d"])
@pytest.mark.parametrize("variable", ["DB_HOST", "REDIS_HOST"])
def test_a_host_is_a_host(monkeypatch, variable, host):
    monkeypatch.setenv(variable, host)
    with pytest.raises(SettingsError, match=f"^{variable}: must be "):
        load_settings()


def test_verification_without_a_certificate_is_one_line_with_parts_too(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DB_HOST", "h")
    monkeypatch.setenv("DB_SSLMODE", "verify-full")
    with pytest.raises(SettingsError, match=r"^DB_HOST, DB_SSLMODE: .*sslrootcert"):
        load_settings()


@pytest.mark.parametrize(
    "url", [f"postgresql://u@h/d?password={SECRET}", f"postgresql://u:{SECRET}@h/d", f"redis://:{SECRET}@h/0"]
)
def test_no_password_is_shown(url):
    assert SECRET not in parts.redacted(url)
    assert parts.passwords(url) == [SECRET, SECRET][: len(parts.passwords(url))]


def test_a_url_gets_another_login():
    url = "postgresql://app:old@a:1,b:2/tickets?sslmode=require"
    assert parts.with_login(url, "arch@iver", "p/w") == (
        "postgresql://arch%40iver:p%2Fw@a:1,b:2/tickets?sslmode=require"
    )
    assert parts.with_login("postgresql:///t?user=app&password=old&host=/run", "archiver", None) == (
        "postgresql://archiver@/t?host=%2Frun"
    )
