# The front door. `make` alone lists what there is. It needs Rust by rustup, git and a C compiler.
#
#   make demo ONCE=1              run the demo's calls and end
#   make test DUE=C               demand tests for the attacks of issue C as well
#   make test LOCKED=--locked     refuse a Cargo.lock that is not current, as CI does
#   make bench BENCH=quick        short runs, to try the benchmarks out; FORCE=1 on a busy machine as well
#   make bench ARGS='--only W4'   one workload of the gateway
#   make check-keys ARGS=--json   pass arguments on to the command

.DEFAULT_GOAL := help
.PHONY: help setup build release quick-build demo real test test-long conformance clients fuzz lint format bench docs deny generate-key \
  rotate-key check-keys

# Where rustup puts cargo; a shell without login does not look there.
export PATH := $(HOME)/.cargo/bin:$(PATH)

DUE ?= B
LOCKED ?=
ONCE ?=
BENCH ?= full
FORCE ?=
ARGS ?=
CARGO_DENY_VERSION := 0.20.2

# The official MCP suite.
SUITE := target/conformance

# Clients of others, and the proxies between them and us.
CLIENTS := target/clients
CLIENT_PARTS := $(addprefix $(CLIENTS)/,npm/installed python-1/installed python-2/installed nginx/installed caddy/installed)

FUZZ_SECONDS ?= 5
CARGO_FUZZ_VERSION := 0.13.2
# Without the address sanitizer: no room of ours holds unsafe code.
FUZZ := cargo +nightly fuzz
FUZZ_WITH := --dev --sanitizer none --target-dir target/fuzz

