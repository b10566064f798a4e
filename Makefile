# `make` alone lists what there is. Everything runs in .venv, which is made on first use from hashed locks.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check fix bench lock clean venv lint types unit system fuzz cover
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH VIRTUAL_ENV

BIN := .venv/bin
IN_VENV := PATH="$(CURDIR)/$(BIN):$$PATH"
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8
SECONDS_EACH := $(if $(CI),5,20)

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: venv ## the main job on real input: lockgate's own wheel and image, from unsigned to production
	@$(IN_VENV) demo/run

test: lint types $(if $(CI),fuzz) unit system ## all tests (in CI=true also a short fuzz run, and no system test may skip)

check: ## exactly what CI runs
	@bash .ci/run

fix: venv ## mend and format what a machine can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: venv ## the figures, as a table and JSON
	@$(IN_VENV) bench/run

fuzz: venv ## the fuzzers, 20 seconds each (5 in CI)
	@$(IN_VENV) tests/fuzz/run --seconds $(SECONDS_EACH)

lock: ## write the hashed locks again (needs uv; dev/lock --upgrade takes newer versions)
	dev/lock

lint: venv ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv ## mypy, strict
	$(BIN)/mypy src tests demo $(wildcard bench/*.py)

unit: venv ## tests of the house alone: no sockets
	$(PYTEST) -m "not system"

system: venv ## tests against foreign programs; dev/servers installs those
	$(PYTEST) tests/system

cover: venv ## branch coverage of the unit suite
	$(PYTEST) -m "not system" --cov --cov-report=term-missing

clean: ## remove what make made
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@dev/venv
