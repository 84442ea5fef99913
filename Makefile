# make app: set everything up and open the page.   make test: set everything up and run the tests.
PYTHON ?= python3
BIN := .venv/bin
NO_DEPENDENCIES := pyrnnoise==0.4.5 distillmos==0.9.1 xls-r-sqa==0.1.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: app setup test smoke check format checkpoint clean

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
	$(BIN)/python -c "from sqllm.model.base_llm import base_llm_folder; print(base_llm_folder(print))"
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/pip install --quiet -r requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps $(NO_DEPENDENCIES)
	touch $@

test: setup .venv/installed-dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# What takes minutes: every recipe of train.large at tiny size, several processes, Ray with an actor killed.
smoke: setup .venv/installed-dev
	$(BIN)/python -m pytest tests/smoke -n 2 --dist loadfile

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The default checkpoint, from clean speech and noise to figures; goes on where it was stopped. TEACHER: a folder with
# nisqa.tar; WORK: scratch space of 40 GB. make checkpoint SPEECH=DIR,DIR NOISE=DIR TEACHER=DIR WORK=DIR
checkpoint: .venv/installed-dev
	$(BIN)/python -m train.simulate train/configs/simulate.yaml speech=$(SPEECH) noise=$(NOISE) \
	    nisqa_weights=$(TEACHER) out=$(WORK)/corpus
	$(BIN)/python -m train.tune train/configs/tune.yaml corpus=$(WORK)/corpus cache=$(WORK)/cache out=$(WORK)/tuned
	$(BIN)/python -m train.finetune train/configs/compact.yaml corpus=$(WORK)/corpus cache=$(WORK)/cache \
	    encoder_source=$(WORK)/tuned/encoder.safetensors out=$(WORK)/run
	$(BIN)/python -m train.words train/configs/words.yaml checkpoint=$(WORK)/run/checkpoint out=$(WORK)/words
	$(BIN)/python -m train.evaluate train/configs/evaluate.yaml model=$(WORK)/words/checkpoint corpus=$(WORK)/corpus \
	    questions=true cache=$(WORK)/cache out=$(WORK)/results.md

clean:
	rm -rf .venv
