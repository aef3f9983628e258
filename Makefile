# Two commands matter to a newcomer: `make run` and `make test`. Both set everything up by themselves.
# `make run` installs what runs and what builds; what tests and lints comes with `make test` (`make dev`).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
# A network with a certificate authority of its own tells the system, not each tool.
export UV_SYSTEM_CERTS := true
export NODE_USE_SYSTEM_CA := 1
# Where Python may not keep what it compiled (images of containers often forbid it), each process compiles everything.
export PYTHONDONTWRITEBYTECODE :=

# A stamp in the environment tells what was installed; once it has the tools of `make dev`, it keeps them.
UV_READY  := $(VENV)/.uv
INSTALLED := $(VENV)/.installed
DEV       := $(VENV)/.dev
BUILT     := $(VENV)/.built
LOCKS     := requirements.lock requirements-build.lock
DEV_LOCK  := requirements-dev.lock

# $(call install,LOCKS): exactly what the lock files say, and the package itself, from this folder. Without a stamp
# meanwhile: the first command takes the package away until the second brings it back.
define install
	@rm -f $(INSTALLED)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes $(1)
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)
	@touch $@
endef

# $(call extra,NAME): the requirements of an extra alone, without those of the package.
extra   = $(BIN)/python -c 'from configparser import *; c = RawConfigParser(); c.read("setup.cfg"); print(c["options.extras_require"]["$(1)"])'
# For the oldest Python that is supported; what is locked stays unless UPGRADE=--upgrade.
COMPILE = $(UV) pip compile --quiet --generate-hashes --python-version 3.11 --custom-compile-command 'make lock' $(UPGRADE)

.PHONY: help setup dev run test suite lint format lock wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(INSTALLED) $(BUILT) ## what `make run` does first, without starting anything

dev: $(DEV) $(BUILT) ## what `make setup` installs, and what tests, lint and checks need

$(UV_READY): requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "trafficedu needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(INSTALLED): $(UV_READY) $(LOCKS) setup.cfg setup.py pyproject.toml
	$(call install,$(LOCKS) $(if $(wildcard $(DEV)),$(DEV_LOCK)))

$(DEV): $(INSTALLED) $(DEV_LOCK)
	$(call install,$(LOCKS) $(DEV_LOCK))

$(BUILT): $(INSTALLED) $(shell find assets trafficedu/locale -type f -not -path '*/node_modules/*' -not -name '*.mo' -not -name '*.pyc' 2>/dev/null)
	$(BIN)/python assets/build.py
	@touch $@

run: setup ## a demo district on http://127.0.0.1:8000
	@$(BIN)/trafficedu serve --demo

test: dev ## lint, types, layers, and the whole suite on SQLite and PostgreSQL
	$(MAKE) --no-print-directory --jobs=2 lint suite

suite: dev ## the whole suite alone
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: dev ## every check that needs no database
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates

format: dev ## let the formatter have its way
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(UV_READY) ## resolve setup.cfg into the lock files and the bill of materials (UPGRADE=--upgrade: the newest versions)
	$(COMPILE) setup.cfg -o requirements.lock
	$(call extra,build) | $(COMPILE) - -c requirements.lock -o requirements-build.lock
	$(call extra,dev) | $(COMPILE) - -c requirements.lock -c requirements-build.lock -o $(DEV_LOCK)
	echo uv | $(COMPILE) - -o requirements-uv.lock
	$(MAKE) --no-print-directory setup
	$(BIN)/python -m assets.bill

wheel: setup ## a wheel that carries pages, assets and fonts
	$(BIN)/python -m build --wheel --no-isolation

clean: ## all that is generated, but never the instance
	rm -rf $(VENV) build dist *.egg-info assets/node_modules trafficedu/static/build trafficedu/reports/fonts
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov tests/browser/screenshots
	find assets tests trafficedu -name __pycache__ -prune -exec rm -rf {} +
	find trafficedu/locale -name '*.mo' -delete
