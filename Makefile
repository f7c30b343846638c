# Every target needs only Python 3.11 or newer, make and a package index; GNU make 3.81 is enough.

PY := .venv/bin/python
# Stories mostly wait, so two share a processor.
WORKERS := $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1))

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test servers slow torture trials bench screenshots check format lock clean

help: ## Explain the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -e 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-11s %s\n", $$1, $$2 }'

setup: .venv/.dev ## Build .venv with everything for development

demo: .venv/.runtime ## Run the real service against a pretend Slack with invented people
	@$(PY) -m bot demo

serve: .venv/.runtime ## Follow your Slack (tokens from the environment or .env)
	@$(PY) -m bot serve

test: .venv/.dev ## Run the tests on SQLite, but for those that take long
	@$(PY) -m pytest -n $(WORKERS) -m "not slow and not server" $(ARGS)

servers: .venv/.dev ## Run them again on PostgreSQL and MariaDB, which are started where they are installed
	@sh scripts/with-test-servers $(PY) -m pytest -n $(WORKERS) -m "server and not slow" $(ARGS)

slow: .venv/.dev ## Run the tests that take long, on every engine
	@sh scripts/with-test-servers $(PY) -m pytest -n $(WORKERS) -m slow $(ARGS)

torture: .venv/.dev ## Run the long versions of the stories about faults, and print figures (many minutes)
	@$(PY) -m pytest --timeout=0 $(ARGS) tests/torture

trials: .venv/.dev ## Take each protection away in turn, and see that its test notices (many minutes)
	@$(PY) scripts/trials $(ARGS)

bench: .bench/.venv ## Measure usersync beside its floors and peers; make bench ARGS=--help (half an hour)
	@.bench/venv/bin/python bench $(ARGS)

screenshots: .venv/.dev ## Take pictures of every page of the demo into docs/img/ (needs Chromium)
	@$(PY) scripts/screenshots $(ARGS)

check: .venv/.dev ## Format, lint, strict types, bandit and the import table
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -m bandit --quiet --configfile pyproject.toml --recursive bot web db
	@$(PY) -m pytest -q tests/test_architecture.py

format: .venv/.dev ## Format, and mend what ruff can mend
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

lock: .venv/.dev ## Resolve the dependencies anew (needs uv)
	@sh scripts/lock

clean: ## Remove .venv, the folders of demo and benchmarks, and caches
	rm -rf .venv .bench .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@sh scripts/venv make

.venv/.runtime: .venv/bin/python locks/runtime.txt locks/build.txt pyproject.toml
	@sh scripts/venv fill runtime
	@touch $@

.venv/.dev: .venv/.runtime locks/dev.txt
	@sh scripts/venv fill dev
	@touch $@

.bench/.venv: locks/runtime.txt bench/requirements.txt
	@mkdir -p .bench
	@sh scripts/venv bench
	@touch $@
