import numpy as np
import pytest

from training.evaluation.enhancement import MIDDLE_GREY, equalized, gamma_corrected


def dark_card() -> np.ndarray:
    ramp = np.linspace(10, 60, 160).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (224, 160, 3)))


def test_gamma_brings_the_mean_to_middle_grey():
    assert gamma_corrected(dark_card()).mean() / 255 == pytest.approx(MIDDLE_GREY, abs=0.05)


@pytest.mark.parametrize("level", [0, 255])
def test_gamma_of_a_flat_card_is_finite(level: int):
    assert np.ptp(gamma_corrected(np.full((8, 8, 3), level, np.uint8))) == 0


def test_clahe_raises_the_contrast():
    grey = np.random.default_rng(0).integers(100, 117, (224, 160, 1), dtype=np.uint8)
    faint = np.repeat(grey, 3, axis=2)
    assert equalized(faint).std() > 1.2 * faint.std()
