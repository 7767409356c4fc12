# The front door: `make up` runs the gateway here, `make test` proves it. Both set up all they need.

PYTHON ?= python3
UV := .venv-tools/bin/uv

.PHONY: up test format bench lock

up: .venv/.synced ## the gateway and all it needs on this machine; Ctrl-C stops it
	@.venv/bin/python -m opencode_local

test: .venv/.synced node_modules/.installed ## everything that must hold
	@echo "==> format and lint"
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@echo "==> types"
	@.venv/bin/mypy
	@echo "==> tests (about 4 minutes on 2 cores)"
	@.venv/bin/pytest -n 2 --dist loadgroup -q

bench: .venv/.synced ## performance, as ratios to a bare relay measured in the same run
	@.venv/bin/python -m bench

format: .venv/.synced
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: $(UV)
	@$(UV) lock --upgrade

.venv/.synced: pyproject.toml uv.lock router/pyproject.toml local/pyproject.toml | $(UV)
	@echo "==> installing Python packages (about 30 s the first time)"
	@$(UV) sync --quiet --locked --all-groups --python $(PYTHON)
	@touch $@

$(UV):
	@echo "==> installing uv"
	@$(PYTHON) -m venv .venv-tools
	@.venv-tools/bin/pip install --quiet --disable-pip-version-check uv
