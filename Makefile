# Two commands on a fresh machine: `make demo` and `make test`. Both do all the set-up they need.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: demo test lint types check lock setup clean

demo: setup
	@$(VENV)/bin/backsmith demo

test: setup
	$(PY) -m pytest -n auto

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup
	$(VENV)/bin/mypy

check: lint types test

setup: $(READY)

# The environment is rebuilt when the lock file or the project's metadata change.
$(READY): requirements.lock pyproject.toml .ci/setup
	@bash .ci/setup $(VENV)
	@touch $@

# The lock file holds names, versions and hashes only; the index comes from the machine's own configuration.
lock: setup
	$(VENV)/bin/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
