# Everything a newcomer needs: `make demo`, `make test`, `make check`. Each installs what is missing, pinned and with
# hashes, into .venv and node_modules, and does nothing where nothing changed. Needs Python 3.11+, Node 20+ and git.

PYTHON ?= python3
BIN := .venv/bin
UV = $(BIN)/uv pip
INSTALL = $(UV) install --quiet --require-hashes --python
EDITABLE = $(UV) install --quiet --no-deps --python
COMPILE = $(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-package fabricant --custom-compile-command "make lock"

LONG := --quiet -n2 --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: help demo build test check gas bench-index faults coverage deep docs fix install lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.run node_modules/.stamp ## One real deal on a local chain
	@$(BIN)/fabricant demo

build: install ## Compile the contracts that changed
	@$(BIN)/fabricant build

test: build ## Run every test
	@$(BIN)/python scripts/run_tests.py

check: install ## Format, lint, types, artifacts, reference, house rules, gas
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/fabricant build --check
	@$(BIN)/python -m scripts.reference --check
	@$(BIN)/pytest --quiet tests/checks
	@$(BIN)/python -m scripts.gas --check

gas: build ## Measure gas from receipts and write benchmarks/gas.*
	@$(BIN)/python -m scripts.gas

bench-index: build ## Measure the index beside web3.py, and write benchmarks/index.* (minutes)
	@$(BIN)/python benchmarks/index.py

faults: install ## How many cases of the fault catalogue have a test
	@$(BIN)/python -m scripts.faults

coverage: build ## Lines and branches of the contracts that the contract tests execute
	@$(BIN)/python -m scripts.coverage

deep: coverage .venv-symbolic/.dev ## Coverage, all cases, symbolic checks, and the campaigns for hours instead of seconds
	@FABRICANT_CASES=10000 $(BIN)/pytest $(LONG) tests/contracts/zoo tests/contracts/journeys/test_domain.py \
		tests/python/chain/test_digests.py tests/python/chain/test_ledger.py \
		tests/python/chain/test_shop_floor.py tests/python/capacity
	@FABRICANT_CASES=100000 $(BIN)/pytest $(LONG) tests/python/chain/test_prices.py
	@FABRICANT_CASES=1000000 $(BIN)/pytest $(LONG) tests/contracts/journeys/test_cells.py
	@$(BIN)/python -m scripts.symbolic
	@$(BIN)/python -m scripts.invariants --deep

docs: build ## Write docs/reference from the contracts and the commands
	@$(BIN)/python -m scripts.reference

fix: install ## Format, and fix what the linter can
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

install: .venv/.dev .venv-web3-8/.dev ## Install what is missing

lock: .venv/.uv ## Pin the newest versions that fit
	$(COMPILE) --upgrade requirements/uv.in -o requirements/uv.txt
	$(COMPILE) --upgrade requirements/dev.in -o requirements/dev.txt
	$(COMPILE) --upgrade requirements/run.in -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) --upgrade requirements/web3-8.in -o requirements/web3-8.txt
	$(COMPILE) --upgrade requirements/symbolic.in -o requirements/symbolic.txt

clean: ## Remove everything that can be made again
	rm -rf .build .cache .venv .venv-symbolic .venv-web3-8 dist lib node_modules

# Installations: a stamp is newer than everything that it was made from.

.venv/.uv: requirements/uv.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.run: .venv/.uv requirements/run.txt pyproject.toml
	$(INSTALL) $(BIN)/python -r requirements/run.txt
	$(EDITABLE) $(BIN)/python -e .
	@touch $@

node_modules/.stamp: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lib/.stamp: node_modules/.stamp
	rm -rf lib && mkdir -p lib/@openzeppelin lib/solady
	cp -R node_modules/@openzeppelin/contracts lib/@openzeppelin/contracts
	cp -R node_modules/solady/src lib/solady/src
	@touch $@

.venv/.dev: .venv/.run lib/.stamp requirements/dev.txt scripts/tools.py
	$(INSTALL) $(BIN)/python -r requirements/dev.txt
	$(BIN)/python scripts/tools.py
	@touch $@

.venv-web3-8/.dev: .venv/.dev requirements/web3-8.txt
	test -d .venv-web3-8 || $(PYTHON) -m venv --without-pip .venv-web3-8
	$(INSTALL) .venv-web3-8 -r requirements/web3-8.txt
	$(EDITABLE) .venv-web3-8 -e .
	.venv-web3-8/bin/python scripts/tools.py
	@touch $@

.venv-symbolic/.dev: .venv/.dev requirements/symbolic.txt
	test -d .venv-symbolic || $(PYTHON) -m venv --without-pip .venv-symbolic
	$(INSTALL) .venv-symbolic -r requirements/symbolic.txt
	@touch $@
