"""For all tests."""

import signal

from hypothesis import settings

# Whoever starts the tests in the background may have SIGINT ignored, which processes inherit; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no fault: no example has a deadline.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")
