# Duban 督办 — everything starts here. Python >= 3.11 and make are all that a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH ?=

.PHONY: help install demo test lint bench bench-streams clean

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: $(VENV)/.installed ## make .venv with everything, from the hashed lock

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Duban needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "This Python has no venv. Install it, then try again:  sudo apt-get install -y python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Fetching what Duban needs (about 250 MB the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## a simulated city hall, live; HEADLESS=1 ends by itself; DAYS=… SEED=…
	@$(BIN)/duban demo $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed $(SEED)) $(if $(HEADLESS),--headless)

test: install ## all tests, on a real Kafka and the embedded warehouse
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: install ## style, types, and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: install ## the figures of the whole road, measured on this machine
	@$(BIN)/python -m bench $(BENCH)

bench-streams: install ## all figures of the streams, the engine beside its peers last; CLOCKS="--timers 1000000"
	@$(BIN)/python -m bench --only job --only worker --only timers $(CLOCKS)
	@$(BIN)/python -m bench.streams $(BENCH)

clean: ## forget the environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
