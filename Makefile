# Needs Python 3.11 or newer and GNU make 3.81 or newer, which macOS has; the first target installs
# everything else into .venv.
PYTHON ?= python3
BIN := .venv/bin
# A test that hangs says where and ends. Not in pytest.ini: a load test may take hours.
LIMITS := -o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true
# Pytest and the plugin read these before tests/conftest.py can clear them.
UNSET := $(addprefix -u ,PYTEST_ADDOPTS $(filter-out PERF_LOCK_FILE,$(filter AWS_% LOCUST_% PERF_%,$(.VARIABLES))))
# A file is one piece of work: its set-up is done once. In the order of folders, the long ones come
# first. Load tests run alone on the machine, so here they are short; make perf runs them whole.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
SHORT := --perf-run-time=7s --perf-pacing=200/s --perf-users=80 --perf-spawn-rate=80
STAMP := .venv/.complete

.PHONY: help env perf test check sweep docs fix lock dynamodb-local clean

help:  ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(STAMP)  ## make the environment in .venv, with exactly the locked packages

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 env" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

perf: env  ## run the load tests: smoke on moto and the embedded AQP
	$(BIN)/python -m pytest -m perf $(ARGS)

test: env  ## run the whole test suite
	env $(UNSET) LC_ALL=C.UTF-8 $(BIN)/python -m pytest $(PARALLEL) $(SHORT) $(LIMITS) $(ARGS)

check: env  ## format, lint, types, import layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

sweep: env  ## list the tables that runs left behind on AWS; ARGS="--account ID --yes" deletes them
	$(BIN)/python -m aqp_perf.targets.sweep $(ARGS)

docs: env  ## renew the tables of options in docs/options.md
	$(BIN)/python -m docs.option_tables docs/options.md

fix: env  ## format, and mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: env  ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--all-extras --group dev --custom-compile-command 'make lock' pyproject.toml --upgrade -o requirements.lock

dynamodb-local:  ## fetch DynamoDB Local (needs npm; java runs it) into .dynamodb-local
	mkdir -p .dynamodb-local
	cd .dynamodb-local && npm pack --silent amplify-dynamodb-simulator@2.9.30 \
		&& tar xzf amplify-dynamodb-simulator-2.9.30.tgz --strip-components=2 package/emulator \
		&& rm amplify-dynamodb-simulator-2.9.30.tgz

clean:  ## remove the environment and caches
	rm -rf .venv .dynamodb-local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
