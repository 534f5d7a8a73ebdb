"""Contrast enhancements that the scanner might apply before the embedder, to measure whether they help."""

import cv2
import numpy as np

from edge.geometry import Image

CLIP_LIMIT = 2.0
TILES = (8, 8)
MIDDLE_GREY = 0.45


def equalized(card: Image) -> Image:
    """The card with its lightness equalised locally (CLAHE, Zuiderveld 1994), uint8 BGR of the same shape."""
    lab = cv2.cvtColor(card, cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(CLIP_LIMIT, TILES).apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), dtype=np.uint8)


def gamma_corrected(card: Image) -> Image:
    """The card with the gamma that brings its mean to middle grey, uint8 BGR of the same shape."""
    mean = float(np.clip(card.mean() / 255, 0.02, 0.98))
    gamma = np.log(MIDDLE_GREY) / np.log(mean)
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(card, table), dtype=np.uint8)
