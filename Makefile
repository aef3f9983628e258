# Two commands matter to a newcomer: `make run` and `make test`. Both set everything up by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
# A network with a certificate authority of its own tells the system, not each tool.
export UV_SYSTEM_CERTS := true
export NODE_USE_SYSTEM_CA := 1

.PHONY: help setup run test lint format lock assets translations wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(VENV)/.installed $(VENV)/.built ## what the others do first, without starting anything

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "trafficedu needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet 'uv'

$(VENV)/.installed: $(VENV)/bin/uv requirements.lock setup.cfg setup.py pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.built: $(VENV)/.installed $(shell find assets trafficedu/locale -type f -not -path '*/node_modules/*' -not -name '*.mo' 2>/dev/null)
	$(BIN)/python assets/build.py
	@touch $@

run: setup ## a demo district on http://127.0.0.1:8000
	@$(BIN)/trafficedu serve --demo

test: setup ## lint, types, layers, and the whole suite on SQLite and PostgreSQL
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup ## every check that needs no database
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates

format: setup ## let the formatter have its way
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## resolve setup.cfg anew into requirements.lock
	$(UV) pip compile --quiet --upgrade --generate-hashes --extra dev setup.cfg -o requirements.lock

wheel: setup ## a wheel that carries pages, assets and fonts
	$(BIN)/python -m build --wheel

clean: ## all that is generated, but never the instance
	rm -rf $(VENV) build dist *.egg-info assets/node_modules trafficedu/static/build trafficedu/reports/fonts
