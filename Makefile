# Thin on purpose: each target is a command or two you could type. `make` builds the release binary.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
# What ctest should run, e.g. `make test TESTS='-R plan'`.
TESTS ?=

# Configures a preset once; ninja does it again by itself when a CMake file changes.
configure = test -f build/$(1)/build.ninja || cmake --preset $(1)
compile = $(call configure,$(1)) && cmake --build build/$(1) -j $(JOBS) $(2)
check = ctest --test-dir build/$(1) --output-on-failure --no-tests=error -j 2

FUZZ_SECONDS ?= 1800

.PHONY: help build dev demo test fuzz bench lint format asan tsan coverage install setup developer-setup
build: setup  ## build/release/slipway
	@$(call compile,release,--target slipway)

dev: setup  ## everything, tests included, in build/dev
	@$(call compile,dev)

demo: setup  ## watch slipway release a web app four times under load (KEEP=1 leaves it running)
	@$(call compile,release,--target slipway slipway_load)
	@tools/demo

test: setup  ## every test; SEED=… replays one simulation
	@$(call compile,dev)
	@$(call check,dev) $(TESTS)

fuzz: setup  ## every fuzzer for FUZZ_SECONDS (1800); SEED=… for other inputs
	@$(call compile,dev)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(call check,dev) -L fuzz

bench: setup  ## the benchmarks, as key=value lines
	@$(call compile,release)
	@tools/bench

figure-%: setup  ## measure one figure (docs/figures.md); exit 1 when its bound is missed
	@$(call compile,release)
	@tools/figure $*

lint: developer-setup  ## formatting, tools/tidy, and clang-tidy on what changed
	@$(call configure,dev)
	@tools/lint

format: developer-setup  ## clang-format over all C++
	@tools/lint --format

asan: setup  ## the tests under AddressSanitizer and UBSan
	@$(call compile,asan)
	@$(call check,asan) -LE 'e2e|tidy' $(TESTS)

tsan: setup  ## the threaded rooms under ThreadSanitizer
	@$(call compile,tsan)
	@$(call check,tsan) -LE 'e2e|tidy|sim' $(TESTS)

coverage: developer-setup  ## line coverage of plan, release and store; at least 85 % each
	@$(call compile,coverage)
	@tools/coverage

install: build  ## DESTDIR= PREFIX=/usr/local: binary, man page, completions, systemd units
	@tools/install-files '$(DESTDIR)' '$(PREFIX)'

setup:
	@tools/setup

developer-setup:
	@tools/setup --developer

help:  ## this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
