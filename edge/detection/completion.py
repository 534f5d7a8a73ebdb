"""Where something lies over a whole side of a card: how far the card goes on beneath it.

Three sides of the card are seen, and in place of the fourth the edge of the thing that covers it. Beyond that edge the
picture has another colour than beyond the other three, and the card seems too short. It is as long as a card is.
"""

import numpy as np
from numpy.typing import NDArray

from edge.detection.refinement import side_profiles
from edge.geometry import CARD_ASPECT, Image, Quad, side_lengths

# chosen: colours are read this far beyond the sides, as shares of the card's width: 2 to 5 mm, beside its shadow.
NEAREST, FARTHEST = 0.03, 0.08
# chosen: in so many places across.
SAMPLES = 4
# chosen: a side lies against another thing if its surroundings are so many levels, and so many times the spread of the
# other sides' surroundings, from theirs.
OTHER_LEVELS = 20.0
OTHER_SPREADS = 3.0
# chosen: of the sides that run beneath: a card does not end before it is seen to, but for how far a side is off.
SHRINKS = 0.97
# geometry: no more than a third of a card is guessed.
MAX_GROWTH = 1.5
# chosen: a side that seems covered but ends where a card does is not.
NOTHING_MISSING = 0.06
# chosen: a side so much longer or shorter than the opposite one tells of a tilt, which makes a card look short, too.
TILTED = 0.05


def completed(image: Image, quad: Quad) -> Quad:
    """An outline with the covered side moved to where it must be for a card that lies flat.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: [4, 2] in its pixels, starting at any side.

    Returns:
        [4, 2] in the same order; `quad` itself where no side, or more than one, seems to be covered.
    """
    side = _covered_side(_surroundings(image, quad))
    if side is None:
        return quad
    lengths = side_lengths(quad)
    opposite = lengths[side - 2]
    seen = (lengths[side - 1] + lengths[side - 3]) / 2
    lengths_of_cards = (opposite / CARD_ASPECT, opposite * CARD_ASPECT)
    length = min((each for each in lengths_of_cards if each >= SHRINKS * seen), default=np.inf)
    change = np.abs(np.log(length / lengths[[side - 1, side - 3]])).max()
    if change < NOTHING_MISSING or length > MAX_GROWTH * seen or abs(np.log(lengths[side] / opposite)) > TILTED:
        return quad
    complete = quad.copy()
    for corner, other in ((side, side - 1), (side - 3, side - 2)):
        along = quad[corner] - quad[other]
        complete[corner] = quad[other] + length / np.linalg.norm(along) * along
    return complete


def _surroundings(image: Image, quad: Quad) -> NDArray[np.float64]:
    """Colours [4, S, 3] beyond the places along the sides."""
    width_px = float(side_lengths(quad).min())
    step_px = FARTHEST * width_px / SAMPLES
    profiles = side_profiles(image, quad, step_px, SAMPLES - 2)
    first = len(profiles[0, 0]) // 2 + round(NEAREST * width_px / step_px)
    return np.asarray(np.median(profiles[:, :, first:], axis=2), np.float64)


def _covered_side(colours: NDArray[np.float64]) -> int | None:
    """The one side whose surroundings are unlike those of the others."""
    other: list[int] = []
    for side in range(4):
        rest = np.delete(colours, side, axis=0).reshape(-1, 3)
        usual = np.median(rest, axis=0)
        spread = float(np.median(np.linalg.norm(rest - usual, axis=1)))
        distance = float(np.median(np.linalg.norm(colours[side] - usual, axis=1)))
        if distance > max(OTHER_LEVELS, OTHER_SPREADS * spread):
            other.append(side)
    return other[0] if len(other) == 1 else None
