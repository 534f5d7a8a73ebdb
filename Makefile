PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0
# For the tests of the camera's adapter; without what it depends on, which only a Raspberry Pi has.
PICAMERA := picamera2==0.3.36
SCANNER := $(VENV)/.scanner
INSTALLED := $(VENV)/.installed
# Of fuzzing, all targets together.
MINUTES ?= 10

.PHONY: install demo test faults soak fuzz check bench evaluate clean

install: $(INSTALLED)

# The daemon and the simulated bench alone, which take seconds where torch takes minutes.
$(SCANNER): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[simulator,page]"
	@touch $(SCANNER)

$(INSTALLED): $(SCANNER)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable ".[training,dev]"
	@if pkg-config --exists libsystemd 2>/dev/null; then $(BIN)/python -m pip install --quiet --editable ".[appliance]"; \
	else echo "libsystemd's headers are not here: installed without systemd-python"; fi
	$(BIN)/python -m pip install --quiet --no-deps $(PICAMERA)
	@touch $(INSTALLED)

demo: $(SCANNER)
	$(BIN)/card-scanner demo

test: install
	$(BIN)/pytest -n auto --dist loadfile

# Also the tests that are marked long, which are no part of `make test`: they kill a build and an installation at every
# single step, decode photos of the greatest size, train networks until they learn, and let faults last for minutes.
faults: install
	$(BIN)/pytest tests/faults -m faults --bench turnover --faults-table docs/faults.md
	$(BIN)/pytest tests/edge tests/training -m long

# Six hours at 30 frames/s, played in an hour or two. FRAMES=135000 is a shorter one.
FRAMES ?= 648000
soak: install
	$(BIN)/pytest tests/soak -s -m soak --soak-frames $(FRAMES) --soak-curve out/soak.csv

fuzz: install
	$(BIN)/pytest tests/fuzz -s --fuzz-minutes $(MINUTES)

check: install
	$(BIN)/ruff format --check edge training tests
	$(BIN)/ruff check edge training tests
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(SCANNER)
	$(BIN)/card-scanner bench

evaluate: install
	$(BIN)/card-training evaluate scenes --count 1000 --output out/scenes

clean:
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
