import numpy as np
import pytest

from edge.detection.networks.outline import STRIDE_PX, decode, ray_directions
from training.detection.batches import SceneBatches, make_targets, outline_distances
from training.detection.scenes import SmallScenes

SIZE_PX = 288

CARD = np.array([[60, 50], [160, 60], [150, 200], [50, 190]], np.float32)
NONE = np.full((4, 2), np.nan, np.float32)


def test_rays_end_on_the_outline():
    centre = np.array([[100, 120]], np.float32)
    ends = centre + outline_distances(CARD, centre)[0, :, None] * ray_directions()
    lines = np.roll(CARD, -1, axis=0) - CARD
    normals = np.stack([lines[:, 1], -lines[:, 0]], axis=1) / np.linalg.norm(lines, axis=1, keepdims=True)
    assert np.abs(np.einsum("rkc,kc->rk", ends[:, None] - CARD, normals)).min(axis=1) == pytest.approx(0, abs=1e-3)


def test_a_point_outside_has_no_distances():
    assert (outline_distances(CARD, np.array([[10, 10]], np.float32)) <= 0).all()


def test_targets_decode_to_the_cards():
    quads = np.stack([CARD / 2, CARD / 2 + 120, NONE])
    targets = make_targets(quads, np.array([1, 0.6, 0], np.float32), SIZE_PX)
    found = sorted((p.quad for p in decode(targets.score, targets.distances, 0.9)), key=lambda quad: quad[0, 0])
    assert np.allclose(found, quads[:2], atol=0.05)


def test_a_hidden_card_is_neither_wanted_nor_punished():
    targets = make_targets(CARD[None], np.array([0.1], np.float32), SIZE_PX)
    column, row = np.round((CARD.mean(axis=0) - (STRIDE_PX - 1) / 2) / STRIDE_PX).astype(int)
    assert targets.score.max() == 0
    assert targets.certain[row, column] == 0
    assert targets.certain.mean() > 0.9


@pytest.fixture
def scenes():
    picture = np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8)
    picture[90:190, 110:180] = 255
    square = np.array([[110, 90], [180, 90], [180, 190], [110, 190]], np.float32) - 0.5
    quads = np.full((1, 12, 4, 2), np.nan, np.float32)
    quads[0, 0] = square
    original = np.full((1, 352, 252, 3), 255, np.uint8)
    visible = np.eye(1, 12, dtype=np.float32)
    return SmallScenes(images=picture[None], quads=quads, visible=visible, originals=original)


def test_batches_depend_on_seed_and_number_alone(scenes):
    batches = SceneBatches(scenes, images=8, size_px=224, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(batches[5], batches[5], strict=True))
    assert not np.array_equal(batches[5][0], batches[6][0])


def test_quads_move_with_the_picture(scenes, monkeypatch):
    for share in ("SCANS", "OTHER_FACES", "ON_DARK_MATS", "HELD"):
        monkeypatch.setattr(f"training.detection.batches.{share}", 0.0)
    pixels, targets = (array.numpy() for array in SceneBatches(scenes, images=8, size_px=224, seed=3)[5])
    score, weight, distances = targets[:, 0], targets[:, 1], targets[:, 3:]
    for i in range(8):
        row, column = np.unravel_index(score[i].argmax(), score[i].shape)
        if score[i, row, column] < 1 or weight[i, row, column] == 0:
            continue
        cell = STRIDE_PX * np.array([column, row]) + (STRIDE_PX - 1) / 2
        ray = distances[i, :, row, column, None] * ray_directions()
        inside, outside = (np.rint(cell + factor * ray).astype(int) for factor in (0.8, 1.25))
        seen = (outside >= 0).all(axis=1) & (outside < 224).all(axis=1)
        grey = pixels[i].mean(axis=0)
        brighter = grey[inside[seen, 1], inside[seen, 0]].mean() - grey[outside[seen, 1], outside[seen, 0]].mean()
        assert brighter > 40
