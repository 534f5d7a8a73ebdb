"""What the camera does: exposure, colour, blur, noise, compression."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image

# Lengths in this module are fractions of the card's width.
LARGEST_DEFOCUS = 0.011
LARGEST_MOTION = 0.07
LARGEST_HUE_DEG = 36.0
_NOISE_SIDE = 512


def change_illumination(card: Image, rng: np.random.Generator) -> Image:
    """Exposure, gamma, white balance, black level and saturation."""
    gain = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, rng.choice([0.03, 0.15]), 3))
    black = rng.uniform(0, 0.12) if rng.random() < 0.3 else 0.0
    values = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.normal(0, 0.25))
    table = np.clip(255 * (black + (1 - black) * values * gain), 0, 255).astype(np.uint8)
    seen = np.asarray(cv2.LUT(card, table.reshape(1, 256, 3)), dtype=np.uint8)
    if rng.random() < 0.5:
        saturation = float(rng.uniform(0.4, 1.5))
        mixed = cv2.addWeighted(seen, saturation, _grey(seen), 1 - saturation, 0)
        seen = np.asarray(mixed, dtype=np.uint8)
    return seen


def turn_hue(card: Image, rng: np.random.Generator) -> Image:
    """Every colour turned about the axis of greys, which stay as they are."""
    matrix = hue_matrix(float(rng.uniform(-1, 1)) * LARGEST_HUE_DEG)
    return np.asarray(cv2.transform(card, matrix), dtype=np.uint8)


def hue_matrix(angle_deg: float) -> NDArray[np.float64]:
    """The rotation [3, 3] of colours by an angle about the axis of greys (Rodrigues' formula)."""
    angle = np.radians(angle_deg)
    across = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turned = np.cos(angle) * np.eye(3) + (1 - np.cos(angle)) / 3 + np.sin(angle) * across
    return np.asarray(turned, dtype=np.float64)


def remove_colour(card: Image, _rng: np.random.Generator) -> Image:
    """The card in grey, still of three channels."""
    return _grey(card)


def _grey(card: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def darken(card: Image, rng: np.random.Generator) -> Image:
    """Low light: little of the range is used, coarse steps and strong noise."""
    exposure = float(rng.uniform(0.12, 0.5))
    dim = cv2.convertScaleAbs(card, alpha=exposure, beta=float(rng.uniform(0, 20)))
    noisy = _with_noise(np.asarray(dim, dtype=np.uint8), rng, float(rng.uniform(2, 7)))
    lifted = cv2.convertScaleAbs(noisy, alpha=float(rng.uniform(1.0, 0.8 / exposure)))
    return np.asarray(lifted, dtype=np.uint8)


def defocus(card: Image, rng: np.random.Generator) -> Image:
    """Gaussian blur."""
    sigma = float(rng.uniform(0.2, 1.0) * LARGEST_DEFOCUS * card.shape[1])
    return np.asarray(cv2.GaussianBlur(card, (0, 0), max(0.2, sigma)), dtype=np.uint8)


def move(card: Image, rng: np.random.Generator) -> Image:
    """Blur along a straight line."""
    length = float(rng.uniform(0.01, LARGEST_MOTION) * card.shape[1])
    side = 2 * int(np.ceil(length / 2)) + 3
    kernel = np.zeros((side, side), np.float32)
    reach = length / 2 * np.array([np.cos(angle := rng.uniform(0, np.pi)), np.sin(angle)])
    ends = np.round((side // 2 + np.array([-reach, reach])) * 16).astype(np.int32)
    cv2.line(kernel, tuple(ends[0].tolist()), tuple(ends[1].tolist()), 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.filter2D(card, -1, kernel / kernel.sum()), dtype=np.uint8)


def add_noise(card: Image, rng: np.random.Generator) -> Image:
    """Gaussian noise of each channel."""
    return _with_noise(card, rng, float(rng.uniform(1, 14)))


def compress(card: Image, rng: np.random.Generator) -> Image:
    """One round of JPEG."""
    _, data = cv2.imencode(".jpg", card, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


@lru_cache(maxsize=1)
def _noise_bank() -> NDArray[np.float32]:
    """Standard normal noise to cut pieces from: drawing it anew for every card takes longer than all the rest."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((_NOISE_SIDE, _NOISE_SIDE, 3), dtype=np.float32)


def _with_noise(card: Image, rng: np.random.Generator, sigma: float) -> Image:
    rows, columns = card.shape[:2]
    top, left = int(rng.integers(_NOISE_SIDE - rows + 1)), int(rng.integers(_NOISE_SIDE - columns + 1))
    noise = _noise_bank()[top : top + rows, left : left + columns]
    mixed = cv2.addWeighted(card, 1.0, noise, sigma * float(rng.choice([-1, 1])), 0, dtype=cv2.CV_8U)
    return np.asarray(mixed, dtype=np.uint8)
