# The front door: `make up` runs the gateway here, `make test` proves it. Both set up all they need.

PYTHON ?= python3
UV := .venv-tools/bin/uv
PEER_STAMP := .venv-peers/.installed
AGENTS := tests/clients/node_modules/.installed

.PHONY: up test format bench lock

up: .venv/.synced ## the gateway and all it needs on this machine; Ctrl-C stops it
	@.venv/bin/python -m opencode_local

test: .venv/.synced $(AGENTS) ## everything that must hold
	@echo "==> format and lint"
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@echo "==> types"
	@.venv/bin/mypy
	@echo "==> tests (about 4 minutes on 2 cores)"
	@.venv/bin/pytest -n 2 --dist loadgroup -q -rs

bench: .venv/.synced $(if $(PEERS),$(PEER_STAMP)) ## performance against a bare relay; PEERS=1 measures others beside us
	@BENCH_LITELLM_PYTHON=$(if $(PEERS),$(CURDIR)/.venv-peers/bin/python) .venv/bin/python -m bench

format: .venv/.synced
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: $(UV)
	@$(UV) lock --upgrade

.venv/.synced: pyproject.toml uv.lock router/pyproject.toml local/pyproject.toml | $(UV)
	@echo "==> installing Python packages (about 30 s the first time)"
	@$(UV) sync --quiet --locked --all-groups --python $(PYTHON)
	@touch $@

# Without node, or when npm cannot run, there is no stamp: the agents' tests are skipped and the next run tries again.
$(AGENTS): tests/clients/package.json tests/clients/package-lock.json
	@echo "==> installing the coding agents that the tests run (about 20 s the first time)"
	@if command -v node >/dev/null && command -v npm >/dev/null && npm install --prefix tests/clients --no-save \
		--no-audit --no-fund --loglevel=error --fetch-retries=1; \
	then touch $@; \
	else echo "    no node, or npm failed: the agents' tests will be skipped"; fi

$(PEER_STAMP): | $(UV)
	@echo "==> installing the gateways to be measured beside ours (about a minute)"
	@$(UV) venv --quiet --python $(PYTHON) .venv-peers
	@$(UV) pip install --quiet --python .venv-peers 'litellm[proxy]'
	@npm install --prefix bench --no-save --no-audit --no-fund --loglevel=error @portkey-ai/gateway || true
	@touch $@

$(UV):
	@echo "==> installing uv"
	@$(PYTHON) -m venv .venv-tools
	@.venv-tools/bin/pip install --quiet --disable-pip-version-check uv
