"""From rectified cards to a model's input batch; the same for the gallery and every query."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.manifests import Preprocessing


def preprocess(cards: Sequence[Image], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Resize cards by area averaging and lay them out as the model takes them.

    Args:
        cards: rectified cards, uint8 [height, width, 3] BGR, of any size.
        preprocessing: the model's own, from its manifest.

    Returns:
        float32 [N, 3, height, width] (NCHW) or [N, height, width, 3] (NHWC), contiguous, values 0 to 255; the
        normalisation is part of the model.
    """
    size = (preprocessing.width, preprocessing.height)
    channels_first = preprocessing.layout == "NCHW"
    shape = (3, *size[::-1]) if channels_first else (*size[::-1], 3)
    batch: NDArray[np.float32] = np.empty((len(cards), *shape), dtype=np.float32)
    for target, card in zip(batch, cards, strict=True):
        resized = cv2.resize(card, size, interpolation=cv2.INTER_AREA)
        ordered = resized[..., ::-1] if preprocessing.color_order == "RGB" else resized
        target[...] = ordered.transpose(2, 0, 1) if channels_first else ordered
    return batch
