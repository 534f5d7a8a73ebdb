from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SourceError
from edge.sources.imx500_outputs import FULL_SENSOR, Boxes, NetworkOutput, decode_boxes, to_frame

SSD = NetworkOutput(postprocess="", bbox_order="yx", bbox_normalization=False, input_size=(320, 320))
EFFICIENTDET = replace(SSD, bbox_normalization=True)
YOLO = replace(SSD, bbox_normalization=True, bbox_order="xy", input_size=(640, 640))
NANODET = NetworkOutput(postprocess="nanodet", bbox_order="yx", bbox_normalization=False, input_size=(416, 416))
BOX = np.array([0.25, 0.5, 0.375, 0.75])
"""Left, top, right, bottom of one card, in fractions."""


def postprocessed(boxes, scores=None, classes=None, rows: int = 10) -> list[np.ndarray]:
    """Tensors of a network with post-processing, as `get_outputs(add_batch=True)` gives them."""
    values = np.zeros((1, rows, 4), np.float32)
    values[0, : len(boxes)] = np.reshape(boxes, (-1, 4))
    kept, kinds = np.zeros((1, rows), np.float32), np.zeros((1, rows), np.float32)
    kept[0, : len(boxes)] = 0.9 if scores is None else scores
    kinds[0, : len(boxes)] = 0 if classes is None else classes
    return [values, kept, kinds, np.full((1, 1), len(boxes), np.float32)]


@pytest.mark.parametrize(
    ("network", "sent"),
    [
        (SSD, BOX[[1, 0, 3, 2]]),
        (EFFICIENTDET, BOX[[1, 0, 3, 2]] * 320),
        (YOLO, BOX * 640),
    ],
)
def test_each_family_of_postprocessed_networks_gives_the_same_box(network, sent):
    boxes = decode_boxes(postprocessed([sent]), network)
    np.testing.assert_allclose(boxes.corners, [BOX], atol=1e-6)
    np.testing.assert_allclose(boxes.scores, [0.9], atol=1e-6)


def test_only_confident_boxes_of_the_wanted_labels_count():
    network = replace(SSD, labels=("person", "card", "book"), wanted=("card",), threshold=0.5)
    far_apart = [[0.1, 0.1 + 0.2 * k, 0.2, 0.2 + 0.2 * k] for k in range(4)]
    outputs = postprocessed(far_apart, scores=[0.9, 0.6, 0.4, 0.8], classes=[0, 1, 1, 1])
    np.testing.assert_allclose(decode_boxes(outputs, network).scores, [0.8, 0.6], atol=1e-6)
    np.testing.assert_allclose(decode_boxes(outputs, replace(network, wanted=())).scores, [0.9, 0.8, 0.6], atol=1e-6)


def test_boxes_are_clipped_and_empty_ones_dropped():
    outputs = postprocessed([[-0.2, 0.5, 0.3, 1.4], [0.6, 0.6, 0.6, 0.9], [0.2, 1.1, 0.4, 1.3]])
    np.testing.assert_allclose(decode_boxes(outputs, SSD).corners, [[0.5, 0, 1, 0.3]], atol=1e-6)
    assert decode_boxes(postprocessed([]), SSD).corners.shape == (0, 4)


def test_one_thing_seen_as_several_classes_is_one_box():
    trembling = [BOX[[1, 0, 3, 2]] + 0.002 * k for k in range(3)]
    boxes = decode_boxes(postprocessed(trembling, scores=[0.6, 0.9, 0.7], classes=[1, 2, 3]), SSD)
    np.testing.assert_allclose(boxes.scores, [0.9], atol=1e-6)


def test_pixels_that_were_taken_for_fractions_are_noticed():
    with pytest.raises(SourceError, match="up to 480: .* set imx500.bbox_normalization = true"):
        decode_boxes(postprocessed([BOX * 640]), replace(YOLO, bbox_normalization=False))


def test_what_is_not_a_detection_network_is_refused():
    for outputs in ([np.zeros((1, 1000), np.float32)], [], [np.zeros((1, 10, 4), np.float32)] * 3):
        with pytest.raises(SourceError, match="not boxes, scores and classes"):
            decode_boxes(outputs, SSD)
    with pytest.raises(SourceError, match="not finite"):
        decode_boxes(postprocessed([[np.nan, 0, 1, 1]]), SSD)
    with pytest.raises(SourceError, match="3598 cells of NanoDet"):
        decode_boxes([np.zeros((1, 100, 112), np.float32)], NANODET)


