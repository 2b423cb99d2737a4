# Every target sets up .venv by itself. `make help` lists them.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
# Which tests: `quick` leaves out those marked expensive, `all` leaves out none.
CASES ?= quick
ifeq ($(filter quick all,$(CASES)),)
$(error CASES is quick or all, not $(CASES))
endif
# Tests start many processes, and one compiles for all: without bytecode each would take seconds longer.
unexport PYTHONDONTWRITEBYTECODE
# The first interpreter that works and is new enough; `make PYTHON=...` chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help install run test spec campaign mutate bench engines report docs lint clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A recent pip first: the one of Python 3.11 takes twice as long. Without bytecode: a minute for eleven thousand modules,
# of which a quarter is ever imported.
$(STAMP): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then echo "ptyspec needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)." \
	  "Install python3.11, or name one: make PYTHON=/path/to/python3.11 install" >&2; exit 1; fi
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[tensorflow,report,compressed,test,dev,docs]'
	@touch $@

install: $(STAMP)  ## set up .venv with everything needed to run and to test

run: $(STAMP)  ## the four scenarios, held against the clauses; ends with a summary and the dashboard's path
	$(BIN)/ptyspec run gs1_ideal gs1_custom gs2_ideal gs2_custom --profile standard --resume --dashboard

test: $(STAMP)  ## the tests of a commit, in minutes; CASES=all adds the expensive ones, as .ci/run does
	$(BIN)/python -m pytest -n $(WORKERS) $(if $(filter all,$(CASES)),,-m "not expensive") $(ARGS)

spec: $(STAMP)  ## after the tests: every MUST bound and passed, no dangling citation, no orphan golden file
	$(BIN)/ptyspec trace --strict

campaign: $(STAMP)  ## apply every fault of the contract tier and require that the clauses which it declares notice
	$(BIN)/ptyspec faults campaign --quick -n $(WORKERS) $(ARGS)

mutate: $(STAMP)  ## for the night: mutants of the numpy modules, resumed where it was; writes docs/mutation.md
	nice -n 10 $(BIN)/python -m tests.mutation $(MODULES)

bench: $(STAMP)  ## measure throughput, memory and times against the budgets
	$(BIN)/python -m benchmarks

# ENGINES chooses some, with --again; an engine whose files are those of its kept verdict is not judged again.
engines: $(STAMP)  ## for the night: public engines in environments of their own, held to the clauses; writes docs/engines.md
	nice -n 10 $(BIN)/python -m engines $(ENGINES)
	nice -n 10 $(BIN)/python -m engines.agreement

# Old results are removed first: allure merges what it finds, and --clean-alluredir would clean in every worker.
# ARGS chooses cases, e.g. make report ARGS="tests/contract -m contract"; HISTORY the file of past runs.
report: $(STAMP)  ## run the tests and render the Allure report; ARGS chooses cases
	@rm -rf allure-results
	@status=0; $(BIN)/python -m pytest -n $(WORKERS) --alluredir=allure-results $(ARGS) || status=$$?; \
	gate=0; $(BIN)/ptyspec allure allure-results --out allure-report $(if $(HISTORY),--history $(HISTORY)) || gate=$$?; \
	if [ $$status -ne 0 ]; then exit $$status; fi; exit $$gate

docs: $(STAMP)  ## build the documentation site into build/site; a warning or a broken link is an error
	$(BIN)/python -m docs.site

lint: $(STAMP)  ## style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

clean:  ## remove .venv and everything that tools have built; results of runs stay
	rm -rf $(VENV) build dist allure-results allure-report .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
