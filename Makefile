# For operators who want to look (`make demo`) and for developers (`make test`, `make lint`).
# Needs GNU make, Python 3.11 or newer with venv, and a package index.

VENV := .venv
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c $(IS_GOOD) 2>/dev/null && { echo "$$name"; break; }; done)
# `ensurepip` is what a Python without its venv package lacks.
IS_GOOD := 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
PIP := $(VENV)/bin/python -m pip -qq --disable-pip-version-check --no-input
# More processes than cores: some tests wait for a deadline of the program's.
PYTEST_ARGS := -n 3 --dist worksteal

# The caller's databases are no part of a demo or a test.
unexport $(filter-out AGENTCTL_TEST_%,$(filter AGENTCTL_% PG% DATABASE_URL,$(.VARIABLES)))
ifeq ($(HOME),)
unexport HOME
endif

.NOTPARALLEL:
.PHONY: help demo test test-cases test-torture test-security test-versions test-code test-databases test-strangers test-migrations \
	test-sandbox test-settling test-debian test-pgbouncer test-pooled test-n8n test-all torture n8n lint \
	bench-startup bench-flights bench-catalog bench-listings bench-history bench-codescan bench-migrate clean

help:
	@echo "make demo    watch agentctl run an agent, on an embedded PostgreSQL"
	@echo "make test    run the everyday tests, on the embedded PostgreSQL (5 minutes on 2 cores)"
	@echo "             (fewer: make test PYTEST_ARGS=tests/unit; another PostgreSQL: AGENTCTL_TEST_POSTGRES=17)"
	@echo "make lint    check style and types"
	@echo "Other test suites and tools:"
	@echo "make test-cases   the acceptance test cases that make test leaves out"
	@echo "make test-sandbox   starting and stopping the embedded PostgreSQL, and the demo"
	@echo "make test-settling   reconcile, its evidence and the journal"
	@echo "make test-torture   a short make torture: kills, crowds, faults, every row of docs/outcomes.md"
	@echo "make test-versions   tests that may differ between PostgreSQL versions, on 17"
	@echo "make test-code   schema-check --code: verdicts compared with PostgreSQL's, hostile files, Ctrl-C (needs git)"
	@echo "make test-databases   an operator's work, on each of fifty-one marketplaces"
	@echo "make test-strangers   200 renamed variants of each of them: right or asked, never wrong"
	@echo "make test-security   hostile rows, names, prices, words and files"
	@echo "make test-migrations   migrate-full under load, killed, undone"
	@echo "make test-debian   tests that may differ, on PostgreSQL 15 (needs Debian's package postgresql-15)"
	@echo "make test-pgbouncer   faults of a pooler in transaction mode, and test-torture through it (needs PgBouncer)"
	@echo "make test-pooled   every command through the pooler (needs PgBouncer)"
	@echo "make test-n8n    run agents on a real n8n, which make n8n installs outside the checkout"
	@echo "             (3 GB, about 5 minutes)"
	@echo "make test-all    all of the above, make test first"
	@echo "make torture      test-torture at full size (an hour)"
	@echo "make bench-startup   start-up times of commands, compared with their lower bounds"
	@echo "make bench-flights   how often each command waits for the database, and run from 50 ms away"
	@echo "make bench-catalog   reading the catalog of 10,000 tables, compared with one SELECT over the same"
	@echo "make bench-listings   memory and first row of listings and exports, with 1,000 and 1,000,000 rows"
	@echo "make bench-history   history and credits on 10 million executions, without and with their indexes"
	@echo "             (half an hour, 10 GB, Debian's package postgresql-15)"
	@echo "make bench-codescan   schema-check --code on 10,000 files, cold and warm, compared with parsing only"
	@echo "make bench-migrate   migrate-full compared with plain SQL on 10 million rows (half an hour)"
	@echo "make clean   remove $(VENV) and the files that the tools have left"
	@echo "Python is the first suitable one of 3.13, 3.12, 3.11; to choose another: make PYTHON=..."

# Run where no agentctl.toml of the caller's can be found: never on a real database.
demo: $(VENV)/installed
	@cd $(VENV) && XDG_CONFIG_HOME="$$PWD/no-config" bin/agentctl run seo-blog \
		topic="How to compost on a balcony" 2>&1

