import cv2
import numpy as np
import pytest

from training.detection.close_ups import close_up, scan
from training.detection.holders import with_holders
from training.detection.mats import on_dark_mat

SIZE_PX = 224
CARD = np.array([[110, 90], [180, 90], [180, 188], [110, 188]], np.float32) - 0.5
NONE = np.full((4, 2), np.nan, np.float32)
QUADS = np.stack([CARD, NONE])
VISIBLE = np.array([1, 0], np.float32)


@pytest.fixture
def picture():
    pixels = np.full((288, 288, 3), 90, np.uint8)
    cv2.rectangle(pixels, (110, 90), (179, 187), (200, 210, 220), -1)
    return pixels


def shown(quad):
    """How much of a quad's bounding box each side of the picture cuts off, as shares of the box: [left, top]."""
    return -np.minimum(quad.min(axis=0), 0) / np.ptp(quad, axis=0)


@pytest.mark.parametrize("seed", range(12))
def test_a_scan_is_filled_by_its_card(seed):
    original = np.full((352, 252, 3), 60, np.uint8)
    original[4:-4, 4:-4] = 220
    rng = np.random.default_rng(seed)
    seen, quads = scan(original, SIZE_PX, rng)
    (quad,) = quads
    assert seen.shape == (SIZE_PX, SIZE_PX, 3)
    assert sorted(np.ptp(quad, axis=0))[1] <= SIZE_PX * 1.01
    assert sorted(np.ptp(quad, axis=0))[0] / sorted(np.ptp(quad, axis=0))[1] == pytest.approx(252 / 352, abs=0.01)
    assert (shown(quad) < 0.08).all()
    right, bottom = np.ceil(quad.max(axis=0) * 1.13).astype(int)
    assert (seen[bottom:] == 0).all()
    assert (seen[:, right:] == 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_close_up_shows_a_card_from_near_and_its_quad_moves_along(picture, seed):
    seen, quads = close_up(picture, QUADS, VISIBLE, SIZE_PX, np.random.default_rng(seed))
    assert np.isnan(quads[1]).all()
    inner = quads[0].mean(axis=0) + 0.8 * (quads[0] - quads[0].mean(axis=0))
    x, y = np.clip(np.rint(inner).astype(int), 0, SIZE_PX - 1).T
    assert (seen[y, x].mean(axis=1) > 180).all()
    assert np.linalg.norm(quads[0][2] - quads[0][1]) >= 0.41 * SIZE_PX


@pytest.mark.parametrize("seed", range(8))
def test_a_holder_leaves_the_card_as_it_is(picture, seed):
    held = with_holders(picture, QUADS, VISIBLE, np.random.default_rng(seed))
    changed = np.abs(held.astype(int) - picture).max(axis=2) > 3
    assert changed.any()
    assert not changed[95:183, 115:175].any()


def test_a_covered_card_has_no_holder(picture):
    held = with_holders(picture, QUADS, np.array([0.6, 0], np.float32), np.random.default_rng(0))
    assert np.array_equal(held, picture)


@pytest.mark.parametrize("seed", range(6))
def test_a_mat_is_dark_and_the_face_stays(picture, seed):
    dark = on_dark_mat(picture, QUADS, VISIBLE, np.random.default_rng(seed))
    assert dark[:80].mean() < 75
    assert np.array_equal(dark[105:173, 122:168], picture[105:173, 122:168])


def test_nothing_is_darkened_where_something_covers_a_card(picture):
    assert on_dark_mat(picture, QUADS, np.array([0.8, 0], np.float32), np.random.default_rng(0)) is picture
