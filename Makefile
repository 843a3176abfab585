# Everything from a bare machine with Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: browser explore rules object-storage install demo test test-long lint gate check docs specs golden dates chaos soak soak-api clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("alert-trader needs Python 3.11 or newer; found " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: install
	$(BIN)/trader demo

test: install
	$(BIN)/python -m pytest -n 3

# process kills, restarts, mutants: what takes minutes. CI runs it too
test-long: install
	$(BIN)/python -m pytest -n 3 -m "long and not soak and not browser" --ignore=tests/workflows/exploration

# faults at every call and activity of a trade, a share of them; CI runs it too
explore: install
	$(BIN)/python -m pytest -n 3 -m "long and not soak" tests/workflows/exploration -o faulthandler_timeout=900

# the desk page in chromium, which it installs where it may
browser: install
	PYTHONPATH=. $(BIN)/python tools/browser.py
	$(BIN)/python -m pytest -m browser

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# sizes, folders, and words of the old dialect; `tools/gate.py --counts` lists these by file
gate: install
	PYTHONPATH=. $(BIN)/python tools/gate.py

# Prometheus's configuration and every alert rule, firing and silent, with promtool (Debian's, below build/, where it is not on the PATH)
rules: install
	PYTHONPATH=. $(BIN)/python tools/rules.py

# the archive on an S3 server (moto, in an environment of its own below build/)
object-storage: install
	PYTHONPATH=. $(BIN)/python tools/object_storage.py

check: lint gate docs test

# the site of docs/ and specs/, into build/site; a broken link fails
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

specs: install
	PYTHONPATH=. $(BIN)/python specs/generate.py

golden: install
	PYTHONPATH=. $(BIN)/python -m tests.replay.record

chaos: install
	PYTHONPATH=. $(BIN)/python -m chaos

soak: install
	$(BIN)/python -m pytest -n 2 -m soak -o faulthandler_timeout=3900
	$(BIN)/python -m pytest -n 2 -m "not soak" --short-runs 40 tests/workflows
	PYTHONPATH=. $(BIN)/python -m chaos.soak

# the date-sensitive tests at every hard date of the calendar
dates: install
	PYTHONPATH=. $(BIN)/python -m tests.support.dates

soak-api: install
	TRADER_API_EXAMPLES=400 $(BIN)/python -m pytest -m long tests/admin/test_contract.py

clean:
	rm -rf $(VENV) var build *.egg-info
