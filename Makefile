# Tocsin's two commands are `make run` and `make test`; `make help` lists the rest.
#
# Everything is installed into .venv from the hash-locked lists in requirements/. A stamp in .venv
# remembers what was installed, so a second `make` goes straight to work.

PYTHON ?= python3
PORT ?= 8080
DATA ?= data
PYTEST_ARGS ?=

BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install -qq --no-input --disable-pip-version-check --root-user-action=ignore
# A lock depends on no setting of the machine it was made on.
PIP_COMPILE := env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
	--no-header --annotation-style=line --no-emit-options --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --build-deps-for=editable
say = @printf '\033[1m==>\033[0m %s\n'

# Where Python is told to keep no bytecode, hundreds of processes of the tests would each compile
# the program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run slack test check bench chaos lock format clean

help: ## List these commands
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: .venv/runtime.stamp ## Serve the demo network at http://127.0.0.1:8080 (PORT=, DATA=)
	@exec $(BIN)/tocsin serve --demo --port $(PORT) --data $(DATA)

slack: .venv/dev.stamp ## The demo network with a stand-in for Slack, to try it by hand (PORT=, DATA=)
	@exec $(BIN)/python -m tests.servers.slack.trying --port $(PORT) --data $(DATA)-slack

# Most tests write a database, and would wait for the disk at every commit. None of them takes the
# machine's power away, so they find the same in memory: their folders are there where a file system
# of memory lets programs run and there is room in both.
MEMORY := /dev/shm
MEMORY_KB := 4000000
in_memory = [ -z "$${TMPDIR:-}" ] && [ -w $(MEMORY) ] \
	&& ! grep -q '^[^ ]* $(MEMORY) [^ ]* [^ ]*noexec' /proc/mounts \
	&& [ "$$(df -Pk $(MEMORY) | awk 'NR == 2 { print $$4 }')" -ge $(MEMORY_KB) ] \
	&& [ "$$(awk '/^MemAvailable:/ { print $$2 }' /proc/meminfo)" -ge $(MEMORY_KB) ]

# While the types are checked, which keeps one processor busy, the other compiles the tests: else
# each process of theirs would do it for itself. Three of those share two processors: many tests
# wait for other programs.
test: .venv/dev.stamp .venv/postgresql.stamp .venv/prometheus.stamp .venv/influxdb.stamp .venv/chromium.stamp .venv/widget.stamp ## Every check: format, lint, types, layers, tests (PYTEST_ARGS=)
	@$(BIN)/python -m pytest -q --collect-only >/dev/null 2>&1 & \
		$(MAKE) --no-print-directory check; outcome=$$?; wait; exit $$outcome
	$(say) "Tests"
	@if $(in_memory); then export TMPDIR=$(MEMORY); fi; \
		exec $(BIN)/python -m pytest -q -n 3 --dist worksteal --hypothesis-profile=ci $(PYTEST_ARGS)

check: .venv/dev.stamp ## The checks that need no run: format, lint, types, layers
	$(say) "Format and lint (ruff)"
	@$(BIN)/ruff format --quiet --check --output-format concise . || { echo '`make format` puts this right.'; exit 1; }
	@$(BIN)/ruff check --quiet .
	$(say) "Layers (import-linter)"
	@$(BIN)/lint-imports --no-cache > .venv/layers.log 2>&1 || { cat .venv/layers.log; exit 1; }
	$(say) "Types (mypy --strict), a minute the first time"
	@$(BIN)/mypy

bench: .venv/dev.stamp .venv/postgresql.stamp .venv/influxdb.stamp ## Measure the figures of the README
	@exec $(BIN)/python -m bench

chaos: .venv/dev.stamp .venv/postgresql.stamp ## Kill every part again and again under load and look for what is lost
	$(say) "One server on SQLite, killed a hundred times (two minutes)"
	@$(BIN)/python -m bench.chaos
	$(say) "Two gateways, two dispatchers, a PostgreSQL pair: ten thousand events (six minutes)"
	@$(BIN)/python -m bench.cluster
	$(say) "A card in Slack, killed a hundred times between sending and marking it (eight minutes)"
	@$(BIN)/python -m bench.carding

