# `make demo` and `make test` each do all set-up by themselves; see tools/setup.sh.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench fonts clean

PYTHON := .venv/bin/python
WORKERS ?= 2
ARGS ?=

help:
	@echo "make demo    set up, then make an example repository in demo/ and show the main job"
	@echo "make test    set up, then run the tests (ARGS='-k name' to choose, ARGS='-m slow' for the slow ones)"
	@echo "make setup   only set up; the program is .venv/bin/qmsdocs"
	@echo "make check   formatter, linter, types, layers"
	@echo "make bench   measure (ARGS='--million' for a form of 1,000,000 records)"
	@echo "make fonts   build the shipped faces from Debian's font packages"
	@echo "make clean   remove what these made"

setup:
	@tools/setup.sh

demo: setup
	@rm -rf demo
	@.venv/bin/qmsdocs demo demo

test:
	@tools/setup.sh --tests
	@$(PYTHON) -m pytest -n $(WORKERS) $(ARGS)

check: setup
	$(PYTHON) -m ruff format --check src tests tools bench
	$(PYTHON) -m ruff check src tests tools bench
	$(PYTHON) -m mypy --strict src
	$(PYTHON) -m pytest -q tests/test_layers.py

bench: setup
	@$(PYTHON) -m bench $(ARGS)

fonts: setup
	@$(PYTHON) tools/build_fonts.py

clean:
	rm -rf .venv demo build dist bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests tools bench -name __pycache__ -prune -exec rm -rf {} +
