"""Sources of frames: photos, video files, cameras, the simulated bench.

A camera of the appliance (`picamera`, `imx500`) becomes a module of its own here, and one more case in `open_source`.
"""

from pathlib import Path

from edge.config import SourceSettings
from edge.errors import ConfigurationError
from edge.sources.base import FrameSource

VALID_SPECS = "demo, images:DIR_OR_FILE, video:FILE or v4l2:/dev/video0"

__all__ = ["FrameSource", "open_source"]


def open_source(settings: SourceSettings) -> FrameSource:
    """Open the source that `settings.spec` names.

    Raises:
        ConfigurationError: if there is no such source.
        SourceError: if it cannot be opened.
    """
    kind, _, argument = settings.spec.partition(":")
    match kind:
        case "demo":
            from edge.sources.demo import DemoSource

            return DemoSource(settings)
        case "images" if argument:
            from edge.sources.images import ImagesSource

            return ImagesSource(Path(argument), loop=settings.loop)
        case "video" if argument:
            from edge.sources.video import VideoSource

            return VideoSource(Path(argument), loop=settings.loop)
        case "v4l2" if argument:
            from edge.sources.v4l2 import V4l2Source

            return V4l2Source(Path(argument), settings.fps)
        case "picamera" | "imx500":
            raise ConfigurationError(
                f"the source {kind} needs the appliance's camera, which this version cannot use yet; give {VALID_SPECS}"
            )
        case _:
            raise ConfigurationError(f"{settings.spec!r} is not a source; give {VALID_SPECS}")
