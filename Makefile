# make figures: the convergence plots, from nothing; make experiments: the training plots; make test: the tests;
# make bench: the speed, measured; make docs: the site; make setup: .venv with every extra.
PYTHON ?= python3
# the newest Python here, on PATH or among pyenv's, in an environment of its own with the newest of everything
PYENV_ROOT ?= $(HOME)/.pyenv
NEWEST_PYTHON ?= $(shell for minor in 14 13 12 11; do for p in python3.$$minor $(PYENV_ROOT)/versions/3.$$minor.*/bin/python; do \
  $$p -c 'import ensurepip' 2>/dev/null && command -v $$p && exit; done; done; command -v $(PYTHON))
OLDEST_PYTHON ?= $(shell for minor in 11 12 13 14; do for p in python3.$$minor $(PYENV_ROOT)/versions/3.$$minor.*/bin/python; do \
  $$p -c 'import ensurepip' 2>/dev/null && command -v $$p && exit; done; done; command -v $(PYTHON))
NEWEST := .venv-newest
NEWEST_TESTS ?= $(addprefix tests/,test_xla.py test_jaxprs.py $(addprefix engine/test_,engine.py bits.py kernel_backend.py persistent.py lift.py) \
  $(addprefix optimizers/test_,mada_member.py optax_form.py) $(addprefix training/test_,baselines.py overflow.py) \
  identities/test_own_optimizers.py)
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what is imported when it is; pip would compile all, which takes longer than all else it does
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile -c constraints.txt
# one process per core, at most 4
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && n=4; echo "$$n")
# a file at a time for each process, so that its tests share what they compile; the longest files first
TESTS = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# further options, e.g. make figures ARGS='--profile smoke' or make test ARGS='-k store'
ARGS ?=

.PHONY: figures experiments test test-extras test-newest test-slow dist test-dist bench conformance prove gallery docs setup lint clean

figures: $(VENV)/.core
	$(BIN)/madatheory figures --group theory $(ARGS)

# MADA in training beside other methods: some twenty minutes on two cores, goes on where it was interrupted
experiments: $(VENV)/.training
	$(BIN)/madatheory figures --group training $(ARGS)

test: $(VENV)/.test
	$(TESTS) $(ARGS)

# what `make test` skips where torch, keras, numba, pytorch_optimizer or Coq is missing, which must now be there
test-extras: $(VENV)/.setup
	$(TESTS) -m 'needs and not slow' --nothing-missing $(ARGS)

