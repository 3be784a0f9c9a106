# What a person runs is what CI runs. `make build` and `make test` need Python 3.11 to 3.13, make and git; nothing else.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
    $$candidate -c '$(SUPPORTED)' 2> /dev/null && { echo $$candidate; break; }; done)
BIN := .venv/bin
INSTALLED := .venv/installed
PEERS := .venv-peers
FEAST := .venv-feast
EVIDENTLY := .venv-evidently
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
    --quiet --no-header
# Neither the zone of the warehouse's record nor that of CI's machines: half an hour beside the hour, behind UTC.
TEST_ZONE ?= America/St_Johns
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: help build test replay lint dbt-test python-test crash nightly mutate bench evaluate variation docs reference lock clean

help:  ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

build: $(INSTALLED)  ## Install, run dbt build on the embedded warehouse, show what it holds
	$(BIN)/dbt build
	@$(BIN)/ml-ledger show repurchase

# The project that python-test builds runs what dbt-test does.
test: $(INSTALLED) lint python-test  ## Everything that CI runs

replay: $(INSTALLED)  ## A fresh warehouse, the clock walked month by month over a year of decisions
	$(BIN)/ml-ledger replay --from 1997-06-30 --to 1998-06-30 --fresh --into-target embedded --operations replay.yml
	@$(BIN)/ml-ledger show repurchase
	@$(BIN)/ml-ledger report
	@$(BIN)/ml-ledger verify

lint: $(INSTALLED)  ## ruff, mypy and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 models analyses

dbt-test: $(INSTALLED)  ## Data and unit tests of the shipped project, in a warehouse of their own
	rm -rf target/test-warehouse && mkdir -p target/test-warehouse
	ML_LEDGER_WAREHOUSE=target/test-warehouse/warehouse.duckdb $(BIN)/dbt --quiet build

# `dbt build` by hand and dbt-test are in the zone of the machine; `make python-test TEST_ZONE=Asia/Kolkata` in another.
# Files go to processes in the order of their names: functional tests first, so that no long one is left for the end.
python-test: $(INSTALLED)  ## pytest: unit, parity with scikit-learn, functional on copies of the project
	TZ=$(TEST_ZONE) OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

crash: $(INSTALLED)  ## Kill 20 builds at random moments; each next one completes, and nothing is lost or doubled
	OMP_NUM_THREADS=1 ML_LEDGER_KILLS=20 $(BIN)/pytest tests/python/functional/test_crash.py

nightly: $(INSTALLED)  ## 2,000 random declarations on random data: a clear error, or the estimator's own scores (20 minutes)
	OMP_NUM_THREADS=1 ML_LEDGER_CASES=2000 $(BIN)/pytest tests/python/unit/test_any_data.py

evaluate: $(INSTALLED)  ## dbt-project-evaluator on a copy of this project (fetches it from dbt's hub)
	.ci/evaluate

mutate: $(INSTALLED)  ## Change the code a little, 150 times in Python and 90 in macros: does a test fail? (2 hours)
	$(BIN)/python tests/mutate/run.py

bench: $(INSTALLED) $(PEERS)/installed $(FEAST)/installed $(EVIDENTLY)/installed  ## Measure against limits and peers, and write benchmarks/results.md (35 minutes, 16 GB)
	$(BIN)/python benchmarks/run.py

# dbt-core by itself, then what it requires and the lock does not hold, so that locked versions stay where they fit. It asks for a
# second parser, which it reads projects without unless told to, and which not every platform has. Newer than dbt_project.yml
# allows: DBT_ENGINE_VERSION_CHECK=false make build. `make clean build` goes back to the lock.
variation: $(INSTALLED)  ## Other versions after the lock: make variation DBT=1.12.6 DUCKDB=1.5.5 (either or both)
ifdef DBT
	$(BIN)/python $(PIP_INSTALL) --no-deps 'dbt-core==$(DBT)'
	@mkdir -p target
	$(BIN)/python -c "from importlib.metadata import requires; \
	    print(*(one for one in requires('dbt-core') if 'experimental-parser' not in one), sep='\n')" > target/of-dbt.txt
	$(BIN)/python $(PIP_INSTALL) --requirement target/of-dbt.txt
endif
ifdef DUCKDB
	$(BIN)/python $(PIP_INSTALL) 'duckdb==$(DUCKDB)'
endif

docs: $(INSTALLED)  ## dbt's documentation site, in target/, and the Python reference, in target/api/
	$(BIN)/dbt docs generate
	$(BIN)/pdoc ml_ledger --docformat numpy --template-directory docs/api --output-directory target/api

reference: $(INSTALLED)  ## Write what is generated from keys: docs/keys.md, macros/_internal/declaration/generated.sql
	$(BIN)/ml-ledger keys > docs/keys.md
	$(BIN)/python -m ml_ledger.declaration.for_macros

lock:  ## Resolve requirements.lock and the benchmarks' peers anew (needs uv)
	$(COMPILE) --extra dev pyproject.toml --output-file requirements.lock
	@mkdir -p target
	grep -E '^(duckdb|numpy|pandas|protobuf|pyarrow|scikit-learn|scipy)==' requirements.lock | tr -d '\\' \
	    > target/shared.txt
	$(COMPILE) --constraints target/shared.txt benchmarks/peers.in --output-file benchmarks/peers.txt
	grep -vE '^(pandas|protobuf)==' target/shared.txt > target/shared-feast.txt
	$(COMPILE) --constraints target/shared-feast.txt benchmarks/feast.in --output-file benchmarks/feast.txt
	$(COMPILE) --constraints target/shared-feast.txt benchmarks/evidently.in --output-file benchmarks/evidently.txt

clean:  ## Remove everything that was built, the warehouse too
	rm -rf .venv $(PEERS) $(FEAST) $(EVIDENTLY) target logs warehouse.duckdb warehouse.duckdb.wal

# __init__.py has the version, which what is installed says, too.
$(INSTALLED): requirements.lock pyproject.toml src/ml_ledger/__init__.py
	@'$(PYTHON)' -c '$(SUPPORTED)' 2> /dev/null || { echo "ml_ledger needs Python 3.11, 3.12 or 3.13; got" \
	    "$$('$(or $(PYTHON),python3)' --version 2>&1). Fix: install one, or make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Installing the locked dependencies into .venv (about 150 MB the first time) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements.lock
	$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	@touch $@

$(PEERS)/installed: benchmarks/peers.txt
	@echo "Installing the peers of the benchmarks into $(PEERS) (about 250 MB the first time) ..."
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python $(PIP_INSTALL) --require-hashes -r benchmarks/peers.txt
	@touch $@

$(FEAST)/installed: benchmarks/feast.txt
	@echo "Installing Feast for the benchmarks into $(FEAST) (about 700 MB the first time) ..."
	$(PYTHON) -m venv $(FEAST)
	$(FEAST)/bin/python $(PIP_INSTALL) --require-hashes -r benchmarks/feast.txt
	@touch $@

# Without dependencies: all are locked, and pip would look for a later pandas than the one that is.
$(EVIDENTLY)/installed: benchmarks/evidently.txt
	@echo "Installing Evidently for the benchmarks into $(EVIDENTLY) (about 1.1 GB the first time) ..."
	$(PYTHON) -m venv $(EVIDENTLY)
	$(EVIDENTLY)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r benchmarks/evidently.txt
	@touch $@
