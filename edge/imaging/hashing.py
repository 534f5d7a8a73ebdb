"""Perceptual hashes: the baseline of recognition, and a cheap test for whether a crop still shows the same card."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image

Hash = NDArray[np.uint8]
# Of each side, as the formula has it: 32 x 32 samples for 8 x 8 bits (Zauner, 2010).
_SAMPLES_PER_BIT = 4


def perceptual_hash(image: Image, size: int) -> Hash:
    """DCT hash: the signs of the `size` x `size` lowest frequencies against their median.

    The image is reduced to (4 `size`) x (4 `size`) grey samples; the constant term of the cosine transform is left out
    of the median, so that brightness and contrast do not matter (Zauner 2010, "Implementation and Benchmarking of
    Perceptual Image Hash Functions").

    Args:
        image: uint8 [height, width, 3] BGR or [height, width] grey, of any size.
        size: bits per side, such as 8, 16 or 32.

    Returns:
        uint8 [ceil(size * size / 8)], the bits packed row by row.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    samples = cv2.resize(grey, (_SAMPLES_PER_BIT * size,) * 2, interpolation=cv2.INTER_AREA).astype(np.float32)
    frequencies = cv2.dct(samples)[:size, :size].ravel()
    return np.packbits(frequencies > np.median(frequencies[1:]))


def hash_distances(first: Hash, second: Hash) -> NDArray[np.int64]:
    """Number of differing bits along the last axis; the other axes broadcast.

    A gallery of packed hashes [N, B] against one hash [B] gives [N].
    """
    differing = np.unpackbits(np.bitwise_xor(first, second), axis=-1)
    return np.asarray(differing.sum(axis=-1), dtype=np.int64)
