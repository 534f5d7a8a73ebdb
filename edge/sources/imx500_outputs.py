"""What the detection networks of the IMX500 model zoo put out, and where that is in a frame.

Two families: networks that end in their own post-processing (SSD, EfficientDet, YOLO, NanoDet "pp": boxes, scores,
classes) and NanoDet without it (one tensor of class logits and distance distributions). The network's intrinsics say
which; coordinates are relative to the region of the sensor that the network is fed with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.geometry import box_iou, non_maximum_suppression

Postprocess = Literal["", "nanodet", "card-outlines"]
POSTPROCESSES: tuple[Postprocess, ...] = ("", "nanodet", "card-outlines")

FULL_SENSOR = (0, 0, 4056, 3040)
NANODET_STRIDES = (8, 16, 32, 64)
NANODET_BINS = 8
MAX_BOXES = 32
MAX_OVERLAP = 0.65
MAX_NORMALISED = 2.0

Rectangle = tuple[float, float, float, float]
"""Left, top, width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOutput:
    """How a network's output is to be read.

    Attributes:
        postprocess: "nanodet" where boxes still have to be decoded, "card-outlines" where the output is maps of card
            outlines, else "".
        bbox_order: of the coordinates of a post-processed box.
        bbox_normalization: whether post-processed boxes are in pixels of the input, to be divided by its size.
        input_size: width and height of the network's input.
        labels: of the classes; empty where the network has none.
        wanted: the labels that count; empty for all.
        threshold: least score.
    """

    postprocess: Postprocess
    bbox_order: Literal["xy", "yx"]
    bbox_normalization: bool
    input_size: tuple[int, int]
    labels: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    threshold: float = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boxes:
    """Boxes of one frame, best first.

    Attributes:
        corners: float64 [N, 4]: left, top, right, bottom.
        scores: float64 [N], 0 to 1.
    """

    corners: NDArray[np.float64]
    scores: NDArray[np.float64]


def decode_boxes(outputs: Sequence[NDArray[np.float32]], network: NetworkOutput) -> Boxes:
    """Decode the tensors of one frame, as `IMX500.get_outputs(metadata, add_batch=True)` returns them.

    Returns:
        Boxes in fractions of the inference region, clipped to 0 to 1.

    Raises:
        SourceError: if the tensors are not those of such a network, or are not finite.
    """
    if network.postprocess == "nanodet":
        corners, scores, classes = _decode_nanodet(outputs, network)
    else:
        corners, scores, classes = _read_postprocessed(outputs, network)
    keep = (scores > network.threshold) & _wanted(classes, network)
    corners, scores = corners[keep], scores[keep]
    if not np.isfinite(corners).all():
        raise SourceError("the sensor's network gave boxes that are not finite; is its file damaged?")
    if len(corners) and np.abs(corners).max() > MAX_NORMALISED:
        raise SourceError(
            f"the sensor's network gives coordinates up to {np.abs(corners).max():.0f}: they are pixels of its "
            f"{network.input_size[0]} x {network.input_size[1]} input; set imx500.bbox_normalization = true"
        )
    corners = np.clip(corners, 0.0, 1.0)
    keep = np.all(corners[:, 2:] > corners[:, :2], axis=1)
    return _suppressed(corners[keep], scores[keep])


def to_frame(boxes: Boxes, roi: Rectangle, crop: Rectangle, size: tuple[int, int]) -> Boxes:
    """The boxes that show in the frame, in frame pixels, clipped to the frame.

    Args:
        boxes: in fractions of `roi`.
        roi: what the network sees, in pixels of the full sensor.
        crop: what the frame shows, in pixels of the full sensor (the metadata's `ScalerCrop`).
        size: width and height of the frame.

    Returns:
        Boxes in frame pixels; a pixel's centre has whole coordinates.
    """
    on_sensor = boxes.corners.reshape(-1, 2, 2) * roi[2:] + roi[:2]
    in_frame = np.clip((on_sensor - crop[:2]) * (np.array(size) / crop[2:]), 0, size)
    shown = np.all(in_frame[:, 1] - in_frame[:, 0] > 1, axis=1)
    return Boxes(corners=(in_frame[shown] - 0.5).reshape(-1, 4), scores=boxes.scores[shown])


