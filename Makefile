# make demo: from nothing to a search report.  make test: from nothing to a tested tree.
PYTHON ?= python3
VENV ?= .venv
RUN ?= runs/demo
# A further wheel index for torch, for instance the CPU builds: TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed

.PHONY: demo test lint types docs check clean setup
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "hyperprune needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": give another with make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX),) --constraint constraints.txt torch
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/hyperprune search --preset demo --workers 2 --out $(RUN)

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

# The site, in site/: generated pages first, then everything checked and built without any network.
docs: $(STAMP)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[docs]'
	$(BIN)/python docs/scripts/write_reference.py
	$(BIN)/properdocs build --strict --quiet --config-file mkdocs.yml

check: test lint types

clean:
	rm -rf $(VENV) runs site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