def nanodet_by_the_formula(tensor: np.ndarray, side: int, classes: int) -> list[tuple[float, list[float]]]:
    """Score and box (left, top, right, bottom in input pixels) of every cell, one after the other."""
    decoded, row = [], 0
    for stride in (8, 16, 32, 64):
        cells = int(np.ceil(side / stride))
        for y in range(cells):
            for x in range(cells):
                values = tensor[row].astype(np.float64)
                score = 1 / (1 + np.exp(-max(values[:classes])))
                distances = []
                for edge in range(4):
                    bins = values[classes + 8 * edge : classes + 8 * edge + 8]
                    probabilities = np.exp(bins) / np.exp(bins).sum()
                    distances.append(stride * sum(k * p for k, p in enumerate(probabilities)))
                left, top, right, bottom = distances
                decoded.append((score, [x * stride - left, y * stride - top, x * stride + right, y * stride + bottom]))
                row += 1
    return decoded


def test_nanodet_is_decoded_by_its_formula():
    rng = np.random.default_rng(3)
    tensor = rng.normal(0, 1, (3598, 112)).astype(np.float32)
    tensor[:, :80] -= 12
    strong = [100, 2704 + 300, 2704 + 676 + 80, 3598 - 20]
    for k, row in enumerate(strong):
        tensor[row, 7 * k] = 1.0 + k
    expected = [(score, np.clip(np.array(box) / 416, 0, 1)) for score, box in nanodet_by_the_formula(tensor, 416, 80)]
    expected = sorted(((s, b) for s, b in expected if s > 0.4), key=lambda each: -each[0])
    boxes = decode_boxes([tensor[None]], NANODET)
    assert len(expected) == 4
    np.testing.assert_allclose(boxes.scores, [score for score, _ in expected], atol=1e-6)
    np.testing.assert_allclose(boxes.corners, [box for _, box in expected], atol=1e-6)


def test_a_box_lands_where_the_sensor_saw_it():
    """1520 x 1520 pixels from the middle 3040 x 3040 of the sensor: half a frame pixel a sensor pixel."""
    on_sensor = np.array([508 + 100, 200, 508 + 1000, 1800]) / [4056, 3040, 4056, 3040]
    boxes = Boxes(corners=on_sensor[None], scores=np.array([0.9]))
    shown = to_frame(boxes, FULL_SENSOR, (508, 0, 3040, 3040), (1520, 1520))
    np.testing.assert_allclose(shown.corners, [[49.5, 99.5, 499.5, 899.5]], atol=1e-9)


def test_what_the_frame_does_not_show_is_dropped_and_the_rest_clipped():
    corners = np.array([[0.0, 0.2, 0.1, 0.4], [0.1, 0.2, 0.3, 0.4], [0.95, 0.2, 1.0, 0.4]])
    boxes = Boxes(corners=corners, scores=np.array([0.9, 0.8, 0.7]))
    shown = to_frame(boxes, FULL_SENSOR, (508, 0, 3040, 3040), (1520, 1520))
    assert shown.scores.tolist() == [0.8]
    assert shown.corners[0, 0] == -0.5


fractions = st.floats(0, 0.9)


@given(left=fractions, top=fractions, width=st.floats(0.05, 0.1), height=st.floats(0.05, 0.1),
       roi=st.sampled_from([FULL_SENSOR, (508, 0, 3040, 3040), (200, 100, 1000, 2000)]))  # fmt: skip
def test_mapping_keeps_the_place_on_the_sensor(left, top, width, height, roi):
    corners = np.array([[left, top, left + width, top + height]])
    size = (2028, 1520)
    shown = to_frame(Boxes(corners=corners, scores=np.ones(1)), roi, FULL_SENSOR, size)
    on_sensor = (shown.corners.reshape(2, 2) + 0.5) / size * FULL_SENSOR[2:]
    np.testing.assert_allclose((on_sensor - roi[:2]) / roi[2:], corners.reshape(2, 2), atol=1e-9)
