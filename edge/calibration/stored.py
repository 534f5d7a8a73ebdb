"""A camera's calibration: kept in a file, used on points."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import ConfigurationError
from edge.files.regular_files import read_utf8
from edge.settings.validation import first_fault

Points = NDArray[np.float64]

# numerics: in focal lengths, a hundred thousandth of a pixel; a strong lens takes some fifty steps at the corners, an
# ordinary one five.
_CONVERGED = 1e-8
_MAX_STEPS = 100

# A field of every calibration, by which the file is known.
CALIBRATION_MARK = b'"reprojection_error_px"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedLens:
    """Brown's model (D. C. Brown, 1971) with the coefficients in OpenCV's order.

    Attributes:
        focal_px: focal lengths (x, y).
        centre_px: principal point (x, y).
        coefficients: k1, k2, p1, p2, k3.
    """

    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    coefficients: tuple[float, float, float, float, float]

    def undistorted(self, points: Points) -> Points:
        """Pixels [N, 2] as a lens without distortion would show them; `distorted` inverted by fixed-point iteration."""
        bent = (points - np.asarray(self.centre_px)) / np.asarray(self.focal_px)
        rays = bent.copy()
        for _ in range(_MAX_STEPS):
            step = self._bent(rays) - bent
            rays -= step
            if np.abs(step).max(initial=0) < _CONVERGED:
                break
        return np.asarray(rays * np.asarray(self.focal_px) + np.asarray(self.centre_px), dtype=np.float64)

    def distorted(self, points: Points) -> Points:
        """Pixels [N, 2] where this lens shows what one without distortion shows at `points`."""
        rays = (points - np.asarray(self.centre_px)) / np.asarray(self.focal_px)
        return np.asarray(self._bent(rays) * np.asarray(self.focal_px) + np.asarray(self.centre_px), dtype=np.float64)

    def _bent(self, rays: Points) -> Points:
        k1, k2, p1, p2, k3 = self.coefficients
        x, y = rays[:, 0], rays[:, 1]
        squared = x * x + y * y
        radial = 1 + squared * (k1 + squared * (k2 + squared * k3))
        return np.column_stack(
            [
                x * radial + 2 * p1 * x * y + p2 * (squared + 2 * x * x),
                y * radial + p1 * (squared + 2 * y * y) + 2 * p2 * x * y,
            ]
        )


class Calibration(BaseModel):
    """What was measured of one camera, at one resolution and focus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    sensor: str | None = Field(description="camera as photos or the source name it; null where they do not")
    focus: str | None = Field(description="how the lens was set, in the words of the user or the photos")
    width: int = Field(gt=0, description="of the pictures in pixels")
    height: int = Field(gt=0)
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    coefficients: tuple[float, float, float, float, float] = Field(description="k1, k2, p1, p2, k3 of Brown's model")
    reprojection_error_px: float = Field(ge=0, description="root mean square over all corners")
    views: int = Field(gt=0)
    coverage: float = Field(ge=0, le=1, description="share of the picture in which corners were seen")
    created: str = Field(description="UTC, ISO 8601")

    @property
    def lens(self) -> CalibratedLens:
        """What the lens does to points."""
        return CalibratedLens(focal_px=self.focal_px, centre_px=self.centre_px, coefficients=self.coefficients)

    def reduced(self, reduction: int) -> "Calibration":
        """The same camera's, for its pictures with one pixel for `reduction` along each side."""
        if reduction == 1:
            return self
        fx, fy = (focal / reduction for focal in self.focal_px)
        cx, cy = ((centre + 0.5) / reduction - 0.5 for centre in self.centre_px)
        size = {"width": self.width // reduction, "height": self.height // reduction}
        return self.model_copy(update={**size, "focal_px": (fx, fy), "centre_px": (cx, cy)})

    def doubts(self, width: int, height: int, sensor: str | None) -> str | None:
        """Why this calibration does not hold for a picture; None where it does.

        Args:
            width: of the picture.
            height: of the picture.
            sensor: the camera that took it; None where it is not known, then the size alone tells.
        """
        if (width, height) != (self.width, self.height):
            return (
                f"the camera's calibration is for pictures of {self.width} x {self.height} pixels, this one has "
                f"{width} x {height}; calibrate at this resolution"
            )
        if sensor is not None and self.sensor is not None and sensor != self.sensor:
            return f"the camera's calibration is for {self.sensor!r}, this picture is from {sensor!r}; calibrate that"
        return None


def read_calibration(path: Path) -> Calibration:
    """Read the calibration that `card-scanner calibrate` wrote.

    Raises:
        ConfigurationError: if the file is missing or not a calibration.
    """
    try:
        return Calibration.model_validate_json(read_utf8(path))
    except OSError as cause:
        raise ConfigurationError(f"cannot read the calibration {path}: {cause.strerror}; is the path right?") from cause
    except ValidationError as cause:
        fault = first_fault(cause, "the file")
        raise ConfigurationError(
            f"{path} is not a calibration: {fault}; make one with 'card-scanner calibrate'"
        ) from cause


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration.

    Raises:
        ConfigurationError: if the file cannot be written.
    """
    try:
        path.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as cause:
        raise ConfigurationError(
            f"cannot write the calibration {path}: {cause.strerror}; write it elsewhere"
        ) from cause
