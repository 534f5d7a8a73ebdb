import numpy as np
import pytest

from edge.detection.networks.dense import decode_maps
from edge.detection.networks.outline import DISTANCE_UNIT_PX, INPUT_NAME, OUTPUT_NAMES, SIGNATURE, decode
from edge.frame import OutlineMaps
from edge.inference.networks import open_network
from edge.shipped import OUTLINE_MODEL
from edge.simulator.conditions import PRESETS
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import calibration_cards

SIZE = 320


@pytest.fixture(scope="module")
def said() -> tuple[np.ndarray, np.ndarray]:
    """Scores and distances of the shipped network for a simulated scene."""
    image, _ = render_scene(random_scene(600_003, calibration_cards(20), PRESETS["many"], (SIZE, SIZE)))
    session = open_network(OUTLINE_MODEL, SIGNATURE)
    pixels = np.ascontiguousarray(image[None, ..., ::-1].transpose(0, 3, 1, 2), np.float32)
    score, distances = session.run(list(OUTPUT_NAMES), {INPUT_NAME: pixels})
    return score[0, 0], distances[0]


def maps(score: np.ndarray, distances: np.ndarray, region: tuple[float, float, float, float]) -> OutlineMaps:
    clipped = np.clip(score.astype(np.float64), 1e-7, 1 - 1e-7)
    return OutlineMaps(
        logits=np.log(clipped / (1 - clipped)).astype(np.float32),
        log_distances=np.log(distances / DISTANCE_UNIT_PX),
        region=region,
    )


def test_the_maps_are_decoded_as_what_onnx_runtime_gives(said):
    score, distances = said
    exact = decode(score, distances, 0.4)
    assert len(exact) >= 3
    ours = decode_maps(maps(score, distances, (0, 0, SIZE, SIZE)), 0.4)
    np.testing.assert_allclose([each.quad for each in ours], [each.quad for each in exact], atol=0.05)
    np.testing.assert_allclose([each.score for each in ours], [each.score for each in exact], atol=1e-4)


def test_outlines_lie_where_the_region_lies_in_the_frame(said):
    score, distances = said
    region = (-100.0, 40.0, 4.75 * SIZE, 4.75 * SIZE)
    for exact, ours in zip(
        decode(score, distances, 0.4), decode_maps(maps(score, distances, region), 0.4), strict=True
    ):
        np.testing.assert_allclose(ours.quad, (exact.quad + 0.5) * 4.75 + (-100, 40) - 0.5, atol=0.2)


def test_where_nothing_is_nothing_is_proposed(said):
    _, distances = said
    empty = OutlineMaps(
        logits=np.full(distances.shape[1:], -8.0, np.float32), log_distances=distances, region=(0, 0, SIZE, SIZE)
    )
    assert decode_maps(empty, 0.4) == []