def _read_postprocessed(
    outputs: Sequence[NDArray[np.float32]], network: NetworkOutput
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Boxes [1, N, 4], scores [1, N], classes [1, N]; a count may follow."""
    shapes = [output.shape for output in outputs]
    if len(shapes) < 3 or len(shapes[0]) != 3 or shapes[0][2] != 4 or not shapes[1] == shapes[2] == shapes[0][:2]:
        raise SourceError(
            f"the sensor's network gives tensors of shape {shapes}, not boxes, scores and classes: it is not a "
            "detection network with post-processing; set imx500.network to one"
        )
    corners = np.asarray(outputs[0][0], dtype=np.float64)
    if network.bbox_order == "yx":
        corners = corners[:, [1, 0, 3, 2]]
    if network.bbox_normalization:
        corners = corners / np.tile(network.input_size, 2)
    return corners, np.asarray(outputs[1][0], dtype=np.float64), np.asarray(outputs[2][0]).astype(np.intp)


def _decode_nanodet(
    outputs: Sequence[NDArray[np.float32]], network: NetworkOutput
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """NanoDet-Plus: class logits and, for each side, a distribution over its distance from the cell in strides.

    The distance is the distribution's mean (generalised focal loss, arXiv 2006.04388, section 3.1).
    """
    centres, strides = _nanodet_cells(network.input_size)
    if not outputs or outputs[0].ndim != 3 or outputs[0].shape[1] != len(centres):
        raise SourceError(
            f"the sensor's network gives tensors of shape {[output.shape for output in outputs]}, not the "
            f"{len(centres)} cells of NanoDet at {network.input_size}; set imx500.network to another"
        )
    values = outputs[0][0].astype(np.float64)
    logits, bins = values[:, : -4 * NANODET_BINS], values[:, -4 * NANODET_BINS :].reshape(-1, 4, NANODET_BINS)
    scores = 1 / (1 + np.exp(-logits.max(axis=1)))
    weights = np.exp(bins - bins.max(axis=2, keepdims=True))
    distances = (weights @ np.arange(NANODET_BINS)) / weights.sum(axis=2) * strides[:, None]
    corners = np.concatenate([centres - distances[:, :2], centres + distances[:, 2:]], axis=1)
    return corners / np.tile(network.input_size, 2), scores, logits.argmax(axis=1)


def _nanodet_cells(input_size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres [N, 2] (x, y) and strides [N] of the cells, row by row, finest level first."""
    centres, strides = [], []
    for stride in NANODET_STRIDES:
        columns, rows = (-(-length // stride) for length in input_size)
        y, x = np.mgrid[:rows, :columns]
        centres.append(np.stack([x.ravel(), y.ravel()], axis=1) * float(stride))
        strides.append(np.full(rows * columns, float(stride)))
    return np.concatenate(centres), np.concatenate(strides)


def _wanted(classes: NDArray[np.intp], network: NetworkOutput) -> NDArray[np.bool_]:
    if not network.wanted:
        return np.ones(len(classes), dtype=bool)
    numbers = [number for number, label in enumerate(network.labels) if label in network.wanted]
    return np.isin(classes, numbers)


def _suppressed(corners: NDArray[np.float64], scores: NDArray[np.float64]) -> Boxes:
    """The best boxes of which no two show the same thing, whatever their classes (non-maximum suppression)."""
    order = np.argsort(-scores, kind="stable")[: 8 * MAX_BOXES]
    kept = order[non_maximum_suppression(corners[order], MAX_OVERLAP, box_iou)[:MAX_BOXES]]
    return Boxes(corners=corners[kept], scores=scores[kept])
