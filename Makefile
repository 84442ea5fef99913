# make app: set everything up and open the page.   make test: set everything up and run the tests.
PYTHON ?= python3
BIN := .venv/bin
NO_DEPENDENCIES := pyrnnoise==0.4.5 distillmos==0.9.1 xls-r-sqa==0.1.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: app setup test check format clean

app: setup
	$(BIN)/python app.py

# The shared step: virtual environment, packages, base LLM.
setup: .venv/installed .venv/base-llm

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements.txt
	$(BIN)/pip install --quiet --no-deps -e .
	touch $@

.venv/base-llm: .venv/installed
	$(BIN)/python -c "from sqllm.checkpoint import base_llm_folder; print(base_llm_folder(print))"
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet -e ".[train,dev]"
	$(BIN)/pip install --quiet --no-deps $(NO_DEPENDENCIES)
	touch $@

test: setup .venv/installed-dev
	$(BIN)/python -m pytest

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv
