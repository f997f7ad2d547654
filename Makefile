# Two commands are all: `make demo` and `make test`. Both install what is missing, and build in
# release mode with the same flags into one folder, so that nothing is compiled twice.
#
#   LIBTORCH=…  a libtorch to use    PYTHON=…  a Python other than python3    CXX=…  a C++ compiler

PREFIX ?= /usr/local
PYTHON ?= python3
out := $(CURDIR)/native/out
flags := -c release

export PYTHON
# Where SwiftPM finds libctorch.so, and where programs and tests that run from .build do.
export PKG_CONFIG_PATH := $(out)$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
export LD_LIBRARY_PATH := $(out)$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

# Waiting threads of libgomp spin less; see scripts/stage.sh.
export GOMP_SPINCOUNT ?= 10000

.PHONY: help setup build demo test examples bench bench-list bench-check check interchange fixtures install clean

help: ## What the targets are
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "make %-11s %s\n", $$1, $$2 }'

setup: ## Install what is missing, and build libctorch.so
	@scripts/setup.sh

build: setup ## Leave the program in bin/holdfast
	@swift build $(flags) --product holdfast
	@scripts/stage.sh bin

demo: build ## The paper's comparison on the embedded benchmark, with runs/demo/report.html
	@bin/holdfast demo --out runs/demo

test: setup ## Every test, and the examples
	@scripts/fetch-test-vocabulary.sh
	@swift test $(flags) --disable-testable-imports
	@$(MAKE) --no-print-directory examples

examples: setup ## Build and run what is in Examples
	@swift build $(flags) --product FineTune
	@.build/release/FineTune Tests/Fixtures/towers/tiny-quickgelu Tests/Fixtures/training/images
	@swift build --package-path Examples/Dependent --product Dependent
	@Examples/Dependent/.build/debug/Dependent \
	  Tests/Fixtures/towers/tiny-quickgelu Tests/Fixtures/towers/tiny-gelu

# PARTS=2,6 runs some parts alone; BENCH='--rounds 9' or '--instructions avx2' is handed on to
# Benchmarks/run.py.
bench: ## Speed beside PyTorch, in turn on the same inputs: bench/results.json (12 to 22 minutes on 2 cores)
	@scripts/setup.sh --venv
	@swift build $(flags) --product Speed
	@swift build $(flags) --product holdfast
	@scripts/stage.sh bin
	@scripts/bench.sh $(if $(PARTS),--parts $(PARTS)) $(BENCH)

bench-list: ## The parts of bench, and their targets
	@$(PYTHON) Benchmarks/run.py --list

bench-check: ## That bench's arithmetic is right; needs nothing but Python
	@$(PYTHON) Benchmarks/check.py

check: setup ## Format, warnings as errors, documentation, tests
	@scripts/check.sh
	@$(MAKE) --no-print-directory test

interchange: build ## Hold files of true size to transformers, open_clip and PEFT
	@scripts/setup.sh --venv
	@scripts/check-interchange.sh

fixtures: ## Remake the golden files with Python
	@scripts/setup.sh --venv
	@scripts/make-fixtures.sh

install: build ## Install into PREFIX (/usr/local)
	@scripts/stage.sh "$(DESTDIR)$(PREFIX)/lib/holdfast" --whole
	@mkdir -p "$(DESTDIR)$(PREFIX)/bin"
	@ln -sfn ../lib/holdfast/holdfast "$(DESTDIR)$(PREFIX)/bin/holdfast"

clean: ## Remove what was built; .cache with libtorch, and runs, stay
	@rm -rf .build bin native/out Examples/*/.build