# the engine, kernel, training, adapters and identities on the newest Python and JAX: every interface of JAX that they use, each
# in as few programs as it takes, for compiling is most of the time there. Left to make test is what tests our tests or refuses
# input; what takes longest to compile, MADA as one optimizer of its family and with all coefficients learned; and cases of a
# test that ask nothing else of JAX: of methods there are Adam, AVGrad and MADA, of dimensions the lowest and the highest
NOT_NEWEST := mada-family or mada-all or without_the_limits or planted or wrong_derivative or exchanged \
  or moments_are_read or correction or with_matrix_products or amsgrad or yogi or rmsprop or adagrad or adan or lion \
  or worker_count[3 or worker_count[70 or (huge_gradients and (hyperadam or badam))
test-newest: $(NEWEST)/.made
	$(NEWEST)/bin/python -m pytest -n $(WORKERS) --dist loadfile -k 'not ($(NOT_NEWEST))' $(NEWEST_TESTS) $(ARGS)

# long statistics, which `make test` leaves out and counts as deselected
test-slow: $(VENV)/.test
	$(TESTS) -m slow $(ARGS)

# the engine's speed beside optax, JAX, numba, NumPy and torch: benchmarks/RESULTS.md; ARGS=--quick for a minute and a half
bench: $(VENV)/.bench
	@mkdir -p benchmarks
	$(BIN)/madatheory bench --out benchmarks $(ARGS)

# other people's optimizers against the identities: docs/conformance.md, with judgements from madatheory/identities/report/
conformance: $(VENV)/.conformance
	$(BIN)/madatheory conformance $(ARGS)

# the worst instance found for every theorem, certified: madatheory/worst/gallery and the table in docs/worst.md, some minutes
gallery: $(VENV)/.test
	$(BIN)/madatheory worst --steps 2000 --seconds 14 --out madatheory/worst/gallery --page docs/worst.md $(ARGS)

# every statement by every method; the tables in docs/theory.md, README.md and proofs_check/status.md are written anew. Coq: apt-get install coq
prove: $(VENV)/.test
	$(BIN)/madatheory prove --page docs/theory.md --page README.md --page proofs_check/status.md $(ARGS)

# wheel and sdist in dist, checked: the files in the wheel, and what a package registry would show
dist: $(VENV)/.release
	rm -rf dist
	@mkdir dist
	$(BIN)/python -m build --no-isolation --outdir dist >dist/log || { cat dist/log; exit 1; }
	@rm dist/log
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/twine check --strict dist/*

# the wheel in new environments, with the oldest Python here that the package takes and the newest: a first command from outside
test-dist: dist
	.ci/first-run dist/*.whl $(OLDEST_PYTHON) $(NEWEST_PYTHON)

# the site, from the pages here, docstrings and objects, into site/: open site/index.html; the builder's warnings are errors
docs: $(VENV)/.docs
	$(BIN)/python -m website $(ARGS)

setup: $(VENV)/.setup

lint: $(VENV)/.setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright --pythonpath $(BIN)/python

clean:
	rm -rf $(VENV) $(NEWEST) site .madatheory .pytest_cache .ruff_cache .hypothesis build dist madatheory.egg-info

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "madatheory needs Python 3.11 or newer; '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make PYTHON=/path/to/python3.11 figures"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(NEWEST)/.made: pyproject.toml
	@echo "Installing the newest of everything into $(NEWEST) (a few minutes, once)"
	$(NEWEST_PYTHON) -m venv $(NEWEST)
	@$(NEWEST)/bin/python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
	  extras = (x for e in ('sim', 'data', 'cli', 'worst', 'proofs', 'test', 'training') for x in p['optional-dependencies'][e]); \
	  print(*p['dependencies'], *(x for x in extras if not x.startswith(('gymnax', 'madatheory['))), sep='\n')" \
	  > $(NEWEST)/requirements.txt  # gymnax 1.0 refuses JAX 0.12
	@$(NEWEST)/bin/python -m pip --disable-pip-version-check install --quiet --no-compile -r $(NEWEST)/requirements.txt
	@$(NEWEST)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps -e .
	@touch $@

$(VENV)/.core: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (a few minutes, once)"
	@$(PIP) -e '.[all]'
	@touch $@

$(VENV)/.training: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (a few minutes, once)"
	@$(PIP) -e '.[all,training]'
	@touch $(VENV)/.core $@

$(VENV)/.test: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (a few minutes, once)"
	@$(PIP) -e '.[all,proofs,test,training]'
	@touch $(VENV)/.core $(VENV)/.training $@

$(VENV)/.bench: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV), torch and numba included (some minutes, once)"
	@$(PIP) -e '.[all,bench]'
	@touch $(VENV)/.core $@

$(VENV)/.conformance: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV), torch included (some minutes, once)"
	@$(PIP) -e '.[all,conformance]'
	@touch $(VENV)/.core $@

$(VENV)/.release: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing what builds and checks a release into $(VENV)"
	@$(PIP) --upgrade $$($(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['release'])")
	@touch $@

$(VENV)/.docs: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV), the builder of the site included (a few minutes, once)"
	@$(PIP) -e '.[docs]'
	@touch $(VENV)/.core $@

$(VENV)/.setup: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing everything, torch included, into $(VENV) (some minutes, once)"
	@$(PIP) -e '.[all,proofs,report,docs,test,training,torch,keras,bench,conformance,warp,dev]'
	@touch $(VENV)/.core $(VENV)/.training $(VENV)/.test $(VENV)/.bench $(VENV)/.conformance $(VENV)/.docs $(VENV)/.release $@