format: .venv/dev.stamp ## Put every file into the house's form
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

lock: .venv/dev.stamp ## Choose newest versions anew and lock them with their hashes
	$(say) "Locking what runs"
	@$(PIP_COMPILE) --upgrade --output-file=requirements/runtime.txt pyproject.toml
	$(say) "Locking what tests"
	@$(PIP_COMPILE) --upgrade --extra=dev --constraint=requirements/runtime.txt --output-file=requirements/dev.txt pyproject.toml

clean: ## Remove what was made, except data
	@rm -rf .venv .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache artefacts build dist src/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. Each stamp is older than its list when the list has changed.

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Tocsin needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			printf '\033[1m==>\033[0m %s\n' 'Installing python3-venv (Debian)'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv; } >/dev/null; \
		else \
			echo 'This Python cannot make virtual environments; on Debian: apt-get install python3-venv'; exit 1; \
		fi; }
	$(say) "Making a virtual environment in .venv"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/runtime.stamp: requirements/runtime.txt pyproject.toml .venv/python.stamp
	$(say) "Installing what Tocsin runs on (locked, half a minute the first time)"
	@$(PIP_INSTALL) --require-hashes -r requirements/runtime.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/runtime.stamp
	$(say) "Installing what the checks need (locked, a minute the first time)"
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

# The tests start PostgreSQL servers of their own; its programs come from Debian.
.venv/postgresql.stamp: .venv/python.stamp
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			printf '\033[1m==>\033[0m %s\n' 'Installing postgresql (Debian); its own server is not used'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql; } >/dev/null; \
		else \
			echo 'The tests need the programs of PostgreSQL 15 or newer; on Debian: apt-get install postgresql'; exit 1; \
		fi; }
	@touch $@

# They start a Prometheus and an Alertmanager of their own too. Debian's packages may start services
# as they are installed; those are ended again.
.venv/prometheus.stamp: .venv/python.stamp
	@{ command -v prometheus && command -v prometheus-alertmanager && command -v amtool; } >/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			printf '\033[1m==>\033[0m %s\n' 'Installing prometheus and prometheus-alertmanager (Debian); their own servers are not used'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends prometheus prometheus-alertmanager; } >/dev/null \
				|| exit 1; \
			for service in prometheus prometheus-alertmanager; do \
				invoke-rc.d --quiet $$service stop >/dev/null 2>&1 || true; \
			done; \
		else \
			echo 'The tests need Prometheus and Alertmanager; on Debian: apt-get install prometheus prometheus-alertmanager'; exit 1; \
		fi; }
	@touch $@

# And an InfluxDB.
.venv/influxdb.stamp: .venv/python.stamp
	@command -v influxd >/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			printf '\033[1m==>\033[0m %s\n' 'Installing influxdb (Debian); its own server is not used'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends influxdb; } >/dev/null \
				|| exit 1; \
			invoke-rc.d --quiet influxdb stop >/dev/null 2>&1 || true; \
		else \
			echo 'The tests need InfluxDB; on Debian: apt-get install influxdb'; exit 1; \
		fi; }
	@touch $@

# Pages are looked at in a real browser, which Playwright drives and does not bring.
.venv/chromium.stamp: .venv/python.stamp
	@command -v chromium >/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			printf '\033[1m==>\033[0m %s\n' 'Installing chromium (Debian), a minute'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >/dev/null; \
		else \
			echo 'The tests need Chromium; on Debian: apt-get install chromium'; exit 1; \
		fi; }
	@touch $@

# In it runs a Statuspage client from npm, as it was published.
.venv/widget.stamp: tests/browser/widget/package-lock.json .venv/python.stamp
	@command -v npm >/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			printf '\033[1m==>\033[0m %s\n' 'Installing npm (Debian)'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends npm; } >/dev/null; \
		else \
			echo 'The tests need npm; on Debian: apt-get install npm'; exit 1; \
		fi; }
	$(say) "Installing a Statuspage client (locked)"
	@mkdir -p .venv/widget && cp tests/browser/widget/package.json tests/browser/widget/package-lock.json .venv/widget
	@npm ci --silent --ignore-scripts --no-audit --no-fund --prefix .venv/widget
	@touch $@
