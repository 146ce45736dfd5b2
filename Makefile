# Holdfast's daily commands. `make help` lists them.
# Needs: make and Python 3.11 or newer. Everything else is installed into .venv/ of this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; `make run PYTHON=/path/to/python3.12` overrides it.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; \
	done)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
HOLDFAST := $(PY) -m holdfast
TEST_WORKERS ?= 2
CHAOS_REPORT ?= build/chaos
SOAK_MINUTES ?= 30
RUN_LOCK := requirements/run.txt
DEV_LOCK := requirements/dev.txt
INSTALLED := $(VENV)/.installed-run
INSTALLED_DEV := $(VENV)/.installed-dev

# A virtual environment knows the folder it was made in and the Python it was made with: when the checkout
# was moved or copied, or that Python is gone, what was installed does not count and is made anew.
VENV_GOOD := $(shell test "$$(cat $(VENV)/.folder 2>/dev/null)" = "$(CURDIR)" && $(PY) -c '' 2>/dev/null && echo yes)
ifneq ($(VENV_GOOD),yes)
STALE := stale-venv
endif

.PHONY: help run scale rolling-restart rolling-restart-test install test chaos chaos-quick soak storm bench bench-test check lint format \
	monitoring-up monitoring-down migrate-up migrate-down migrate-status lock clean stale-venv

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Start everything (PostgreSQL, Redis, API, worker) on PORT, default 8080; Ctrl-C ends it
	@exec $(HOLDFAST) run --end-with $$PPID

scale: $(INSTALLED) ## Start everything with three API nodes (NODES) behind nginx on PORT; Ctrl-C ends it
	@exec $(HOLDFAST) scale --end-with $$PPID

rolling-restart: $(INSTALLED) ## Restart the nodes of the running `make scale` one after another, without a failed request
	@exec $(HOLDFAST) rolling-restart

rolling-restart-test: $(INSTALLED_DEV) ## Do so under a load of 20,000 requests and count what failed
	@exec $(PY) tests/scale/rolling_restart_under_load.py

install: $(INSTALLED_DEV) ## Install everything for development into .venv

test: $(INSTALLED_DEV) ## Run all tests with branch coverage, on a PostgreSQL and Redis of their own
	@exec $(PY) -m pytest --numprocesses=$(TEST_WORKERS) --dist=loadgroup --cov --cov-branch --cov-report=term $(TEST_ARGS)

chaos: $(INSTALLED_DEV) ## Try every fault under load on real processes, about 8 minutes; the report goes to build/chaos
	@exec $(PY) -m chaos.run --report $(CHAOS_REPORT) $(CHAOS_ARGS)

chaos-quick: $(INSTALLED_DEV) ## Try the most telling faults, about 2 minutes
	@exec $(PY) -m chaos.run --quick --report $(CHAOS_REPORT) $(CHAOS_ARGS)

soak: $(INSTALLED_DEV) ## Kill everything at random under load for SOAK_MINUTES, default 30
	@exec $(PY) -m chaos.soak --minutes $(SOAK_MINUTES) $(SOAK_ARGS)

storm: $(INSTALLED_DEV) ## Try 1,000,000 times to reserve 2,000 seats through nginx and three nodes; STORM_ARGS="--attempts 20000"
	@exec $(PY) -m chaos.storm $(STORM_ARGS)

bench: $(INSTALLED_DEV) ## Run every experiment on a stack of its own, about 10 minutes, into docs/benchmarks; BENCH_ARGS="limits --quick"
	@exec $(HOLDFAST) bench $(BENCH_ARGS)

bench-test: $(INSTALLED_DEV) ## Run every experiment of the benchmark once, very small: that it starts, measures and reports
	@exec $(PY) -m pytest -m experiments tests/bench

check: $(INSTALLED_DEV) ## Lint, check the formatting, the types and the direction of imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict
	$(VENV)/bin/lint-imports

format: $(INSTALLED_DEV) ## Format the code and repair what the linter can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

monitoring-up: ## Start Prometheus, and Grafana if installed, against the running `make run` or `make scale`
	@exec $(PYTHON) deploy/monitoring.py up

monitoring-down: ## End them; their data stay
	@exec $(PYTHON) deploy/monitoring.py down

migrate-up: $(INSTALLED) ## Bring the database (DATABASE_URL, else the embedded one) to the newest schema
	@exec $(HOLDFAST) migrate up

migrate-down: $(INSTALLED) ## Take the newest migration back
	@exec $(HOLDFAST) migrate down

migrate-status: $(INSTALLED) ## Show the database's schema version and the newest one
	@exec $(HOLDFAST) migrate status

lock: $(INSTALLED) ## Compile requirements/*.txt anew from pyproject.toml
	@command -v uv >/dev/null || test -x $(VENV)/bin/uv || $(PIP) install --quiet uv
	@compile() { PATH="$$PATH:$(VENV)/bin" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --extra embedded --group install "$$@"; }; \
	compile --output-file $(RUN_LOCK) && \
	compile --group dev --constraint $(RUN_LOCK) --output-file $(DEV_LOCK)

clean: ## Remove .venv, caches and build results; the data in .holdfast/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	rm -rf .coverage .coverage.* htmlcov build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are written last, so an installation that failed is tried again.
$(INSTALLED): $(RUN_LOCK) pyproject.toml $(STALE)
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Holdfast needs Python 3.11 or newer: '$(or $(PYTHON),python3)' is older or missing. Name another: make PYTHON=/path/to/python3" >&2; \
		exit 1; fi
	@if [ "$(VENV_GOOD)" != yes ] || ! $(PY) -m pip --version >/dev/null 2>&1; then \
		"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
			echo "Python's venv module is incomplete. Install it, on Debian or Ubuntu with: apt-get install python3-venv" >&2; exit 1; }; \
		echo "Making $(VENV) with $$("$(PYTHON)" --version)"; \
		rm -rf $(VENV) && "$(PYTHON)" -m venv $(VENV) && printf '%s\n' "$(CURDIR)" > $(VENV)/.folder || exit 1; fi
	@echo "Installing what Holdfast needs (only the first time)"
	@$(PIP) install --quiet --no-deps --require-hashes --only-binary :all: -r $(RUN_LOCK)
	@$(PIP) install --quiet --no-build-isolation --no-deps --no-index --editable .
	@touch $@

$(INSTALLED_DEV): $(DEV_LOCK) $(INSTALLED)
	@echo "Installing what the tests and checks need (only the first time)"
	@$(PIP) install --quiet --no-deps --require-hashes --only-binary :all: -r $(DEV_LOCK)
	@touch $@
