"""Fuzzing: `make fuzz` gives each target its share of ten minutes, `make test` only a moment."""

import random
import time
from collections.abc import Callable

import pytest

TARGETS = 4
MOMENT_ROUNDS = 25


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-minutes", type=float, default=0.0, help="for all targets together; 0: a few rounds each")
    parser.addoption("--fuzz-seed", type=int, default=0, help="of the first round")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[Callable[[random.Random], None]], None]:
    """Repeats a round, each with its own seed, until the time is up; a failure names the seed that shows it again."""
    minutes, first = request.config.getoption("--fuzz-minutes", 0.0), request.config.getoption("--fuzz-seed", 0)

    def repeat(one_round: Callable[[random.Random], None]) -> None:
        end, seed = time.monotonic() + 60 * minutes / TARGETS, first
        while seed < first + MOMENT_ROUNDS or time.monotonic() < end:
            try:
                one_round(random.Random(seed))
            except Exception as failure:
                failure.add_note(f"shown again by --fuzz-seed {seed}")
                raise
            seed += 1
        print(f"{seed - first} rounds")  # noqa: T201 (the figure that `make fuzz` shows)

    return repeat
