# make book   builds the site        make test   runs every test that needs only Python
# Everything lives in .venv; the lock holds the version and the hash of each package.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# One thread per process: sums come out in one order, and workers do not fight.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
# Jupyter's paths; without it, jupyter_core warns at start.
export JUPYTER_PLATFORM_DIRS := 1

.DEFAULT_GOAL := book
.PHONY: book test test-processors test-oldest-processor test-floors test-newest
.PHONY: site-test coverage lab serve refresh lint clean bench

$(READY): requirements.lock pyproject.toml
	python3 -m venv $(VENV)
	if command -v uv >/dev/null; then \
	  uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(PY) --no-deps --no-build-isolation -e . ; \
	else \
	  $(PY) -m pip install --quiet --require-hashes -r requirements.lock && \
	  $(PY) -m pip install --quiet --no-deps --no-build-isolation -e . ; \
	fi
	touch $@

book: $(READY)
	rm -rf _build
	$(VENV)/bin/jupyter-book build . --all -W -n --keep-going
	@echo "The site is in _build/html; make serve shows it."

test: lint
	$(PY) -m pytest -n 2 --dist loadfile --ignore=tests/site tests src
	$(PY) -m pytest -n 2 --dist loadfile --nbval --nbval-current-env \
	  -p scaling_notes.book.nbval book

# On other processors: see tests/processors.py.
test-processors: $(READY)
	$(PY) tests/processors.py $(KERNELS)

test-oldest-processor: $(READY)
	$(PY) tests/processors.py --oldest

# The oldest and the newest versions that pyproject.toml allows; all else is the
# lock's. Made anew each time: the newest changes. Of the packages for mypy, which
# does not run here, pip may say that they want another numpy.
test-floors: PYTHON ?= python3.11
test-floors: WANTED = $$(.venv-floors/bin/python tests/floors.py)
test-newest: PYTHON ?= python3
test-newest: WANTED = --upgrade --upgrade-strategy eager
test-floors test-newest: test-%:
	$(PYTHON) -m venv --clear .venv-$*
	.venv-$*/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	wanted="$(WANTED)" && \
	  .venv-$*/bin/python -m pip install --no-build-isolation -e . $$wanted
	.venv-$*/bin/python -m pytest -n 2 --dist loadfile --ignore=tests/site tests src

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

site-test: $(READY)
	$(PY) -m pytest -n 2 --dist loadgroup tests/site

coverage: $(READY)
	$(PY) -m pytest -s tests/fitting/coverage_simulation.py tests/coverage_of_intervals.py

lab: $(READY)
	$(VENV)/bin/jupyter lab book

serve: book
	$(PY) -m http.server --directory _build/html --bind 127.0.0.1 8000

# Peers live in an environment of their own.
.venv-bench/.ready: benchmarks/requirements.txt
	python3 -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -r benchmarks/requirements.txt
	touch $@

bench: .venv-bench/.ready
	PYTHONPATH=src .venv-bench/bin/python benchmarks/run.py

# make experiment-search measures again what experiments/search.py stores.
experiment-%: $(READY)
	$(PY) experiments/$*.py

refresh: $(READY)
	$(PY) -m scaling_notes.book.refresh $(CHAPTERS)

clean:
	rm -rf _build
