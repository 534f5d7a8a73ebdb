import numpy as np
import pytest

from edge.calibration.measuring import open_measurer
from edge.centering import Setup
from edge.errors import ConfigurationError

QUAD = np.array([[10.0, 10], [90, 10], [90, 120], [10, 120]])


def test_without_a_calibration_any_picture_is_looked_at():
    found = open_measurer(None, Setup(face="back"))(np.zeros((130, 100, 3), np.uint8), QUAD, None)
    assert found.face == "back"
    assert "too few pixels" in found.reason


def test_a_calibration_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="camera.json"):
        open_measurer(tmp_path / "camera.json", Setup())
