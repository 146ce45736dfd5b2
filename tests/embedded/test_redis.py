"""The embedded Redis: private, in memory, and back on the same port."""

import pytest
import redis

from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedRedis
from holdfast.infrastructure.embedded.process import processes_in

pytestmark = pytest.mark.skipif(not EmbeddedRedis.available(), reason="no redis-server or valkey-server is installed")


@pytest.fixture
def server(tmp_path):
    server = EmbeddedRedis(tmp_path / "with space", databases=3)
    server.start()
    yield server
    server.stop()
    assert processes_in(server.work_dir) == []


def test_it_keeps_nothing_on_disk_and_evicts_nothing(server):
    with redis.Redis.from_url(server.url_of(2), decode_responses=True) as client:
        wanted = {
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
            "databases": "3",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


@pytest.mark.slow
def test_it_wants_its_password(server):
    with redis.Redis(port=server.port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


@pytest.mark.parametrize("end", [EmbeddedRedis.kill, EmbeddedRedis.stop])
def test_it_comes_back_empty_on_the_same_port(server, end):
    url = server.url
    with redis.Redis.from_url(url) as client:
        client.set("key", 1)
    end(server)
    server.start()
    assert server.url == url
    with redis.Redis.from_url(url) as client:
        assert client.dbsize() == 0


def test_a_folder_is_used_by_one_server_at_a_time(server):
    with pytest.raises(EmbeddedError, match="in use by another run"):
        EmbeddedRedis(server.data_dir).start()


def test_a_wrong_setting_is_one_line_with_the_servers_own_words(tmp_path):
    server = EmbeddedRedis(tmp_path, settings={"maxclients": "many"})
    with pytest.raises(EmbeddedError, match=r"^Redis does not start: [^\n]+ \(log: "):
        server.start()
    server.stop()
