# Everything a newcomer needs. `make demo` and `make test` do all set-up themselves; the second run takes seconds.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
export PYTHONDONTWRITEBYTECODE ?=

PYTEST := $(BIN)/python -m pytest
# Files side by side, in the order in which they were collected. Tests mostly wait, those of calls for sound: hence more
# processes than cores, but never so many that a voice stutters on two.
BESIDE := --dist loadfile --no-loadscope-reorder --numprocesses
COVER  := -q --cov --cov-append --cov-report=

.DEFAULT_GOAL := help
.PHONY: help setup check format test unit loopback asterisk demo run bench image train clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Make .venv from the locked requirements; get Asterisk and the voice detector
$(STAMP): requirements.lock pyproject.toml scripts/setup.sh $(wildcard scripts/get_*.py) scripts/debian_package.py
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	@touch $(STAMP)

check: setup ## Format, lint, types and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Let ruff put the code in order
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: check ## All checks and all tests, on a real Asterisk too, with coverage
	@rm -f .coverage .coverage.*
	@$(PYTEST) $(COVER) $(BESIDE) 2 tests/unit
	@$(PYTEST) $(COVER) $(BESIDE) 3 tests/loopback
	@$(PYTEST) $(COVER) $(BESIDE) 3 -m "not alone" tests/asterisk
	@$(PYTEST) $(COVER)term:skip-covered -m alone tests/asterisk

unit: setup ## Only the pure cores
	@$(PYTEST) $(BESIDE) 2 tests/unit

loopback: setup ## Real sockets and processes on 127.0.0.1, no Asterisk
	@$(PYTEST) $(BESIDE) 3 tests/loopback

asterisk: setup ## Real calls through a real Asterisk
	@$(PYTEST) $(BESIDE) 3 -m "not alone" tests/asterisk
	@$(PYTEST) -m alone tests/asterisk

demo: setup ## Three real calls, heard (WAV), read (transcript) and seen (PNG) in demo-out/
	@$(BIN)/centralita demo

run: setup ## A private Asterisk and the whole product, for a softphone of your own
	@$(BIN)/centralita run

bench: setup ## Every measurement, one after the other
	@$(BIN)/centralita bench all

train: setup ## Train the `tiny` ear again (about half an hour on two cores)
	@$(BIN)/pip install --quiet --require-hashes -r requirements-train.lock
	@nice $(BIN)/python -m training.tiny.language && nice $(BIN)/python -m training.tiny.train \
	    && nice $(BIN)/python -m training.tiny.calibrate

image: ## Build the container image with buildah and try it (root; about three minutes)
	@sh scripts/build_image.sh

clean: ## Forget what set-up made
	rm -rf $(VENV) .cache run demo-out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
