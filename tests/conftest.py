"""For all tests."""

import signal

import pytest
from hypothesis import settings

# Whoever starts the tests in the background may have SIGINT ignored, which processes inherit; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no fault: no example has a deadline.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory):
    """What is tested keeps no log of scans and no snapshot with those of whoever tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
