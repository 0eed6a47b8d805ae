# The few words that run, test and check the site: the same here, in CI and in the Dockerfile.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
VAR_DIR ?= var

.DEFAULT_GOAL := help
.PHONY: help run demo test soak bench check format content install static browser lock clean

help: ## List these words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-10s %s\n", $$1, $$2 }'

run: install static ## Start the whole site on http://127.0.0.1:8000 (HOST, PORT and DATABASE_URL are honoured)
	@exec $(BIN)/python manage.py serve

demo: $(VENV)/.tools static ## Fill the request desk with samples, to look at (ARGS=--remove takes them away)
	@$(BIN)/python manage.py prepare
	@$(BIN)/python manage.py make_demo $(ARGS)

test: $(VENV)/.tools browser ## Run every test, browser tests included (ARGS="-k form" chooses)
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

soak: $(VENV)/.tools static ## Send 200 requests while processes and the database are killed; none may be lost or doubled
	@$(BIN)/python -m bench.soak

bench: $(VENV)/.tools static ## Requests stored per second, the desk at 100,000 requests, the search at 1,000 pages
	@$(BIN)/python -m bench.submissions
	@$(BIN)/python -m bench.desk
	@$(BIN)/python -m bench.search

check: $(VENV)/.tools ## Lint code and templates, check settings, migrations and dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m pytest -q tests/site/test_architecture.py
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.check_deploy
	$(BIN)/pip-audit --require-hashes --progress-spinner off --requirement requirements.txt

format: $(VENV)/.tools ## Lay out the Python code
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

content: install ## Load the content files into the database; says what is wrong with them, if anything
	$(BIN)/python manage.py import_content

install: $(VENV)/.site ## Create .venv with what the site runs on

static: $(VAR_DIR)/static/staticfiles.json ## Collect, compress and name the static files

browser: $(VENV)/.tools
	@$(BIN)/python -m tests.chromium

lock: $(VENV)/.tools ## Pin the newest allowed versions of all dependencies, with hashes
	$(BIN)/uv pip compile $(LOCK) requirements.in --output-file requirements.txt
	$(BIN)/uv pip compile $(LOCK) tests/requirements.in --output-file tests/requirements.txt
LOCK = --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock'

clean: ## Remove .venv and collected static files; the database in var/ stays
	rm -rf $(VENV) $(VAR_DIR)/static

# Marks are touched last, so an installation that was cut off is done again.
$(VENV)/.site: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.tools: tests/requirements.txt $(VENV)/.site
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

$(VAR_DIR)/static/staticfiles.json: $(shell find static -type f 2>/dev/null) requirements.txt $(VENV)/.site
	$(BIN)/python manage.py collectstatic --noinput --verbosity 0
