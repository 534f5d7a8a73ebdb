import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.simulator.sensor import IDEAL_SENSOR, Light, Sensor, expose, light_gain, motion_blurred, take_picture


@given(st.floats(-14, 14), st.floats(-14, 14))
def test_motion_blur_moves_nothing(x: float, y: float) -> None:
    image = np.zeros((61, 61, 3), np.uint8)
    image[28:33, 28:33] = 255
    blurred = motion_blurred(image, (x, y))[..., 0].astype(float)
    rows, columns = np.mgrid[0:61, 0:61]
    centre = (blurred * columns).sum() / blurred.sum(), (blurred * rows).sum() / blurred.sum()
    assert centre == pytest.approx((30, 30), abs=0.1)


@pytest.mark.parametrize(("level", "sigma"), [(20, np.sqrt(4 + 0.05 * 20)), (200, np.sqrt(4 + 0.05 * 200))])
def test_noise_grows_with_light(level: int, sigma: float) -> None:
    image = np.full((400, 400, 3), level, np.uint8)
    noisy = take_picture(image, Sensor(read_noise=2.0, shot_noise=0.05, seed=3)).astype(float)
    assert noisy.std() == pytest.approx(sigma, rel=0.08)
    assert noisy.mean() == pytest.approx(level, abs=0.3)


def test_an_ideal_sensor_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    assert np.array_equal(take_picture(image, IDEAL_SENSOR), image)


def test_compression_keeps_the_shape() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    packed = take_picture(image, Sensor(jpeg_quality=50))
    assert packed.shape == image.shape
    assert not np.array_equal(packed, image)


def test_vignetting_darkens_the_corners_and_white_balance_tints() -> None:
    gain = light_gain(Light(vignetting=0.3, white_balance=(0.9, 1.0, 1.1)), 320, 240)
    assert gain.shape == (240, 320, 3)
    assert gain[0, 0, 1] < 0.8 < gain[120, 160, 1]
    assert gain[120, 160] == pytest.approx(gain[120, 160, 1] * np.array([0.9, 1.0, 1.1]), rel=1e-3)


def test_a_shadow_darkens_where_it_lies() -> None:
    image = np.full((200, 200, 3), 200, np.uint8)
    shadow = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    lit = expose(image, Light(shadow=shadow, shadow_darkness=0.5, shadow_softness=0.01))
    assert lit[100, 20, 0] == pytest.approx(100, abs=3)
    assert lit[100, 180, 0] == pytest.approx(200, abs=3)
