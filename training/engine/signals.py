"""SIGTERM and SIGINT as a wish to stop, which a loop asks for when it suits it."""

import signal
from types import FrameType, TracebackType


class StopSignals:
    """While it is open, SIGTERM and SIGINT set `received`; later they do what they did before."""

    def __init__(self) -> None:
        self.received = False

    def __enter__(self) -> "StopSignals":
        self._previous = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.received = True
