"""The seam between the pipeline and whatever delivers frames."""

from typing import Protocol, runtime_checkable

from edge.frame import Frame


class FrameSource(Protocol):
    """Delivers frames. Read by one thread at a time; `close` may be called from another."""

    @property
    def name(self) -> str:
        """What the source is, as messages and log lines call it."""
        ...

    @property
    def live(self) -> bool:
        """Whether frames come at the world's pace: what is not read in time is lost."""
        ...

    @property
    def stills(self) -> bool:
        """Whether frames are photos, each the same array several times, and detection may take its time."""
        ...

    @property
    def gives_boxes(self) -> bool:
        """Whether frames come with the boxes of the sensor's own network."""
        ...

    def read(self) -> Frame | None:
        """Wait for the next frame; None once the source has ended or was closed.

        Raises:
            SourceError: if the source has failed.
        """
        ...

    def close(self) -> None:
        """Release the device or file. Safe to call twice."""
        ...


@runtime_checkable
class Opening(Protocol):
    """A source that goes on opening in the background where that takes long."""

    @property
    def opening(self) -> bool:
        """Whether it is still being opened."""
        ...

    def opened(self, timeout_s: float) -> bool:
        """Wait so long for it to open; whether it is open."""
        ...


@runtime_checkable
class Repeating(Protocol):
    """A source that can show again what it was showing when it was interrupted."""

    def repeat(self) -> None:
        """Begin anew with the photo of which some frames were read and some were not; else nothing changes."""
        ...


@runtime_checkable
class Recorded(Protocol):
    """A source that plays what a scanner recorded: device, session and time are those of then.

    Its clock stands still while a frame is worked on, so that messages say the same whenever and wherever it is played.
    """

    @property
    def device(self) -> str:
        """The scanner that recorded."""
        ...

    @property
    def session(self) -> str:
        """The run of it that recorded."""
        ...

    @property
    def origin(self) -> str:
        """The source that it recorded."""
        ...

    def monotonic_ns(self) -> int:
        """When the newest frame that was read was captured, on its scanner's monotonic clock."""
        ...

    def utc_ns(self) -> int:
        """The same since 1970."""
        ...
