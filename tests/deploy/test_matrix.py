"""What `make test-matrix` writes down, and where it finds its programs."""

import json

import pytest
from matrix.programs import MissingError, postgres_programs, redis_program
from matrix.rows import PATHS, QUICK_PATHS, ROWS
from matrix.table import Result, write_table

from deploy.files import read


def test_a_row_s_result_is_kept_and_written(tmp_path):
    first, second = ROWS[:2]
    done = Result(
        first.name, ["tests/worker"], "3.11.2 (Debian)", "15.18 (Debian)", "Redis 7.0.15 (Debian)", 18, 0, 1, 2
    )
    (tmp_path / "first.json").write_text(json.dumps(done.as_json()))
    results = [Result.of(tmp_path / "first.json", first), Result.of(tmp_path / "second.json", second)]
    assert results[0] == done
    write_table(tmp_path / "matrix.md", results)
    lines = (tmp_path / "matrix.md").read_text().splitlines()
    assert "| 3.11.2 (Debian) | 15.18 (Debian) | Redis 7.0.15 (Debian) | worker | 18 (2) | 0 | 1 | 0 |" in lines
    assert f"| {second.name} | | | not run: not run | | | | |" in lines


def test_the_embedded_postgresql_needs_no_other(tmp_path):
    programs, _ = postgres_programs(18, tmp_path)
    assert (programs / "initdb").exists()


def test_what_cannot_be_had_is_said(tmp_path):
    with pytest.raises(MissingError, match=r"redis 5: no redis-server 5 is installed"):
        redis_program("redis 5", tmp_path)


def test_the_quick_tests_are_among_the_others():
    assert all(path.startswith(PATHS) for path in QUICK_PATHS)
    assert {f"postgres-{row.postgres}" for row in ROWS} <= json.loads(read("matrix/package.json"))[
        "dependencies"
    ].keys()
