# Two commands on a fresh machine: `make demo` and `make test`. Both do all the set-up they need.
# `make help` lists the rest.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: demo test lint types check lock setup clean help

demo: setup             ## set up, and do the main job on recorded answers
	@$(VENV)/bin/backsmith demo

test: setup             ## set up, and run the tests
	$(PY) -m pytest -n auto

lint: setup             ## style and formatting
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup            ## types, strictly
	$(VENV)/bin/mypy

check: lint types test  ## lint, types and tests

setup: $(READY)         ## the virtual environment alone

# The environment is rebuilt when the lock file or the project's metadata change.
$(READY): requirements.lock pyproject.toml .ci/setup
	@bash .ci/setup $(VENV)
	@touch $@

# The lock file holds names, versions and hashes only; the index comes from the machine's own configuration.
lock: setup             ## renew requirements.lock
	$(VENV)/bin/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --group dev pyproject.toml -o requirements.lock

clean:                  ## remove the environment and the caches of tools
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

help:                   ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14
