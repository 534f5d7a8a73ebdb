"""Sources of frames: photos, video files, cameras, the simulated bench."""

from pathlib import Path

from edge.settings.sections import CameraSettings, Imx500Settings, SourceSettings
from edge.sources.base import FrameSource

__all__ = ["FrameSource", "open_source"]


def open_source(
    settings: SourceSettings,
    camera: CameraSettings | None = None,
    imx500: Imx500Settings | None = None,
) -> FrameSource:
    """Open the source that `settings.spec` names.

    Args:
        settings: which source.
        camera: of a camera on the Raspberry Pi's connector; unset: the defaults.
        imx500: of the IMX500's network; unset: the defaults.

    Raises:
        ConfigurationError: if the simulated bench, or a recording, cannot play what is asked.
        SourceError: if it cannot be opened.
    """
    kind, _, argument = settings.spec.partition(":")
    match kind:
        case "images" | "video" | "replay" if argument:
            return _open_file(kind, Path(argument), loop=settings.loop)
        case "demo":
            from edge.sources.demo import DemoSource

            return DemoSource(settings)
        case "v4l2" if argument:
            from edge.sources.v4l2 import V4l2Source

            return V4l2Source(Path(argument), settings.fps)
        case "picamera":
            from edge.sources.picamera import open_picamera

            return open_picamera(camera or CameraSettings(), settings.fps)
        case _:  # imx500: the settings let nothing else through
            from edge.sources.imx500 import open_imx500

            return open_imx500(camera or CameraSettings(), imx500 or Imx500Settings(), settings.fps)


def _open_file(kind: str, path: Path, *, loop: bool) -> FrameSource:
    match kind:
        case "images":
            from edge.sources.images import ImagesSource

            return ImagesSource(path, loop=loop)
        case "video":
            from edge.sources.video import VideoSource

            return VideoSource(path, loop=loop)
        case _:
            from edge.sources.replay import ReplaySource

            return ReplaySource(path, loop=loop)
