# `make help` lists the targets. Everything needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo run test check bench eval format picture requirements clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 15

demo: $(VENV)/run.stamp ## the whole service against a loopback stand-in of the world (ARGS=--once for one round)
	@$(BIN)/rarewatch demo $(ARGS)

run: $(VENV)/run.stamp ## the real service: feeds.yaml, Google, SQLite, Telegram if TELEGRAM_TOKEN is set
	@$(BIN)/rarewatch run $(ARGS)

test: $(VENV)/dev.stamp ## the whole test suite (ARGS=-k NAME for a part)
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/dev.stamp ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp ## benchmarks, as ratios against a baseline in the same run
	$(BIN)/python -m tests.bench $(ARGS)

eval: $(VENV)/dev.stamp ## precision and recall of the concepts on labelled lines (DATA=FILE, ARGS=--misses)
	@$(BIN)/python -m tests.evaluation $(DATA) $(ARGS)

format: $(VENV)/dev.stamp ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

picture: $(VENV)/dev.stamp ## draw docs/demo.svg anew from a real run of the demo
	$(BIN)/python -m tests.picture docs/demo.svg

requirements: ## compile both requirements files anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml $(COMPILE) -o requirements.txt
	uv pip compile pyproject.toml --group dev -c requirements.txt $(COMPILE) -o requirements-dev.txt

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make requirements"

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A stamp says that an install finished, so that one broken off half-way is done again.
$(VENV)/pip.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Rarewatch needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: requirements.txt pyproject.toml $(VENV)/pip.stamp
	@echo "Installing the pinned dependencies into $(VENV) (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@echo "Installing the development dependencies into $(VENV) (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