# What `make test` needs, a package index brings. Whatever needs more has a target of its own, as has what takes long:
# those name folders that pyproject.toml's testpaths leaves out, or the marker of what may differ between versions.
test: export AGENTCTL_TEST_CASES := few
test-cases: export AGENTCTL_TEST_CASES := rest
test-versions: export AGENTCTL_TEST_POSTGRES := 17
test-debian: export AGENTCTL_TEST_POSTGRES := 15
test-code test-databases test-migrations: export AGENTCTL_TEST_POSTGRES ?= 18,17
test-pgbouncer test-pooled: export AGENTCTL_TEST_THROUGH := pgbouncer

test: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS)

test-cases: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/acceptance

test-sandbox: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/sandbox

test-settling: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/settling

test-torture: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/torture

test-versions: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) -m every_postgres tests/integration tests/acceptance tests/settling tests/torture

# Every verdict is compared with what PostgreSQL does, and the files that are read with git's list of them.
test-code: $(VENV)/installed-dev
	@git --version >/dev/null || { echo "make: test-code needs git" >&2; exit 1; }
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/codescan

# Each of the fifty-one takes an operator's whole day.
test-databases: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/databases

test-strangers: $(VENV)/installed-dev
	@AGENTCTL_TEST_STRANGERS=200 $(VENV)/bin/pytest $(PYTEST_ARGS) tests/databases/test_strangers.py

# They wait for locks and for index builds.
test-migrations: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/migrations

test-debian: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) -m every_postgres \
		tests/integration tests/acceptance tests/settling tests/torture tests/codescan tests/databases \
		tests/migrations

# With a pooler between the program and the database: where a connection's loss shows, and then everything.
test-pgbouncer: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/pgbouncer tests/torture

test-pooled: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/acceptance tests/settling

# Whole marketplaces of hostile rows are read by every command.
test-security: $(VENV)/installed-dev
	@$(VENV)/bin/pytest $(PYTEST_ARGS) tests/security

test-all: test test-cases test-sandbox test-settling test-torture test-security test-versions test-code \
	test-databases test-strangers test-migrations test-debian test-pgbouncer test-pooled test-n8n

torture: $(VENV)/installed-dev
	@AGENTCTL_TORTURE=full $(VENV)/bin/pytest -n 2 tests/torture

n8n: $(VENV)/installed
	@$(VENV)/bin/python tests/n8n/install.py

# An n8n is installed by those only who ask for it.
test-n8n: $(VENV)/installed-dev n8n
	@$(VENV)/bin/pytest tests/n8n

lint: $(VENV)/installed-dev
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@MYPYPATH=tests $(VENV)/bin/mypy --explicit-package-bases tests

bench-startup: $(VENV)/installed-dev
	@PYTHONPATH=tests $(VENV)/bin/python benchmarks/startup.py

bench-flights: $(VENV)/installed-dev
	@PYTHONPATH=tests $(VENV)/bin/python benchmarks/flights.py

bench-catalog: $(VENV)/installed-dev
	@PYTHONPATH=tests $(VENV)/bin/python benchmarks/catalog.py $(BENCH_ARGS)

bench-listings: $(VENV)/installed-dev
	@PYTHONPATH=tests $(VENV)/bin/python benchmarks/listings.py $(BENCH_ARGS)

bench-history: $(VENV)/installed-dev
	@PYTHONPATH=tests $(VENV)/bin/python benchmarks/history.py $(BENCH_ARGS)

bench-codescan: $(VENV)/installed
	@$(VENV)/bin/python benchmarks/codescan.py $(BENCH_ARGS)

bench-migrate: $(VENV)/installed-dev
	@PYTHONPATH=tests $(VENV)/bin/python benchmarks/migrate.py $(BENCH_ARGS)

clean:
	rm -rf $(VENV) dist build .pytest_cache .ruff_cache .mypy_cache

# Each stamp is written last: without it the environment is half made, and is made again.
$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c $(IS_GOOD) 2>/dev/null || { \
		echo "make: no Python 3.11 or newer with the venv module found; name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; }
	@echo "Setting up $(VENV)..." >&2
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip
	@$(PIP) install --editable ".[sandbox,code]"
	@touch $@

# `pip install --group` is as new as pip 25.1, hence the upgrade above.
$(VENV)/installed-dev: $(VENV)/installed
	@echo "Setting up the developers' tools..." >&2
	@$(PIP) install --group dev
	@touch $@
