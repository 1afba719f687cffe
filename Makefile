# Two commands do everything: `make demo` runs the main job on a sample tree, `make test` runs the suite.
# `make check` begins with `make test`; tests/check/run.py lists its steps.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := setup.py pyproject.toml fastcore/__init__.py $(wildcard src_c/*/* fastcore/_native/*.p*)

.PHONY: demo test check torture compare compare-scan compare-corpus compare-topk compare-parallel compare-arrow
.PHONY: compare-midi midi-accuracy asv gate gate-record sanitize fuzz planted coverage pgo wheels docs profile clean

.venv/python: Makefile
	$(PYTHON) -c 'import sys; sys.exit("fastcore needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.venv/fastcore: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable .
	touch $@

# Each of these is one install, whatever was there before; the extras of the larger hold those of the smaller.
.venv/test: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[test]'
	touch .venv/fastcore $@

.venv/check: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[test,check,docs]'
	touch .venv/fastcore .venv/test $@

.venv/compare: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[compare]'
	touch .venv/fastcore $@

.venv/asv: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[asv]'
	touch .venv/fastcore $@

.venv/docs: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[test,docs,examples]'
	touch .venv/fastcore .venv/test $@

demo: .venv/fastcore
	$(BIN)/python asv_bench/sample_logs.py .demo --bytes 100MB --files 270
	$(BIN)/fastcore scan zyxquartz .demo --limit 5 --stats

test: .venv/test
	$(BIN)/python -m pytest --quiet

check: .venv/check
	$(BIN)/python tests/check/run.py

torture: .venv/test
	FASTCORE_TEST_SCALE=30 $(BIN)/python -m pytest --quiet -m native

compare: compare-scan compare-corpus compare-topk compare-parallel compare-arrow compare-midi midi-accuracy

compare-scan: .venv/compare
	$(BIN)/python asv_bench/compare_scan.py

compare-corpus: .venv/compare
	$(BIN)/python asv_bench/compare_corpus.py

compare-topk: .venv/compare
	$(BIN)/python asv_bench/compare_topk.py

compare-parallel: .venv/compare
	$(BIN)/python asv_bench/compare_parallel.py

compare-arrow: .venv/compare
	$(BIN)/python asv_bench/compare_arrow.py

compare-midi: .venv/compare
	$(BIN)/python asv_bench/compare_midi.py

# Both run, whatever the first one says.
midi-accuracy: .venv/fastcore
	tempo=0; $(BIN)/python asv_bench/tempo_accuracy.py || tempo=1; \
	$(BIN)/python asv_bench/key_accuracy.py && exit $$tempo

asv: .venv/asv
	$(BIN)/python asv_bench/history.py

profile: .venv/fastcore
	$(BIN)/python asv_bench/profiles.py

gate: .venv/check
	$(BIN)/python asv_bench/gate.py

gate-record: .venv/check
	$(BIN)/python asv_bench/gate.py --record "$$REASON"

sanitize: .venv/check
	$(BIN)/python tests/check/run.py thread address

fuzz: .venv/check
	$(BIN)/python tests/fuzz/run.py $(or $(SECONDS),20)

planted: .venv/check
	$(BIN)/python tests/planted/run.py

coverage: .venv/check
	$(BIN)/python tests/check/coverage.py

pgo: .venv/check
	$(BIN)/python wheels/pgo.py

wheels:
	PYTHON=$(PYTHON) wheels/build_local.sh

# The site, its doctests, the man page, the examples and the links; links that cannot be reached fail nothing.
SPHINX := $(BIN)/python -m sphinx -q -W --keep-going -d build/docs/doctrees
docs: .venv/docs
	$(SPHINX) -b html docs build/docs/html
	$(SPHINX) -b doctest docs build/docs/doctest
	$(SPHINX) -b man docs build/docs/man
	$(BIN)/python -m pytest --quiet tests/test_examples.py
	$(BIN)/python -m sphinx -Q -d build/docs/doctrees -b linkcheck docs build/docs/links || true
	$(BIN)/python docs/links.py build/docs/links

clean:
	rm -rf .venv .demo build dist wheels/dist docs/made fastcore/_build.py fastcore/_native/*.so *.egg-info
