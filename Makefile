# The project's commands; `make help` lists them.  What a command lacks (LLVM, the environment in
# .venv) it installs first; stamps in .venv/stamps keep the second run quick.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
export CARGO_TARGET_DIR ?= $(CURDIR)/target
TARGET := $(CARGO_TARGET_DIR)
# The interpreter that pyo3 asks for its configuration.
export PYO3_PYTHON := $(BIN)/python

# Test builds link LLVM dynamically (seconds, not minutes); the extension module is tested from Python.
RUST_TESTS := --workspace --exclude verdigris-python --features verdigris-compiler/dynamic-llvm
PYTEST := $(BIN)/python -m pytest python/tests
# NVIDIA's assembler of PTX, which comes with the packages of the tests; looked for when a recipe runs.
PTXAS = VERDIGRIS_PTXAS=$$(echo $(VENV)/lib/python3*/site-packages/nvidia/*/bin/ptxas)
SOURCES := Cargo.toml Cargo.lock THIRD-PARTY-NOTICES $(shell find compiler device blas fft rand gpu vectorize cuda-jit python \
	-path python/tests -prune -o -path '*/tests' -prune -o \( -name '*.rs' -o -name '*.toml' -o -name '*.py' -o -name '*.pyi' \) -print)
DEV_PACKAGE := $(TARGET)/dev-package
CARGO_TOOLS := $(TARGET)/tools

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## build, run the three examples, print their speed-ups, write mandelbrot.png
	$(BIN)/python examples/demo.py

.PHONY: test
test: build $(STAMPS)/test ## every test but the slow ones: Rust crates, then the built Python package
	$(PTXAS) cargo test --locked $(RUST_TESTS)
	cargo build --locked -p verdigris-driver-standin
	VERDIGRIS_DRIVER_STANDIN=$(TARGET)/debug/libverdigris_driver_standin.so $(PYTEST) -m "not slow and not interop" $(ARGS)

.PHONY: test-slow
test-slow: build $(STAMPS)/test ## the slow and exhaustive tests
	cargo build --locked -p verdigris-driver-standin
	rm -rf $(TARGET)/ptx && mkdir -p $(TARGET)/ptx
	VERDIGRIS_DRIVER_STANDIN=$(TARGET)/debug/libverdigris_driver_standin.so VERDIGRIS_PTX_CORPUS=$(TARGET)/ptx \
		$(PYTEST) -m "slow and not interop" $(ARGS)
	VERDIGRIS_PTX_CORPUS=$(TARGET)/ptx $(PTXAS) cargo test --locked $(RUST_TESTS) -- --ignored --skip nvidias_curand

.PHONY: fuzz
fuzz: llvm ## 10,000 generated kernels of each kind, by the interpreter and compiled; CASES=n for another number
	VERDIGRIS_FUZZ_CASES=$(or $(CASES),10000) cargo test --locked --release -p verdigris-compiler --features verdigris-compiler/dynamic-llvm \
		--test differential -- --nocapture
	cargo test --locked -p verdigris-compiler --features verdigris-compiler/dynamic-llvm --test differential -- --ignored --nocapture seeded_faults

.PHONY: test-interop
test-interop: build $(STAMPS)/interop ## one process with PyTorch (a large download)
	$(PYTEST) -m interop $(ARGS)

.PHONY: lint
lint: llvm $(STAMPS)/lint $(CARGO_TOOLS)/bin/cargo-deny ## rustfmt, clippy, licences, ruff; no warning is let through
	cargo fmt --all --check
	PYO3_BUILD_EXTENSION_MODULE=1 cargo clippy --locked --workspace --all-targets --no-default-features --features verdigris-compiler/dynamic-llvm -- -D warnings
	$(CARGO_TOOLS)/bin/cargo-deny --locked check --hide-inclusion-graph bans licenses sources
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: golden
golden: build ## 500 random calls of every generator held against cuRAND's host library (from PyPI; no GPU needed)
	test -x .venv-golden/bin/python || $(PYTHON) -m venv .venv-golden
	.venv-golden/bin/pip install --quiet numpy -r dev/golden/requirements.txt
	$(BIN)/python dev/golden/compare.py --python .venv-golden/bin/python --no-tables $(ARGS)
	VERDIGRIS_CURAND=$$(echo .venv-golden/lib/python3*/site-packages/nvidia/cu13/lib/libcurand.so.10) \
		$(BIN)/python dev/golden/compare.py --python .venv-golden/bin/python $(ARGS)
	VERDIGRIS_TEST_CUDA_LIB_DIR=$$(echo $(CURDIR)/.venv-golden/lib/python3*/site-packages/nvidia/cu13/lib) \
		cargo test --locked -p verdigris-rand --test cuda -- --ignored nvidias_curand

.PHONY: bench
bench: build $(STAMPS)/bench ## time us, NumPy and Numba in one run; tables go to benches/results
	$(BIN)/python -m benches.python $(ARGS)

.PHONY: gpu-check
gpu-check: ## on a machine with a GPU: the GPU tests and benches, on the built wheel; ends with 'N passed, N failed'
	dev/gpu-check $(ARGS)

.PHONY: build
build: $(STAMPS)/build ## the release package, LLVM linked statically, into .venv

.PHONY: dev
dev: llvm $(STAMPS)/test ## quick build for edit-test cycles; `make dev ARGS=python/tests/test_x.py` runs tests on it
	PYO3_BUILD_EXTENSION_MODULE=1 cargo build --locked -p verdigris-python --no-default-features --features dynamic-llvm
	@mkdir -p $(DEV_PACKAGE)/verdigris
	@ln -sfn $(CURDIR)/python/verdigris/* $(DEV_PACKAGE)/verdigris/
	@ln -sf $(TARGET)/debug/lib_verdigris.so $(DEV_PACKAGE)/verdigris/_verdigris.abi3.so
	@echo "PYTHONPATH=$(DEV_PACKAGE) $(BIN)/python"
	@if [ -n "$(ARGS)" ]; then PYTHONPATH=$(DEV_PACKAGE) $(BIN)/python -m pytest $(ARGS); fi

.PHONY: wheel
wheel: llvm $(STAMPS)/wheel ## the wheel, self-contained, in dist; says which glibc it needs
	rm -rf dist
	PATH="$(BIN):$$PATH" $(BIN)/maturin build --release --locked --auditwheel repair --manifest-path python/Cargo.toml --out dist
	$(BIN)/python dev/check_wheel.py dist/*.whl

.PHONY: docs
docs: llvm ## rustdoc of every crate, in target/doc
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --workspace --exclude verdigris-python --features verdigris-compiler/dynamic-llvm

.PHONY: notices
notices: $(CARGO_TOOLS)/bin/cargo-about ## write THIRD-PARTY-NOTICES from the locked crates and the hand list
	cargo fetch --locked --quiet
	$(PYTHON) dev/notices.py $(CARGO_TOOLS)/bin/cargo-about > THIRD-PARTY-NOTICES.new
	mv THIRD-PARTY-NOTICES.new THIRD-PARTY-NOTICES

.PHONY: clean
clean: ## remove what the commands above made
	rm -rf .venv .venv-golden dist mandelbrot.png $(DEV_PACKAGE)
	cargo clean

.PHONY: llvm
llvm:
	@dev/install-llvm

$(BIN)/python:
	@dev/make-venv $(VENV) $(PYTHON)
	@mkdir -p $(STAMPS)

# One stamp for each requirements file; all of them hold the same pins.
$(STAMPS)/run $(STAMPS)/test $(STAMPS)/bench $(STAMPS)/lint $(STAMPS)/wheel: $(STAMPS)/%: dev/requirements-%.txt dev/requirements-run.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(STAMPS)/interop: dev/requirements-interop.txt | $(STAMPS)/test
	$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(STAMPS)/build: $(SOURCES) python/pyproject.toml | llvm $(STAMPS)/run
	rm -rf $(TARGET)/wheel
	$(BIN)/maturin build --release --locked --auditwheel skip --compatibility linux --manifest-path python/Cargo.toml --out $(TARGET)/wheel
	$(BIN)/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps $(TARGET)/wheel/*.whl
	@touch $@

$(CARGO_TOOLS)/bin/cargo-deny $(CARGO_TOOLS)/bin/cargo-about:
	CARGO_TARGET_DIR=$(CARGO_TOOLS)/build cargo install --quiet --locked --root $(CARGO_TOOLS) $(INSTALL_$(notdir $@)) $(notdir $@)
	rm -rf $(CARGO_TOOLS)/build
INSTALL_cargo-deny := --version 0.20.2
INSTALL_cargo-about := --version 0.9.3 --features cli
