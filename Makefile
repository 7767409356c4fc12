# The front door: `make up` runs the gateway here, `make test` proves it. Both set up all they need.

# Where Python may not keep what it has compiled, every process that the tests start compiles its imports anew.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
UV := .venv-tools/bin/uv
IMAGE ?= opencode-router
PEER_STAMP := .venv-peers/.installed
AGENTS := tests/clients/node_modules/.installed
TYPESCRIPT := tests/engine/typescript/node_modules/.installed
ENV ?= dev

.PHONY: up status logs down publish executable test cost diagram docs format bench bench-proxy bench-share bench-viewer first-answer screenshots lock image

up: .venv/.synced ## the program itself on this machine, until Ctrl-C; docs/local.md lists KEEP=1, BEDROCK=aws, ...
	@.venv/bin/python -m opencode_local up

status logs down: .venv/.synced ## of what runs: how it is, what it says (NAME=router, FOLLOW=1), its end
	@.venv/bin/python -m opencode_local $@

publish: .venv/.synced ## a release of the client to ENV=dev: MINIMUM=x.y.z CRITICAL=1 MESSAGE="..." CONFIG=file EXECUTABLES=folder ...
	@.venv/bin/python -m $(if $(filter local,$(ENV)),opencode_local publish,opencode_stacks.publish $(ENV))

# What a person writes there is data: $(value) takes it as it is, so that neither make nor a shell runs any of it.
$(foreach name,MINIMUM CRITICAL MESSAGE CONFIG EXECUTABLES WHEEL_ONLY SIGNING_KEY KEEP_VERSIONS SOURCE,\
	$(eval publish: override export $(name) := $$(value $(name))))

executable: .venv/.synced ## the client as one file for this platform, into dist/: EXECUTABLES of a release
	@.venv/bin/python -m opencode_stacks.publishing.executable dist

# A file of tests stays on one worker, so that what they share is made once.
test: .venv/.synced $(AGENTS) $(TYPESCRIPT) ## everything that must hold
	@echo "==> format and lint"
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@echo "==> types"
	@.venv/bin/mypy
	@.venv/bin/python -m tests.engine.binaries
	@echo "==> tests (about 12 minutes on 2 cores)"
	@.venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder -q -rs

bench: .venv/.synced $(if $(PEERS),$(PEER_STAMP)) ## performance against a bare relay; PEERS=1 measures others beside us
	@BENCH_LITELLM_PYTHON=$(if $(PEERS),$(CURDIR)/.venv-peers/bin/python) .venv/bin/python -m bench

bench-proxy: .venv/.synced ## what the client's local proxy adds to an answer, and how soon its commands start
	@.venv/bin/python -m bench.proxy

bench-share: .venv/.synced ## how soon 200 people who watch a shared session see what is added to it
	@.venv/bin/python -m bench.sharing

bench-viewer: .venv/.synced ## how a shared session of 5,000 messages loads and scrolls in Chromium
	@.venv/bin/python -m bench.viewer

first-answer: .venv/.synced ## how long `make up` takes until the first answer; writes it into the README
	@.venv/bin/python -m bench.first_answer

screenshots: .venv/.synced ## the download page of what `make up` runs here, as pictures for docs/downloads.md
	@.venv/bin/python -m bench.screenshots

image: ## the router's container image; BASE_IMAGE=... builds on another base, IMAGE_FLAGS=... go to docker build
	@docker build $(IMAGE_FLAGS) $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) \
		--file router/Dockerfile --tag $(IMAGE) .

cost: .venv/.synced ## what ENV=dev or another environment costs a month; PRICES=us-east-1 takes the prices of that region
	@.venv/bin/python -m opencode_stacks.cost $(ENV) $(PRICES)

diagram: .venv/.synced ## draws the architecture of ENV from what the program declares
	@.venv/bin/python -m opencode_stacks.diagram $(ENV) docs/architecture.svg

docs: .venv/.synced ## the pages made from docstrings
	@.venv/bin/python -m opencode_stacks.reference docs

format: .venv/.synced
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: $(UV)
	@$(UV) lock --upgrade
	@echo uv | $(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
		--output-file router/build-requirements.txt -

.venv/.synced: pyproject.toml uv.lock components/pyproject.toml stacks/pyproject.toml router/pyproject.toml local/pyproject.toml client/pyproject.toml functions/pyproject.toml | $(UV)
	@echo "==> installing Python packages (about 30 s the first time)"
	@$(UV) sync --quiet --locked --all-groups --python $(PYTHON)
	@touch $@

# Without node, or when npm cannot run, there is no stamp: the tests that need it are skipped, the next run tries again.
$(AGENTS) $(TYPESCRIPT): %/node_modules/.installed: %/package.json %/package-lock.json
	@echo "==> installing what $* needs of node (about a minute the first time)"
	@if command -v node >/dev/null && command -v npm >/dev/null && npm install --prefix $* --no-save \
		--no-audit --no-fund --loglevel=error --fetch-retries=1; \
	then touch $@; \
	else echo "    no node, or npm failed: the tests in $* will be skipped"; fi

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
