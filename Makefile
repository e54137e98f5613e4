# Needs python3 (3.11 or later) and nothing else: `make run` starts everything, `make test` tests it, `make help` says more.

PY ?= python3
V := .venv
RUN := $(V)/bin/python
# Stamps: the network is touched only when a requirements file has changed.
BASE := $(V)/.base
DEV := $(V)/.dev

# Containers forbid Python to write what it has compiled beside its sources: then every process would compile all of it anew.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/$(V)/.bytecode
endif

.DEFAULT_GOAL := help
.PHONY: help run demo test proof soak planted check fix cover bench lock

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

run: $(BASE) ## start web server, worker and simulator with demo data; Ctrl-C stops all
	@$(RUN) -m zemi up --with-parent

demo: $(BASE) ## carry one order from create to paid seller, and compare the books
	@$(RUN) -m zemi demo

test: $(DEV) ## the suite, on SQLite and PostgreSQL; T=path runs one path alone
	@$(RUN) -m tools.test $(T)

proof: $(DEV) ## the long proofs: machine, races, fuzz, hostile requests, planted bugs; T=path for one
	@$(RUN) -m tools.test --proof $(T)

soak: $(DEV) ## a million steps of the machine, hours; goes on where it stopped; STEPS=n for fewer
	@mkdir -p var
	@$(RUN) -m tests.machine --steps $(or $(STEPS),1000000) --seeds 1..1000000 --log $(or $(LOG),var/soak.log)

planted: $(DEV) ## plant every bug of tests/planted and see it found, about half an hour; SAMPLE=n for a few
	@$(RUN) -m tests.planted $(if $(SAMPLE),--sample $(SAMPLE))

check: $(DEV) ## style, types, layers, migrations, generated files, secrets
	@$(RUN) -m tools.check

fix: $(DEV) ## repair what can be repaired by a tool, and write the generated files anew
	@$(RUN) -m tools.check --fix

cover: $(DEV) ## branch coverage of the suite
	@$(RUN) -m tools.test --cover $(T)

bench: $(DEV) ## measure lifecycles per second and latencies against bare SQL
	@$(RUN) -m bench

lock: ## write the hashed requirements anew; UPGRADE=1 takes the newest versions
	@$(PY) tools/environment.py lock $(if $(UPGRADE),--upgrade)

$(BASE): requirements/base.txt requirements/bootstrap.txt
	@command -v $(PY) >/dev/null || { echo "zemi: there is no $(PY) here. Try: apt install python3 python3-venv" >&2; exit 1; }
	@$(PY) tools/environment.py base
	@touch $@

$(DEV): requirements/dev.txt $(BASE)
	@$(PY) tools/environment.py dev
	@touch $@
