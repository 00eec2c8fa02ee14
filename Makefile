# `make run` on a fresh machine: Python 3.11+, make and the package registries are enough.

PYTHON ?= python3
BIN := .venv/bin
# Empty for one process; a number of processes is given as WORKERS=4.
WORKERS ?= 2
# uv's cache and pip's are the machine's own; nothing here is installed outside .venv.
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: run test check bench screenshots lock help

run: .venv/runtime.stamp  ## Serve web, worker and beat on a private PostgreSQL
	@exec $(BIN)/python manage.py up

test: .venv/dev.stamp  ## Run the tests on a real PostgreSQL; ARGS="tests/inventory -k reserve"
	@$(BIN)/python -m pytest $(if $(WORKERS),-n $(WORKERS) --dist loadgroup) $(ARGS)

# makemigrations warns (RuntimeWarning) where no database runs; it needs none.
check: .venv/dev.stamp  ## Lint, format, types, import contracts, missing migrations
	@failed=; \
	for command in "ruff check" "ruff format --check" "mypy" "lint-imports" \
	    "python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run"; do \
	  echo "== $$command"; $(BIN)/$$command || failed="$$failed$$command; "; \
	done; \
	[ -z "$$failed" ] || { echo "Failed: $$failed" >&2; exit 1; }

bench: .venv/dev.stamp  ## Measure speed against its bounds; a JSON report
	@$(BIN)/python -m tests.bench $(ARGS)

screenshots: .venv/dev.stamp  ## Take the pictures of docs/ anew, by the browser tests that come past them
	@HOLDFAST_DOCS_SCREENSHOTS=$(CURDIR)/docs/screenshots $(BIN)/python -m pytest -q -n 0 \
	    tests/browser/test_dashboard.py tests/browser/test_stock.py tests/browser/test_graph.py \
	    tests/browser/test_jobs.py

lock: .venv/dev.stamp  ## Resolve the dependencies again into the two lock files
	@compile="$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate"; \
	$$compile --all-extras --output-file requirements-dev.lock $(ARGS) && \
	$$compile --extra embedded-postgres --constraint requirements-dev.lock \
	    --output-file requirements.lock $(ARGS)

help:  ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

# The development lock holds the runtime's versions too: whichever comes first, both fit.
.venv/runtime.stamp: requirements.lock | .venv/bin/python
	@echo "Installing the locked dependencies ..."
	@$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock | .venv/bin/python
	@echo "Installing the locked dependencies of development ..."
	@$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@ .venv/runtime.stamp

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) was not found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
