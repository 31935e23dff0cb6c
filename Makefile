# `make` alone prints what there is. LESSON=02 narrows a command to one lesson.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
READY := $(VENV)/.ready
LESSON ?=
PORT ?= 8888
SAMPLES := build/grading/submissions
# Jupyter refuses to start as root (in a container, say) unless told to
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
# news pop-ups, and buttons of packages that are here for their commands
NOT_FOR_STUDENTS := "@jupyterlab/apputils-extension:announcements" "@jupyter/nbgrader" \
  "@jupyter-notebook/lab-extension"
NBGRADER_PARTS := formgrader validate_assignment assignment_list course_list

.DEFAULT_GOAL := help
.PHONY: help install lab check check-versions lessons lesson pages site start rescue doctor \
  data weights offline-bundle bench assignment grade clean

help:  ## print this list
	@echo "The CNN workbook. Commands (LESSON=02 names one lesson):"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo "Students need two: make lab, make start LESSON=02. Instructors: make check."

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) tools/requires_python.py
	@echo "Installing the workbook into $(VENV): about 180 packages, some minutes the first time, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/jupyter labextension disable --level=sys_prefix $(NOT_FOR_STUDENTS) >/dev/null 2>&1
	@$(BIN)/jupyter server extension disable --sys-prefix \
		$(addprefix nbgrader.server_extensions.,$(NBGRADER_PARTS)) >/dev/null 2>&1
	@$(RUN) -m tools.fetch_data --set-up
	@touch $@
	@echo "Installed. The next command starts at once."

install: $(READY)  ## install what is missing, and open nothing

lab: $(READY)  ## install what is missing, then open JupyterLab on lesson 00
	@echo "Opening JupyterLab on lesson 00. Stop it with Ctrl-C in this window."
	@$(BIN)/jupyter lab $(ROOT_FLAG) --port=$(PORT) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

check: $(READY)  ## re-run everything and prove what is printed (LESSON=02: one lesson)
	@$(RUN) -m tools.check $(LESSON)

check-versions: $(READY)  ## the same with the oldest, the newest and Colab's packages (CPU=1: torch without CUDA)
	@$(RUN) -m tools.versions $(if $(CPU),--cpu) $(ONLY)

lessons: $(READY)  ## build and execute all notebooks from lessons/*.py
	@$(RUN) -m tools.build

lesson: $(READY)  ## build and execute one: make lesson LESSON=03
	@test -n "$(LESSON)" || { echo "Which lesson? For example: make lesson LESSON=03"; exit 2; }
	@$(RUN) -m tools.build $(LESSON)

pages: $(READY)  ## write glossary, silent mistakes and errata from their sources
	@$(RUN) -m tools.pages

site: $(READY)  ## make the static site of all lessons, and visit it in a browser
	@$(RUN) -m tools.site $(LESSON)
	@test -n "$(LESSON)" || MADE_SITE=build/site/html $(RUN) -m pytest -q -p no:nbval tests/browser/test_site.py

start:  ## copy a lesson into my_work/, where you may edit: make start LESSON=02
	@$(PYTHON) tools/my_work.py start $(LESSON)

rescue:  ## you edited in notebooks/? move your version to my_work/, restore ours
	@$(PYTHON) tools/my_work.py rescue

doctor: $(READY)  ## one screen on what is installed, what is wrong, and what to do
	@$(RUN) -m course_utils.doctor

data: $(READY)  ## fetch the lessons' data; shows the sizes first (YES=1: do not ask)
	@$(RUN) -m tools.fetch_data $(if $(YES),--yes)

weights: $(READY)  ## fetch the small pretrained networks (22 MB), if set-up could not
	@$(RUN) -m tools.fetch_data --set-up

offline-bundle: $(READY)  ## fetch all data and pack it for a USB stick or course page
	@$(RUN) -m tools.fetch_data --all $(if $(YES),--yes)
	@$(RUN) -m tools.offline_bundle pack

assignment: $(READY)  ## for instructors, a release with hidden tests: make assignment LESSON=02
	@test -n "$(LESSON)" || { echo "Which lesson? For example: make assignment LESSON=02"; exit 2; }
	@$(RUN) -m tools.grading assignment $(LESSON) $(if $(ROSTER),--roster "$(ROSTER)")

grade: $(READY)  ## for instructors, grade what came back: make grade SUBMISSIONS=downloads
ifneq ($(SUBMISSIONS),)
	@$(RUN) -m tools.grading grade "$(SUBMISSIONS)" $(if $(LESSON),--lesson $(LESSON)) \
		$(if $(ROSTER),--roster "$(ROSTER)") $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")
else
	@echo "No SUBMISSIONS=folder given: grading 50 made ones, some of them hostile."
	@$(RUN) -m tools.grading samples $(SAMPLES)
	@$(RUN) -m tools.grading --course build/grading grade $(SAMPLES) --roster $(SAMPLES)/roster.csv
endif

bench: $(READY)  ## measure ratios side by side (not part of check)
	@$(RUN) -m tools.bench $(ONLY) $(if $(QUICK),--quick)

clean:  ## delete reports and caches; your work and .venv stay
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
	@echo "Deleted build/ and caches. my_work/ and $(VENV)/ are untouched."
