import threading

import pytest

from edge.service.notify import ServiceManager
from edge.service.unit import Service
from edge.settings.settings import Settings


@pytest.mark.parametrize("failure", [ValueError("embedded null byte"), OSError(36, "too long"), MemoryError()])
def test_a_reload_that_fails_in_any_way_ends_no_thread(failure, caplog):
    asked = threading.Event()
    asked.set()

    def use(settings):
        raise failure

    Service(ServiceManager(None), Settings, asked).reload_if_asked(use)
    assert "what was in use stays in use" in caplog.text
    assert "Traceback" in caplog.text
    assert not asked.is_set()
