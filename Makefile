# Everything lives in .venv, made on first use. Outside this directory nothing changes but, as root on Debian,
# missing packages (zsh, strace, python3-venv), which are installed.
.DEFAULT_GOAL := help
.PHONY: help try tools test test-all test-consumers lint
.NOTPARALLEL:

VENV := .venv
PYTHON := $(VENV)/bin/python

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

try: $(VENV)/.try ## a throw-away home, a loopback AWS, and a shell with profile `demo` ready to `vault use`
	@$(PYTHON) -m tests.story

tools:
	@scripts/tools zsh tmux strace gnome-keyring dbus-daemon fish direnv zoxide fzf chromium chromedriver:chromium-driver

# Two workers a core: most of the time a test waits for a shell or for a session to end.
PYTEST := $(PYTHON) -m pytest -n 4 --dist worksteal

test: lint tools ## lint, then the tests, in every shell there is; minutes
	$(PYTEST) -m "not thorough"

SUITES := bullseye bookworm trixie sid

test-all: test ## and the thorough ones, and all that drive a shell in the bash, zsh and fish of other Debian releases
	$(PYTEST) -m thorough
	@scripts/tools mmdebstrap patchelf
	@for suite in $(SUITES); do \
		scripts/suite $$suite $(VENV)/suites/$$suite $(PYTHON) -m pytest -n logical --dist worksteal -p tests.matrix || exit; \
	done

test-consumers: $(VENV)/.test ## what the AWS CLI and the SDK for JavaScript make of it, from their registries; needs npm
	@scripts/venv $(VENV)/consumers awscli
	npm install --prefix $(VENV)/consumers --no-audit --no-fund --silent @aws-sdk/client-sts
	$(PYTHON) -m pytest tests/test_consumers.py

lint: $(VENV)/.test ## ruff, mypy, shellcheck
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(VENV)/bin/shellcheck scripts/* .ci/run

$(VENV)/.try: pyproject.toml Makefile scripts/venv
	@scripts/venv $(VENV) -e '.[try]'
	@touch $@

$(VENV)/.test: pyproject.toml Makefile scripts/venv
	@scripts/venv $(VENV) -e '.[test]'
	@touch $@ $(VENV)/.try
