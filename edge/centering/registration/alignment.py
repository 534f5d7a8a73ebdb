"""Sub-pixel alignment of a straightened card with its reference picture.

Phase correlation gives the shift to about a pixel; robust least squares on all pixels (Lucas and Kanade, 1981, with
reweighting) then gives the affine map. Both pictures are freed of illumination first: local mean taken away, divided by
local contrast. What differs (fingers, glare, a foil's colours) is weighed down pixel by pixel.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.curves import DEVIATIONS
from edge.centering.edges.strips import Floats
from edge.errors import MeasurementError
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_RADIUS_MM, Image

Pixels = NDArray[np.float32]

# chosen: standard deviations of the local mean that is taken away, and of the local contrast that is divided by; grey
# levels of contrast below which it is noise; and pixels of the last smoothing.
DETAIL_MM, NEIGHBOURHOOD_MM, CONTRAST_FLOOR, SMOOTHING_PX = 0.6, 4.0, 4.0, 1.0
# numerics: box filters in turn, nearly a Gaussian (Wells, 1986).
_BOXES = 3
# geometry: a border of 3 mm is gone when its print has moved so far.
MAX_SHIFT_MM = 3.0
# geometry: 2 mm of 63, more than any card is cut or any outline is off.
MAX_STRETCH = 0.03
# chosen: how far from the card's edge its picture and the reference are compared; and how far from the cut the
# reference's pixels have to lie on the card.
RIM_MM, CLEAR_OF_CUT_MM = 1.2, 0.6
# numerics: steps, of which the last is so short at the card's corners; half a card, by which a slope moves them.
ITERATIONS, CONVERGED_MM, _HALF_CARD_MM = 12, 1e-3, (30, 40)
# chosen: where the reference is even, nothing shows how far it is displaced: this share of the pixels is used.
TELLING_SHARE = 0.45
# chosen: a residual of this many robust standard deviations has a quarter of the weight (Geman and McClure, 1987), and
# no smaller one than the least cut.
CUT_STDS, LEAST_CUT = 2.0, 0.2
# numerics: that weight, below which a pixel does not agree.
_QUARTER = 0.25
# numerics: how many times as much or as little contrast as the reference a card may have.
_GAINS = (0.3, 2.0)
# geometry: parts of the card of 8 mm, which err on their own as things on a card do.
TILES = (11, 8)
# chosen: correlation with the reference, and the share of the pixels that agree. The right reference gave 0.86 and more
# on 78 simulated cards, also under glare and fingers; others stay below 0.4.
MIN_CORRELATION, MIN_AGREEING = 0.55, 0.3
# geometry: shift, turn, size and shear.
_UNKNOWNS = 6

# geometry: the middle of a card.
_MIDDLE_MM = np.array([CARD_WIDTH_MM, CARD_HEIGHT_MM]) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """Where a reference's print lies on a card: what is at p on the reference is at p + d(p) on the card.

    With u = p - middle of the card, d(p) = (a0 + a1 ux + a2 uy, b0 + b1 ux + b2 uy), all in millimetres.

    Attributes:
        map: a0, a1, a2, b0, b1, b2.
        covariance: of them [6, 6], from how much the parts of the card disagree.
        correlation: of the two pictures where they agree, 0 to 1.
        agreeing: share of the pixels that were not weighed down.
    """

    map: Floats
    covariance: Floats
    correlation: float
    agreeing: float

    def displacement(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """D at points [N, 2] on the reference, in mm [N, 2], and its standard uncertainties [N, 2]."""
        design = np.column_stack([np.ones(len(points_mm)), points_mm - _MIDDLE_MM])
        moved = design @ self.map.reshape(2, 3).T
        blocks = (self.covariance[:3, :3], self.covariance[3:, 3:])
        variance = np.column_stack([np.einsum("ni,ij,nj->n", design, block, design) for block in blocks])
        return np.asarray(moved), np.asarray(np.sqrt(variance))


def align(card: Image, reference: Image) -> Alignment:
    """Align a card with its reference.

    Args:
        card: the straightened card, uint8 [H, W] grey, its outline on the picture's boundary.
        reference: uint8 [H, W] grey, of the same size.

    Raises:
        MeasurementError: when they do not show the same print.
    """
    fixed, moving = normalised(reference), normalised(card)
    scale = _px_per_mm(card.shape)
    shift = _coarse_shift_mm(fixed, moving, scale)
    steps = _Steps(fixed, scale)
    parameters = np.array([shift[0], 0.0, 0.0, shift[1], 0.0, 0.0])
    for _ in range(ITERATIONS):
        change = steps.change(moving, parameters)
        parameters = parameters + change
        if np.abs(change * ((1, *_HALF_CARD_MM) * 2)).max() < CONVERGED_MM:
            break
    found = steps.at(moving, parameters)
    _check(found, parameters)
    return found


def correlation(card: Image, reference: Image) -> float:
    """How much two straightened pictures [H, W] resemble each other after the best shift, -1 to 1."""
    fixed, moving = normalised(reference), normalised(card)
    scale = _px_per_mm(card.shape)
    shift = np.round(_coarse_shift_mm(fixed, moving, scale) * scale)
    moved = cv2.warpAffine(
        moving, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), card.shape[::-1], flags=cv2.WARP_INVERSE_MAP
    )
    inside = _inner_mask(card.shape)
    a, b = fixed[inside], np.asarray(moved, dtype=np.float32)[inside]
    return float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-9))


def normalised(picture: Image) -> Pixels:
    """A grey picture without its illumination, lightly smoothed: float32 [H, W]."""
    scale = picture.shape[1] / CARD_WIDTH_MM
    plain = picture.astype(np.float32)
    plain -= _blurred(plain, DETAIL_MM * scale)
    contrast = np.sqrt(_blurred(plain * plain, NEIGHBOURHOOD_MM * scale) + CONTRAST_FLOOR**2)
    return np.asarray(cv2.GaussianBlur(plain / contrast, (0, 0), SMOOTHING_PX), dtype=np.float32)


def _blurred(picture: Pixels, sigma: float) -> Pixels:
    """Box filters: nearly a Gaussian, at a cost that does not depend on its size."""
    width = 2 * round((np.sqrt(4 * sigma**2 + 1) - 1) / 2) + 1
    for _ in range(_BOXES):
        picture = np.asarray(cv2.blur(picture, (width, width), borderType=cv2.BORDER_REFLECT), dtype=np.float32)
    return picture


def _px_per_mm(shape: tuple[int, ...]) -> Floats:
    return np.array([shape[1] / CARD_WIDTH_MM, shape[0] / CARD_HEIGHT_MM])


def _coarse_shift_mm(fixed: Pixels, moving: Pixels, scale: Floats) -> Floats:
    window = cv2.createHanningWindow(fixed.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(fixed, moving, window)
    shift = np.array([x, y]) / scale
    return shift if np.abs(shift).max() <= MAX_SHIFT_MM else np.zeros(2)


@lru_cache(maxsize=4)
def _inner_mask(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels that lie clear of the cut and of the rounded corners."""
    x, y = _centres_mm(shape)
    from_side = np.minimum(x, CARD_WIDTH_MM - x)
    from_end = np.minimum(y, CARD_HEIGHT_MM - y)
    outside = np.hypot(np.maximum(CORNER_RADIUS_MM - from_side, 0), np.maximum(CORNER_RADIUS_MM - from_end, 0))
    clear = (from_side > RIM_MM) & (from_end > RIM_MM) & (outside < CORNER_RADIUS_MM - CLEAR_OF_CUT_MM)
    return np.asarray(clear, dtype=np.bool_)


