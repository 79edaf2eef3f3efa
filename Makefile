# make demo   the main job on x/(1+x^2): derivation, solution, validation, generated solver
# make test   the default tests, on two cores (three minutes on a quiet machine)
# make heavy  the longer validation, and of many like cases those that `make test` leaves out
# make lint   style and types
# make bench  every measured promise against its baseline

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ACTIVATION ?= x/(1+x^2)
G ?= 1
SIGMA ?= 1
OUT ?= demo

.PHONY: demo test heavy lint bench clean

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	touch $@

demo: $(VENV)/.installed
	mkdir -p $(OUT)
	$(BIN)/quenched derive static -a "$(ACTIVATION)" --steps > $(OUT)/derivation.txt
	tail -n 70 $(OUT)/derivation.txt
	$(BIN)/quenched solve static -a "$(ACTIVATION)" g=$(G) sigma=$(SIGMA)
	$(BIN)/quenched emit static -a "$(ACTIVATION)" -o $(OUT)/solver.py
	cd $(OUT) && ../$(BIN)/python -c "import solver; print('solver.solve($(G), $(SIGMA))[\"Delta\"] =', float(solver.solve($(G), $(SIGMA))['Delta']))"
	$(BIN)/quenched validate static -a "$(ACTIVATION)" g=$(G) sigma=$(SIGMA)
	@echo "The whole derivation is in $(OUT)/derivation.txt, your solver in $(OUT)/solver.py."

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile

heavy: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist worksteal -m heavy --timeout 900

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(OUT) build *.egg-info
