# Needs make and Python 3.11 or newer. Each target first installs what it needs into .venv, once.
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# Without bytecode each worker of pytest, and each process that a test starts, would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
GOAL := $(or $(firstword $(MAKECMDGOALS)),demo)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test deep check bench bench-day oracle mutants soak crash format pins clean

help:
	@echo 'make demo    answer the well-known question on the embedded account'
	@echo 'make test    run the tests                      (make test ARGS="-k network_acl")'
	@echo 'make deep    the same, and several times as many random accounts and headers'
	@echo 'make check   lint, format, types, import contracts, documentation'
	@echo 'make bench   measure, and print the figures'
	@echo 'make bench-day  the summary of a day of 100 million records; writes some 3 GB and takes a while'
	@echo 'make oracle  compare with a Linux kernel, as root  (make oracle ARGS="--flows 5000")'
	@echo 'make mutants break the engine on purpose; the tests must notice'
	@echo 'make soak    2,000 questions in Slack with the connection cut every minute (make soak ARGS="--questions 200")'
	@echo 'make crash   kill 1,000 processes that apply and undo fixes (make crash ARGS="--kills 100")'
	@echo 'make format  reformat and sort imports'
	@echo 'make pins    write constraints.txt anew from the newest releases'
	@echo 'make clean   remove .venv and every cache'

demo: $(VENV)/.runtime
	@$(BIN)/whynot demo

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

deep: $(VENV)/.dev
	@TESTS_GO=deep $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy & types=$$!; \
	   $(BIN)/lint-imports --no-logo && $(BIN)/python -m pytest -q tests/house; others=$$?; \
	   wait $$types && exit $$others

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks $(ARGS)

mutants: $(VENV)/.dev
	@$(BIN)/python -m tests.mutants $(ARGS)

bench-day: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.refused_days 1 10 100

oracle: $(VENV)/.dev
	@$(BIN)/python -m tests.kernel $(ARGS)

soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak $(ARGS)

crash: $(VENV)/.dev
	@$(BIN)/python -m tests.crash $(ARGS)

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix --exit-zero --quiet
	@$(BIN)/ruff format

pins: $(VENV)/.made
	@$(BIN)/python -m venv --clear $(VENV)/pins
	@$(VENV)/pins/bin/python -m pip install -qq --disable-pip-version-check '.[dev]'
	@{ sed -n '/^#/p' constraints.txt; \
	   $(VENV)/pins/bin/python -m pip list --format=freeze --exclude pip --exclude whynot | LC_ALL=C sort -f; \
	 } >$(VENV)/pins/new
	@mv $(VENV)/pins/new constraints.txt
	@rm -rf $(VENV)/pins

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find bot diagnosis tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps below are newer than what they were made from, so a second run installs nothing.
# setuptools is pinned like everything else, and builds without fetching another copy of itself.

$(VENV)/.runtime: $(VENV)/.made pyproject.toml constraints.txt
	@echo 'Installing whynot into $(VENV), once.' >&2
	@$(PIP) -c constraints.txt setuptools
	@$(PIP) -c constraints.txt --no-build-isolation --config-settings editable_mode=compat -e .
	@$(BIN)/python -m compileall -q bot diagnosis
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo 'Installing whynot and its development tools into $(VENV), once. This takes about a minute.' >&2
	@$(PIP) -c constraints.txt setuptools
	@$(PIP) -c constraints.txt --no-build-isolation --config-settings editable_mode=compat -e '.[dev]'
	@$(BIN)/python -m compileall -q bot diagnosis
	@touch $(VENV)/.runtime $@

# Debian's python3 may come without ensurepip (python3-venv), and then perhaps with a pip of its own (python3-pip).
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	   echo "whynot needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make $(GOAL) PYTHON=python3.12" >&2; exit 1; }
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	   $(PYTHON) -m venv $(VENV); \
	 elif $(PYTHON) -c 'import pip, venv' 2>/dev/null; then \
	   $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install -qq pip; \
	 else \
	   echo "'$(PYTHON)' cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	 fi
	@touch $@
