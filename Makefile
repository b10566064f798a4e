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

demo: venv ## see it work, in a minute: lockgate's own wheel and image, from unsigned to production
	@$(IN_VENV) demo/run

test: lint types $(if $(CI),fuzz) unit system ## lint, types and all tests (with CI=true also the fuzzers, and no test may be skipped)

check: ## what CI runs, exactly; before you push
	@bash .ci/run

fix: venv ## format the code, and mend what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: venv ## measure: time and memory of a decision, a command, the log and a proof; JSON in bench/out
	@$(IN_VENV) bench/run

fuzz: venv ## the fuzzers, 20 seconds each (5 in CI)
	@$(IN_VENV) tests/fuzz/run --seconds $(SECONDS_EACH)

lock: ## write the hashed locks again (needs uv; dev/lock --upgrade takes newer versions)
	dev/lock

lint: venv ## ruff: style and formatting, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv ## mypy: types, strictly
	$(BIN)/mypy src tests demo $(wildcard bench/*.py)

unit: venv ## tests that need nothing but Python, and no network
	$(PYTEST) -m "not system"

system: venv ## tests with openssl, ssh-keygen and others (dev/servers installs them)
	$(PYTEST) tests/system

cover: venv ## what the unit tests cover, by branch
	$(PYTEST) -m "not system" --cov --cov-report=term-missing

clean: ## remove what make made
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv: ## set up .venv, with the lockgate command in it (the others do so themselves)
	@dev/venv
