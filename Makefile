# Kinerja from a checkout: needs only python3 >= 3.11 and make. `make` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

PORT ?= 8080
KAFKA_PORT ?= 9092
DATA ?= var
SAMPLE ?= yes

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install dev up test check mutants bench lint fmt type contracts lock secrets kafka-certificate connect sample \
  backup restore images

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

up: export PORT := $(PORT)
up: export KAFKA_PORT := $(KAFKA_PORT)
up: export DATA := $(DATA)
up: export SAMPLE := $(SAMPLE)
up: $(VENV)/.installed ## run everything on this machine (PORT=8080 KAFKA_PORT=9092 DATA=var SAMPLE=yes)
	@exec $(BIN)/python -m embedded.up

install: $(VENV)/.installed ## create .venv with the packages of `make up`

dev: $(VENV)/.developed ## create .venv with the packages of the tests and checks too

# The tests that use the most time wait for containers: three workers are right for two cores too.
WORKERS ?= 3
test: $(VENV)/.developed ## every test that can run on this machine (WORKERS=3)
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS)

check: lint type contracts test ## all checks and tests that must pass before a commit

lint: $(VENV)/.developed ## style, and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

fmt: $(VENV)/.developed ## format, and fix what can be fixed automatically
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

type: $(VENV)/.developed ## static types
	@$(BIN)/mypy

contracts: $(VENV)/.developed ## check that the published contracts match the models
	@$(BIN)/kinerja contracts write --check

mutants: $(VENV)/.mutants ## put mistakes into a copy of the code and list those that no test notices (PART=scoring AGAIN=yes ONLY=text)
	@$(BIN)/python -m tests.mutants $(PART) $(if $(AGAIN),--again) $(if $(ONLY),--only "$(ONLY)")

bench: export DATA := $(DATA)
bench: $(VENV)/.developed ## measure this machine, or with DATA=var/compose the running, empty stack (PARTS=scale measures replicas)
	@$(BIN)/python -m tests.bench.main $(PARTS)

# The Docker stack. Its data for scripts is in var/compose, so that a `make up` next to it keeps its own.
STACK ?= var/compose

secrets: ## create the stack's missing passwords and keys
	@sh deploy/secrets.sh $(SECRETS)

kafka-certificate: ## create a certificate for Kafka's listener for HR systems (KAFKA_EXTERNAL_HOST=)
	@sh deploy/kafka-certificate.sh $(SECRETS)

connect: ## write var/compose/connect.env for the running stack
	@sh deploy/connect.sh $(STACK)

images: ## pin the stack's images to the newest digests of their tags (NEW=name:tag for another tag)
	@sh deploy/images.sh $(NEW)

BACKUPS ?= var/backups

backup: ## dump the running stack's databases into a folder of var/backups
	@sh deploy/backup.sh "$(BACKUPS)"

restore: ## restore a backup into an empty stack (FROM=var/backups/...)
	@sh deploy/restore.sh "$(FROM)"

sample: $(VENV)/.installed connect ## run the sample office and its simulators against the running stack, until Ctrl-C
	@FEEDBACK_RULES=rules/sample/feedback.yaml NOTICE_RULES=rules/sample/notices.yaml PAGE_REQUESTS_PER_MINUTE=100000 \
	  docker compose up --detach --wait --no-deps feedback notifications
	@DATA=$(STACK) exec $(BIN)/python -m sample.main

# Locks are universal (every platform, Python 3.11 and later) and have hashes. The others are constrained by the first.
COMPILE := uv pip compile pyproject.toml --quiet --generate-hashes --no-header --no-annotate --universal --python-version 3.11
lock: ## pin the dependencies again (needs uv)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra embedded --constraint requirements.txt --output-file requirements-embedded.txt
	$(COMPILE) --extra embedded --extra dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE) --extra embedded --extra dev --extra mutants --constraint requirements-dev.txt --output-file requirements-mutants.txt

# A stamp is newer than its sources, so a second `make` installs nothing.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Kinerja needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12" >&2; exit 1; }
	@echo "creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed: install its venv module (Debian: python3-venv)" >&2; exit 1; }

$(VENV)/.installed: requirements-embedded.txt pyproject.toml | $(BIN)/python
	@echo "installing (needs the package index once)"
	@$(PIP) install --quiet --require-hashes -r requirements-embedded.txt
	@PYTHONWARNINGS="ignore:Editable installation" $(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.developed: requirements-dev.txt $(VENV)/.installed
	@echo "installing the packages of the tests and checks"
	@$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.mutants: requirements-mutants.txt $(VENV)/.developed
	@echo "installing the mutation tool"
	@$(PIP) install --quiet --require-hashes -r requirements-mutants.txt
	@touch $@