BINARY := $(LOCKED) --package aegis-server --bin aegis-mcp
# Where the binary that is handed out is built, and what it takes. The profiler is that of the compiler's LLVM.
PROFILED := target/profiled
PROFILED_BUILD = cargo build --release $(BINARY) --target $(HOST) --target-dir $(PROFILED)
TOOLCHAIN = PATH='$(PATH)' rustc
HOST = $(shell $(TOOLCHAIN) -vV | sed -n 's/^host: //p')
LLVM = $(shell $(TOOLCHAIN) -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
LLVM_PROFDATA = $(firstword $(wildcard $(shell $(TOOLCHAIN) --print sysroot)/lib/rustlib/$(HOST)/bin/llvm-profdata /usr/lib/llvm-$(LLVM)/bin/llvm-profdata))

# What runs here is built as the tests are: no optimiser to wait for, and one build serves both.
AEGIS := cargo run --quiet $(BINARY) --
GET_DENY := command -v cargo-deny >/dev/null || cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked
DENY := cargo deny check bans licenses sources

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 15

setup: ## See that the tools to build are here; rustup fetches the pinned toolchain
	@command -v cargo >/dev/null || { echo "cargo is missing. Install Rust with rustup (rustup.rs), then run make again." >&2; exit 1; }
	@command -v git >/dev/null || { echo "git is missing. Install it (Debian: apt install git), then run make again." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing. Install one (Debian: apt install build-essential), then run make again." >&2; exit 1; }
	@cargo --version >/dev/null 2>&1 || rustup toolchain install
	@{ cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 || rustup component add rustfmt clippy

build: setup ## Build the binary, optimised
	cargo build --release $(BINARY)

# Built twice: the first binary notes what it does while the benchmarks have it work, the second is optimised for that
# (docs/decisions/0012). To the profile both must be one build: nothing but these flags may differ. Its name is in the
# flags, so that with another profile everything is built anew.
release: setup $(PROFILED)/aegis-mcp ## Build the binary as it is handed out: optimised by a profile of its work; half an hour

$(PROFILED)/aegis-mcp: Makefile Cargo.toml Cargo.lock rust-toolchain.toml $(shell find .cargo crates benches -not -path '*/tests*') | setup
	@test -n "$(LLVM_PROFDATA)" || { echo "llvm-profdata of LLVM $(LLVM) is missing. Install it: rustup component add llvm-tools, or Debian's llvm-$(LLVM)." >&2; exit 1; }
	@unset CARGO_ENCODED_RUSTFLAGS; set -e; own=$$RUSTFLAGS; work=$(CURDIR)/$(PROFILED)/profile; rm -rf $$work; \
	RUSTFLAGS="$$own -Cprofile-generate=$$work" $(PROFILED_BUILD); \
	cargo run --release --quiet $(LOCKED) --package aegis-benches -- $(PROFILED)/$(HOST)/release/aegis-mcp --train; \
	$(LLVM_PROFDATA) merge --output $$work/merged $$work/*.profraw; \
	profile=$$work/$$(cksum <$$work/merged | tr ' ' -).profdata; mv $$work/merged $$profile; \
	RUSTFLAGS="$$own -Cprofile-use=$$profile" $(PROFILED_BUILD); \
	cp $(PROFILED)/$(HOST)/release/aegis-mcp $@.new; mv $@.new $@

quick-build: setup
	@echo "Building (about three minutes the first time) …"
	@cargo build $(BINARY)

demo: quick-build ## Gateway and forge on this machine with three people; ONCE=1 ends after the calls
	@$(AEGIS) demo $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

# A variable given to make is in the environment of what it runs, but in make's own arguments everybody sees it: tokens
# are best set in the environment.
real: quick-build ## The set-up guide's questions before your own Gitea: GITEA_URL, and ALICE and BOB with a token each
	@cargo run --quiet $(LOCKED) --package aegis-testkit --example real -- target/debug/aegis-mcp

test: lint ## Everything CI demands
	@$(MAKE) --no-print-directory --keep-going $(SUITE)/installed $(CLIENT_PARTS) || true
	cargo test --workspace $(LOCKED)
	@$(MAKE) --no-print-directory fuzz
	cargo xtask canary
	cargo xtask attacks --due $(DUE)
	@if $(GET_DENY); then $(DENY); else \
	  echo "Licences, banned crates and sources were NOT checked: cargo-deny could not be installed, see above."; fi
	@test -f $(SUITE)/installed || \
	  echo "The MCP conformance suite did not run: it could not be installed, see above; make conformance tries again."
	@for part in $(CLIENT_PARTS); do test -f $$part || \
	  echo "Not all real clients ran: $$(basename $$(dirname $$part)) could not be installed, see above; make clients tries again."; done
	@echo "Reduced here: $(FUZZ_SECONDS) s for each fuzz target; make fuzz FUZZ_SECONDS=600 runs them longer."
	@echo "Left to make test-long:"
	@grep -rhoE 'make test-long: [^"]+' crates --include='*.rs' | sed 's/^make test-long:/ /'

conformance: setup $(SUITE)/installed ## The official MCP conformance suite against the real command line
	cargo test $(LOCKED) --package aegis-server --test conformance

clients: setup $(CLIENT_PARTS) ## Real clients against the binary, directly and behind nginx and Caddy
	cargo test $(LOCKED) --package aegis-server --test clients

# Pinned here, installed there. No package's scripts run, and what is not what the lock file says is refused.
$(SUITE)/installed: $(addprefix crates/server/tests/conformance/,package.json package-lock.json)
$(CLIENTS)/npm/installed: $(addprefix crates/server/tests/clients/,package.json package-lock.json)
$(SUITE)/installed $(CLIENTS)/npm/installed:
	@command -v npm >/dev/null || { echo "npm is missing, the conformance suite and half of the clients come with it. Install it (Debian: apt install npm)." >&2; exit 1; }
	mkdir -p $(@D)
	rm -f $@
	cp $^ $(@D)
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=1
	cp $(@D)/package-lock.json $@

# Wheels only: no package's scripts run here either.
$(CLIENTS)/python-%/installed: crates/server/tests/clients/requirements-%.txt
	@python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or later with venv is missing. Install it (Debian: apt install python3-venv)." >&2; exit 1; }
	rm -rf $(@D)
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --require-hashes --only-binary :all: --requirement $<
	cp $< $@

# What the system does not have is unpacked from its Debian package and not installed: no service starts, nothing
# outside this directory changes.
$(CLIENTS)/nginx/installed: PROGRAM := usr/sbin/nginx
$(CLIENTS)/caddy/installed: PROGRAM := usr/bin/caddy
$(CLIENTS)/nginx/installed $(CLIENTS)/caddy/installed: PACKAGE = $(notdir $(@D))
$(CLIENTS)/nginx/installed $(CLIENTS)/caddy/installed:
	@rm -rf $(@D) && mkdir -p $(@D)
	@test -x /$(PROGRAM) || { cd $(@D) && { apt-get --quiet=2 download $(PACKAGE) || \
	    { apt-get --quiet=2 update && apt-get --quiet=2 download $(PACKAGE); }; } && \
	    dpkg-deb --extract $(PACKAGE)_*.deb . && ! ldd $(PROGRAM) 2>&1 | grep 'not found'; } || \
	  { rm -f $(@D)/$(PROGRAM); \
	    echo "$(PACKAGE) is missing and could not be fetched. Install it (Debian: apt install $(PACKAGE))." >&2; exit 1; }
	@touch $@

fuzz: setup ## Bytes of any kind against what must hold; FUZZ_SECONDS each
	@if ! cargo +nightly --version >/dev/null 2>&1; then \
	  echo "The fuzz targets did not run: they need a nightly toolchain (rustup toolchain install nightly). Their seeds ran with the tests."; \
	else \
	  command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --version $(CARGO_FUZZ_VERSION) --locked || { \
	    echo "The fuzz targets did not run: cargo-fuzz could not be installed, see above. Their seeds ran with the tests."; exit 0; }; \
	  targets=$$($(FUZZ) list) && test -n "$$targets" || { echo "There are no fuzz targets to run." >&2; exit 1; }; \
	  for target in $$targets; do \
	    mkdir -p target/fuzz/corpus/$$target; \
	    echo "fuzz $$target: $(FUZZ_SECONDS) s"; \
	    $(FUZZ) run $(FUZZ_WITH) $$target target/fuzz/corpus/$$target fuzz/seeds/$$target -- -max_total_time=$(FUZZ_SECONDS) \
	      >target/fuzz/$$target.log 2>&1 || { tail -n 40 target/fuzz/$$target.log >&2; exit 1; }; \
	  done; \
	fi

# Some ignored tests are other processes of a test, which read from their input what to do: here nothing.
test-long: setup ## The same tests and those that take minutes
	cargo test --workspace $(LOCKED) -- --include-ignored </dev/null

lint: setup ## Format, clippy, layers, budget, generated pages
	cargo fmt --all --check
	@cargo metadata --locked --manifest-path fuzz/Cargo.toml --format-version 1 >/dev/null || { \
	  echo "fuzz/Cargo.lock is not current; this mends it: cargo metadata --manifest-path fuzz/Cargo.toml >/dev/null" >&2; exit 1; }
	cargo clippy --workspace --all-targets $(LOCKED) -- -D warnings
	cargo xtask layers
	cargo xtask budget
	cargo xtask docs

format: setup ## Format the code
	cargo fmt --all

# The gateway is measured as it is handed out: built apart, so that no test's features are in it. Thousands of streams
# need as many descriptors. What is short in one part does not keep the other from being measured.
bench: release ## Run the benchmarks: the gateway against its anchors, the forge, the time of refusals; BENCH=quick is short
	@ulimit -n $$(ulimit -Hn); \
	cargo run --release --quiet $(LOCKED) --package aegis-benches -- $(PROFILED)/aegis-mcp \
	  $(if $(filter quick,$(BENCH)),--quick) $(if $(filter-out 0,$(FORCE)),--force) $(ARGS) || status=$$?; \
	$(if $(ARGS)$(filter quick,$(BENCH)),,cargo bench --workspace --bench '*' --no-fail-fast $(LOCKED) || status=$${status:-$$?};) \
	exit $${status:-0}

docs: setup ## Rewrite the generated pages
	cargo xtask docs --write

deny: setup ## Check licences, banned crates and sources; installs cargo-deny if it is missing
	@$(GET_DENY)
	$(DENY)

generate-key: quick-build ## Make a new API key: ARGS='--owner alice'
	@$(AEGIS) key generate $(ARGS)

rotate-key: quick-build ## Replace an API key: ARGS=ID, as check-keys shows it
	@$(AEGIS) key rotate $(ARGS)

check-keys: quick-build ## Show age and strength of the API keys
	@$(AEGIS) key check $(ARGS)