def _centres_mm(shape: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """Where the pixels of a picture of a whole card lie: x [1, W] and y [H, 1] in mm."""
    x = (np.arange(shape[1], dtype=np.float32) + 0.5) * np.float32(CARD_WIDTH_MM / shape[1])
    y = (np.arange(shape[0], dtype=np.float32) + 0.5) * np.float32(CARD_HEIGHT_MM / shape[0])
    return x[None, :], y[:, None]


class _Steps:
    """Gauss-Newton steps towards the affine map, against one reference; on the pixels that show where the print is."""

    def __init__(self, fixed: Pixels, scale: Floats) -> None:
        height, width = fixed.shape
        self._scale = scale
        slopes = _gradients(fixed, scale)
        strength = np.where(_inner_mask((height, width)), np.hypot(*slopes), 0.0).ravel()
        count = int(TELLING_SHARE * strength.size)
        self._at = np.sort(np.argpartition(strength, -count)[-count:])
        row, column = np.divmod(self._at, width)
        x, y = _centres_mm((height, width))
        self._ux = x[0, column] - np.float32(_MIDDLE_MM[0])
        self._uy = y[row, 0] - np.float32(_MIDDLE_MM[1])
        self._tile = (row * TILES[0] // height) * TILES[1] + column * TILES[1] // width
        self._slopes = np.stack([np.take(slope, self._at) for slope in slopes])
        self._picture = np.take(fixed, self._at)

    def change(self, moving: Pixels, parameters: Floats) -> Floats:
        """The change of the parameters that fits best."""
        inverse, pulls, _, _ = self._solved(moving, parameters)
        return np.asarray(inverse @ pulls.sum(axis=1, dtype=np.float64))

    def at(self, moving: Pixels, parameters: Floats) -> Alignment:
        """What is known at these parameters."""
        inverse, pulls, picture, weights = self._solved(moving, parameters)
        seen = weights[weights > 0]
        return Alignment(
            map=parameters,
            covariance=self._covariance(pulls, inverse),
            correlation=_weighted_correlation(picture, self._picture, weights),
            agreeing=float(np.mean(seen > _QUARTER)) if len(seen) else 0.0,
        )

    def _solved(self, moving: Pixels, parameters: Floats) -> tuple[Floats, Pixels, Pixels, Pixels]:
        """The inverse normal matrix [6, 6], each pixel's pull [6, K], the card there [K], and its weight [K]."""
        moved = self._moved(moving, parameters)
        gx, gy = (self._slopes + [np.take(slope, self._at) for slope in _gradients(moved, self._scale)]) / 2
        picture, valid = np.take(moved, self._at), self._on_card(parameters)
        gain = _gain(picture * valid, self._picture * valid)
        residual = gain * self._picture - picture
        spread = DEVIATIONS * float(np.median(np.abs(residual)))
        weights = valid / np.square(1 + np.square(residual / np.float32(max(CUT_STDS * spread, LEAST_CUT))))
        design = np.stack([gx, gx * self._ux, gx * self._uy, gy, gy * self._ux, gy * self._uy])
        weighted = design * weights
        bend = (weighted @ design.T).astype(np.float64) + 1e-9 * np.eye(_UNKNOWNS)
        return np.linalg.inv(bend), weighted * residual, picture, weights

    def _covariance(self, pulls: Pixels, inverse: Floats) -> Floats:
        """Sandwich estimate with the tiles as clusters: it stays honest where neighbouring pixels err together."""
        count = TILES[0] * TILES[1]
        sums = np.stack([np.bincount(self._tile, pull, minlength=count) for pull in pulls])
        sums = sums - sums.mean(axis=1, keepdims=True)
        return np.asarray(inverse @ (sums @ sums.T) @ inverse * count / (count - _UNKNOWNS), dtype=np.float64)

    def _moved(self, moving: Pixels, parameters: Floats) -> Pixels:
        """The card's picture, resampled so that the print lies where the reference has it."""
        bend = np.eye(2) + parameters.reshape(2, 3)[:, 1:]
        # Pixel centres of the reference -> mm -> mm on the card -> pixels of the card.
        linear = np.diag(self._scale) @ bend @ np.diag(1 / self._scale)
        offset = self._scale * (_MIDDLE_MM + parameters[[0, 3]] - bend @ _MIDDLE_MM) + linear @ np.full(2, 0.5) - 0.5
        matrix = np.column_stack([linear, offset])
        # Linear: OpenCV's bicubic resampling displaces by up to 0.05 pixels.
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = moving.shape[1], moving.shape[0]
        return np.asarray(
            cv2.warpAffine(moving, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
        )

    def _on_card(self, parameters: Floats) -> NDArray[np.bool_]:
        a, b = parameters[:3].astype(np.float32), parameters[3:].astype(np.float32)
        x = self._ux * (1 + a[1]) + self._uy * a[2] + a[0]
        y = self._uy * (1 + b[2]) + self._ux * b[1] + b[0]
        reach = (_MIDDLE_MM - CLEAR_OF_CUT_MM).astype(np.float32)
        return np.asarray((np.abs(x) < reach[0]) & (np.abs(y) < reach[1]), dtype=np.bool_)


def _gradients(picture: Pixels, scale: Floats) -> tuple[Pixels, Pixels]:
    """Slopes to the right and down, float32 [H, W], per mm."""
    x = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=1, scale=float(scale[0]) / 2)
    y = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=1, scale=float(scale[1]) / 2)
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def _gain(picture: Pixels, reference: Pixels) -> np.float32:
    return np.float32(np.clip(picture @ reference / max(float(reference @ reference), 1e-6), *_GAINS))


def _weighted_correlation(a: Pixels, b: Pixels, weights: Pixels) -> float:
    products = (float(weights @ (x * y)) for x, y in ((a, b), (a, a), (b, b)))
    both, first, second = products
    return both / max(float(np.sqrt(first * second)), 1e-9)


def _check(found: Alignment, parameters: Floats) -> None:
    stretch = np.abs(parameters[[1, 2, 4, 5]]).max()
    wrong = found.correlation < MIN_CORRELATION or found.agreeing < MIN_AGREEING or stretch > MAX_STRETCH
    if wrong or np.abs(parameters[[0, 3]]).max() > MAX_SHIFT_MM or not np.isfinite(parameters).all():
        raise MeasurementError(
            "the card does not look like its reference picture: another card, or too much of it is hidden or blurred"
        )
