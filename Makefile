# Every command of the project. Without make (Windows): python scripts/environment.py help
PYTHON ?= $(firstword $(foreach name,python3 python py,$(if $(shell command -v $(name) 2>/dev/null),$(name))))
PORT ?=
ARGS ?=
NAME ?=

ifeq ($(strip $(PYTHON)),)
$(error Python was not found. Install Python 3.11, 3.12 or 3.13, or name one: make run PYTHON=/path/to/python3)
endif

DO := $(PYTHON) scripts/environment.py
.DEFAULT_GOAL := help
.PHONY: help run dev check-class test test-rest test-all mutants test-deploy bench models real shots docs messages page lint format lock clean

help: ## this list
	@$(PYTHON) scripts/environment.py help

run: ## make the environment, start the app, print its address (PORT=8600 chooses the port, HOST=0.0.0.0 opens it to others)
	@$(DO) run $(if $(PORT),--port $(PORT)) $(ARGS)

dev: ## the app for its developers: a changed file is seen after a refresh (PORT=8600 chooses the port; not for visitors)
	@$(DO) dev $(if $(PORT),--port $(PORT)) $(ARGS)

check-class: ## the evening before a class: twenty simulated phones vote, and it says what works (HOST=0.0.0.0 as for run)
	@$(DO) check-class $(if $(PORT),--port $(PORT)) $(ARGS)

test: ## the check before a commit, 12 minutes at most: lint, types, the quick tests (ARGS="-k word" narrows pytest)
	@$(DO) test $(ARGS)

test-rest: ## the tests that `make test` leaves out (ARGS as above)
	@$(DO) test-rest $(ARGS)

test-all: ## everything: `make test`, then `make test-rest` (ARGS as above)
	@$(DO) test-all $(ARGS)

mutants: ## change the code in one place after another: which tier notices? (ARGS="judge --from 0 --to 50"; docs/testing.md)
	@$(DO) mutants $(ARGS)

test-deploy: ## docs/deploy.md, command by command, in containers on this machine (root; some 15 minutes and 30 GB)
	@$(DO) test-deploy $(ARGS)

bench: ## speed beside other libraries and in the browser (keep it: ARGS="--save .bench.jsonl --table docs/benchmarks.md")
	@$(DO) bench $(ARGS)

models: ## train every bundled model again from its seed (ARGS="--check": train nothing, compare scores with the cards)
	@$(DO) models $(ARGS)

real: ## fetch the published models that `make run` fetches by itself, and make them ready (GLASSBOX_REAL=none leaves them out)
	@$(DO) real

shots: ## every page in light, dark and 390 px into .shots/, with console errors and accessibility findings
	@$(DO) shots $(ARGS)

docs: ## the documentation as a site that works from a disk, with live pictures, into .site/ (open .site/index.html)
	@$(DO) docs $(ARGS)

messages: ## collect what pages and scripts say into the tables of translations (assets/languages), and list what lacks one
	@$(DO) messages

page: ## write a new page that works at once, to be changed (NAME=my_page)
	@$(DO) page "$(NAME)"

lint: ## ruff, mypy, the floors of the code, and the scripts of the pictures: types, rules, format, unit tests
	@$(DO) lint

format: ## format the Python code (ruff) and the scripts (Biome), and sort the imports of the Python code
	@$(DO) format

lock: ## requirements*.in -> requirements*.txt, for every system and Python, with hashes; how large -> requirements.sizes.json
	@$(DO) lock $(ARGS)

clean: ## remove the environment and everything that can be made again
	@$(DO) clean
