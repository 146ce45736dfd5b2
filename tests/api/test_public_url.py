"""Behind a proxy with a path prefix: every link and redirect must include the prefix."""

import contextlib
import os
import re
import signal
from pathlib import Path

import httpx
import pytest
from chaos.site.ports import quiet_port

from api.serving import serving
from holdfast.bootstrap.api import application
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.embedded.nginx import nginx_program
from holdfast.infrastructure.embedded.process import Child, wait_until
from holdfast.settings import Settings

_CONFIG = """\
pid nginx.pid; error_log stderr crit; worker_processes 1; events {{ worker_connections 256; }} {user}
http {{
    access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server {{
        listen 127.0.0.1:{port};
        location /tickets/ {{ proxy_pass {node}/; proxy_redirect off; proxy_set_header Host $http_host; }}
    }}
}}
"""  # noqa: E501 - nginx' own layout


@contextlib.asynccontextmanager
async def prefixed(folder: Path, port: int, **settings):
    """A node behind nginx, which adds /tickets."""
    try:
        program = nginx_program()
    except EmbeddedError as missing:
        pytest.skip(str(missing))
    async with application(Settings(**settings)) as app, serving(app) as node:
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(port=port, node=node, user="user root;" if os.geteuid() == 0 else ""))
        child = Child(
            "nginx",
            [str(program), "-p", f"{folder}/", "-c", str(config), "-e", "stderr", "-g", "daemon off;"],
            log_path=folder / "nginx.log",
            death_signal=signal.SIGTERM,
            work_dir=folder,
        )
        child.start()
        try:
            assert wait_until((folder / "nginx.pid").exists, 10), child.log_tail()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/tickets", timeout=20) as http:
                yield http
        finally:
            child.end((signal.SIGTERM, 3.0))


async def walked_from_swagger(http: httpx.AsyncClient, server: str) -> None:
    """Do as a browser does: follow the redirect, fetch what the page names, read the document, call what it says."""
    for start in ("/swagger", "/swagger/"):
        page = await http.get(start, follow_redirects=True)
        assert (page.status_code, page.url.path) == (200, "/tickets/swagger/index.html")
    for named in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert (await http.get(page.url.join(named))).status_code == 200, named
    start_script = (await http.get(page.url.join("start.js"))).text
    document = await http.get(page.url.join(re.search(r'url: "([^"]+)"', start_script)[1]))
    assert (document.status_code, document.url.path) == (200, "/tickets/openapi.json")
    (told,) = document.json()["servers"]
    assert told["url"] == server
    root = str(document.url.join(told["url"])).rstrip("/")
    assert (await http.get(f"{root}/api/v1/events")).status_code == 200


async def test_swagger_works_below_any_path_without_being_told(database_url, redis_url, tmp_path):
    async with prefixed(tmp_path, quiet_port(), database_url=database_url, redis_url=redis_url) as http:
        await walked_from_swagger(http, ".")


async def test_told_the_public_url_every_link_leads_back_to_the_service(database_url, redis_url, tmp_path):
    port = quiet_port()
    public = f"http://127.0.0.1:{port}/tickets"
    given = {"database_url": database_url, "redis_url": redis_url, "public_url": public + "/"}
    async with prefixed(tmp_path, port, **given) as http:
        await walked_from_swagger(http, public)
        links = (await http.get("/")).json()
        for name in ("documentation", "openapi", "health"):
            assert links[name].startswith(public + "/")
            assert (await http.get(links[name])).status_code == 200
        for path in ("/api/v1/events/7", "/nowhere", "/api/v1/events/%20"):
            problem = (await http.get(path)).json()
            assert problem["instance"] == "/tickets" + path
        policy = (await http.get("/swagger/index.html")).headers["content-security-policy"]
        assert f"connect-src 'self' http://127.0.0.1:{port};" in policy


@pytest.mark.parametrize(
    "wrong",
    [
        "shop.example/tickets", "ftp://shop.example", "https://", "https://a b", "https://u:p@shop.example", "https://shop.example/?a",
        "https://shop.example/#a", "https://shop.example/'", "https://shop.example/;script-src *", "https://shop.example//x",
        "https://shop.example/東", "https://shop.example\r\nX: y", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_a_public_url_that_could_break_out_of_a_header_is_refused(wrong):
    with pytest.raises(ValueError, match=r"https://shop\.example/tickets"):
        Settings(public_url=wrong)


@pytest.mark.parametrize(
    "sound", ["", "http://localhost:8080", "https://shop.example/a/b-c/", "https://[::1]:8443/t", "http://10.0.0.1"]
)
def test_a_public_url_is_kept_without_its_last_slash(sound):
    assert Settings(public_url=sound).public_url == sound.rstrip("/")
