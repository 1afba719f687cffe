# Two commands do everything: `make demo` runs the main job on a sample tree, `make test` runs the suite.
# `make check` begins with `make test`; tests/check/run.py lists its steps.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := setup.py pyproject.toml fastcore/__init__.py $(wildcard src_c/*/* fastcore/_native/*.p*)

.PHONY: demo test check torture compare-scan compare-corpus compare-topk compare-parallel asv gate gate-record clean

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
	$(BIN)/python -m pip install -qq --editable '.[test,check]'
	touch .venv/fastcore .venv/test $@

.venv/compare: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[compare]'
	touch .venv/fastcore $@

.venv/asv: .venv/python $(SOURCES)
	$(BIN)/python -m pip install -qq --editable '.[asv]'
	touch .venv/fastcore $@

demo: .venv/fastcore
	$(BIN)/python asv_bench/sample_logs.py .demo --bytes 100MB --files 270
	$(BIN)/fastcore scan zyxquartz .demo --limit 5 --stats

test: .venv/test
	$(BIN)/python -m pytest --quiet

check: .venv/check
	$(BIN)/python tests/check/run.py

torture: .venv/test
	FASTCORE_TEST_SCALE=30 $(BIN)/python -m pytest --quiet -m native

compare-scan: .venv/compare
	$(BIN)/python asv_bench/compare_scan.py

compare-corpus: .venv/compare
	$(BIN)/python asv_bench/compare_corpus.py

compare-topk: .venv/compare
	$(BIN)/python asv_bench/compare_topk.py

compare-parallel: .venv/compare
	$(BIN)/python asv_bench/compare_parallel.py

asv: .venv/asv
	$(BIN)/python asv_bench/history.py

gate: .venv/check
	$(BIN)/python asv_bench/gate.py

gate-record: .venv/check
	$(BIN)/python asv_bench/gate.py --record "$$REASON"

clean:
	rm -rf .venv .demo build dist wheels/dist fastcore/_native/*.so *.egg-info
