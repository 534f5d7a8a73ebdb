import logging

import pytest

from edge.service.log_repetition import INTERVAL_S, LINES, FewRepetitions, few_repetitions


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture
def log():
    logger, handler = logging.Logger("edge.test"), Lines()
    logger.addHandler(handler)
    handler.log = logger
    handler.now_ns = 0
    handler.addFilter(FewRepetitions(lambda: handler.now_ns))
    return handler


def say(log, number):
    log.log.warning("left out %d", number)


def test_a_line_that_is_repeated_is_written_a_few_times_and_counted(log):
    for number in range(100_000):
        say(log, number)
    assert log.lines[:2] == ["left out 0", "left out 1"]
    assert log.lines[-1] == f"left out {LINES - 1} (more such lines within {INTERVAL_S:.0f} s are only counted)"
    assert len(log.lines) == LINES
    log.now_ns += round(1e9 * INTERVAL_S) + 1
    say(log, 7)
    say(log, 8)
    assert log.lines[LINES:] == [f"left out 7 (and {100_000 - LINES} more such lines before)", "left out 8"]


def test_what_is_said_now_and_then_and_what_only_informs_is_written_in_full(log):
    for number in range(50):
        log.now_ns += round(1e9 * INTERVAL_S)
        say(log, number)
        log.log.info("confirmed %d", number)
    assert len(log.lines) == 100
    assert not any("more such lines" in line for line in log.lines)


def test_different_places_are_counted_apart(log):
    for number in range(LINES + 5):
        say(log, number)
    log.log.warning("another thing")
    assert log.lines[-1] == "another thing"


def test_the_handlers_are_as_before_afterwards():
    handler, logger = Lines(), logging.getLogger("edge")
    logger.addHandler(handler)
    try:
        with few_repetitions():
            for _ in range(1000):
                logging.getLogger("edge.other").warning("again")
        logging.getLogger("edge.other").warning("once more")
    finally:
        logger.removeHandler(handler)
    assert len(handler.lines) == LINES + 1
    assert handler.filters == []
