# Everything here works on a bare checkout: a target makes the virtual environment it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
RUNTIME = $(VENV)/.runtime
DEVELOP = $(VENV)/.development
BENCHED = build/bench
OSCAL   = build/oscal
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check prove format bench oscal lock suites clean

help:            ## show this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

demo: $(RUNTIME) ## the whole product against a simulated Okta org, in under a minute
	@$(BIN)/python -m syncd demo

test: $(DEVELOP) ## all tests; the PostgreSQL half needs SYNCD_TEST_POSTGRES_URL
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup

check: $(DEVELOP) ## style, types, layers, size budget
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

prove: $(DEVELOP) ## the reconciler under 20,000 schedules, without each guard, killed at every point, with every fault
	$(BIN)/python -m tests.proof $(PROVE)

format: $(DEVELOP) ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(BENCHED)/.python $(BENCHED)/.node ## syncd beside other SCIM servers; docs/performance.md says how; BENCH="--quick" is short
	$(BENCHED)/venv/bin/python -m bench $(BENCH)

suites: $(DEVELOP) ## the identity provider's own suites, where SYNCD_OKTA_SUITES names their folder
	$(BIN)/python -m pytest -q -m okta_suites tests/suites

oscal: $(OSCAL)/.python ## what checks the OSCAL of a drift report, where SYNCD_TRESTLE names it: build/oscal/bin/trestle

lock: $(VENV)/bin/python ## renew requirements/*.txt from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip-tools>=7.6'
	$(BIN)/python -m piptools compile $(LOCK) --output-file requirements/runtime.txt pyproject.toml
	$(BIN)/python -m piptools compile $(LOCK) --extra dev --output-file requirements/development.txt pyproject.toml
	$(BIN)/python -m piptools compile $(LOCK) --output-file requirements/bench.txt requirements/bench.in
	$(BIN)/python -m piptools compile $(LOCK) --output-file requirements/oscal.txt requirements/oscal.in

LOCK = --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
       --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:           ## remove the virtual environment and every cache
	rm -rf $(VENV) $(BENCHED) $(OSCAL) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "syncd needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/runtime.txt
	@touch $@

$(DEVELOP): requirements/development.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/development.txt
	@touch $@ $(RUNTIME)

$(BENCHED)/.python: requirements/runtime.txt requirements/bench.txt
	$(PYTHON) -m venv $(BENCHED)/venv
	$(BENCHED)/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/runtime.txt
	$(BENCHED)/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/bench.txt
	@touch $@

$(OSCAL)/.python: requirements/oscal.txt
	$(PYTHON) -m venv $(OSCAL)
	$(OSCAL)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/oscal.txt
	@touch $@

$(BENCHED)/.node: $(wildcard bench/peers/scimmy_project/*)
	@mkdir -p $(BENCHED)/node && cp $^ $(BENCHED)/node
	@if command -v npm >/dev/null; then cd $(BENCHED)/node && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error; fi
	@touch $@
