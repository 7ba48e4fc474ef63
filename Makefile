# make book | test | soak | seeds | check | bench: each makes .venv itself, and needs Python >= 3.11, pip and make only.
PYTHON ?= python3
JOBS ?= 2
RUNS ?= 20
REPEAT ?= 30
BIN := .venv/bin
STAMP := .venv/.made-from-pyproject

# Many processes are started, and Python is to keep what it compiles of our modules for the next one, whatever it is told outside.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help book test soak seeds check format bench wheel clean

help:
	@echo "make book    derive, verify and typeset every operation: build/book.pdf"
	@echo "make test    every test and every docstring example"
	@echo "make soak    the tests RUNS=20 times in a row, other random seeds each time: tests/soak.log"
	@echo "make seeds   each test that draws, at REPEAT=30 seeds in one process"
	@echo "make check   ruff and mypy --strict"
	@echo "make format  let ruff mend what it can"
	@echo "make bench   the benchmarks: a table, build/bench.md and build/bench.json"
	@echo "make wheel   dist/*.whl"

book: $(STAMP)
	@mkdir -p build
	$(BIN)/backproof book --out build/book.pdf --bibtex build/book.bib --cache build/cache

test: $(STAMP)
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup

soak: $(STAMP)
	$(BIN)/python -m tests.soak --runs $(RUNS) -- -n $(JOBS) --dist loadgroup

seeds: $(STAMP)
	BACKPROOF_TEST_SEED=$${BACKPROOF_TEST_SEED:-$$(date +%s)} BACKPROOF_TEST_REPEAT=$(REPEAT) \
	  $(BIN)/python -m pytest -q -p tests.repeated -n $(JOBS) --dist loadgroup

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m tests.bench

wheel: $(STAMP)
	$(BIN)/python -m build --wheel

# The stamp is newer than pyproject.toml exactly when the environment holds what pyproject.toml asks for.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "backproof needs Python 3.11 or newer; $(PYTHON) is not. Say: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[reports,test]'
	@touch $@

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
