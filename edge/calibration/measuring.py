"""Measuring centering with a calibrated camera."""

from dataclasses import dataclass, replace
from pathlib import Path

from edge.calibration.stored import Calibration, read_calibration
from edge.centering import Centering, Setup, measure
from edge.geometry import Image, Quad
from edge.imaging.print_reference import PrintReference


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurer:
    """Measures cards in pictures of one camera; a picture that its calibration is not for is refused in words.

    Attributes:
        setup: what is the same for every card.
        calibration: of the camera; None takes the lens's distortion from each card.
        sensor: the camera that takes the pictures; None where it is not known.
        reduction: pixels of a picture's file for each pixel of it, along both sides (see `edge.imaging.decoding`).
    """

    setup: Setup
    calibration: Calibration | None = None
    sensor: str | None = None
    reduction: int = 1

    def __call__(self, image: Image, quad: Quad, reference: PrintReference | None) -> Centering:
        """Measure one card, as `edge.centering.measure`."""
        if self.calibration is None:
            return measure(image, quad, reference, self.setup)
        calibration = self.calibration.reduced(self.reduction)
        height, width = image.shape[:2]
        doubts = calibration.doubts(width, height, self.sensor)
        if doubts is not None:
            return Centering(figures=None, reason=doubts, face=self.setup.face)
        return measure(image, quad, reference, replace(self.setup, lens=calibration.lens))


def open_measurer(calibration: Path | None, setup: Setup, sensor: str | None = None) -> Measurer:
    """What measures cards in pictures of the camera of a calibration file, or of any camera without one.

    Raises:
        ConfigurationError: if the calibration cannot be read.
    """
    return Measurer(
        setup=setup, calibration=None if calibration is None else read_calibration(calibration), sensor=sensor
    )
