"""For all tests."""

import signal

# Whoever starts the tests in the background may have SIGINT ignored, which processes inherit; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)
