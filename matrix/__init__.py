"""Runs the suite's contract and engine tests on other versions of Python, PostgreSQL and Redis: `make test-matrix`."""
