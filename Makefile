# make demo   plays the sample articles into a new newsroom and shows it
# make test   installs what the tests need and runs every check
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= auto

.PHONY: help demo test clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh demo.sh

test: $(VENV)/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n $(WORKERS)

clean:
	rm -rf $(VENV) demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or later is needed, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@git --version >/dev/null 2>&1 || { echo "The program git was not found. Install it first."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) could not make a virtual environment."; \
	  echo "On Debian and Ubuntu, install the package python3-venv."; exit 1; }
	@touch $@

# "compat" puts the folder on the path by a .pth file, which costs no time at every start.
EDITABLE := --config-settings editable_mode=compat --editable

$(VENV)/installed: $(VENV)/made setup.cfg pyproject.toml
	$(PIP) $(EDITABLE) .
	@$(BIN)/python -m compileall -q tracker
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/made setup.cfg pyproject.toml
	$(PIP) $(EDITABLE) '.[test]'
	@$(BIN)/python -m compileall -q tracker
	@touch $@ $(VENV)/installed
