"""Camera calibration with a printed ChArUco board: what bends straight lines, measured once for each camera."""

from edge.calibration.stored import CalibratedLens, Calibration, read_calibration, write_calibration

__all__ = ["CalibratedLens", "Calibration", "read_calibration", "write_calibration"]
