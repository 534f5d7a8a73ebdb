import os
import signal

import pytest

from training.engine.signals import StopSignals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_noted_and_later_does_what_it_did_before(number):
    heard = []
    previous = signal.signal(number, lambda *_: heard.append(number))
    try:
        with StopSignals() as stop:
            assert not stop.received
            os.kill(os.getpid(), number)
            assert stop.received
            assert heard == []
        os.kill(os.getpid(), number)
        assert heard == [number]
    finally:
        signal.signal(number, previous)


def test_handlers_come_back_although_the_run_failed():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), StopSignals():
        raise RuntimeError("the run failed")
    assert signal.getsignal(signal.SIGTERM) is before
