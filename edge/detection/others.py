"""Other outlines that a card may have than the one first found: inside its sleeve, or of the picture that it fills."""

import cv2
import numpy as np

from edge.detection.refinement import fit_outline
from edge.detection.shape import grown_quad
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad, card_quad, distinct_quads, side_lengths

# chosen: a picture may show a little less of a card than all of it: so much is cut off each side, as a share of it
# (`card-training evaluate references`).
CUTS = (0.0, 0.02)
# chosen: most that may be cut off in one direction and not in the other, or lie beside the card
# (`card-training evaluate references`).
MAX_CUT = 0.08
# chosen: colours of a picture that shows something are spread by so many levels once it is so small that noise is not
# (`card-training evaluate references`).
MIN_LEVELS = 4.0
_SMALL_PX = 16
# geometry: sleeves of 66 x 91 mm end 1.5 mm beyond the card: there it is sought, and 1 mm beside.
TIGHT_SLEEVE_MM = 1.5
SLEEVE_REACH_MM = 1.0
# geometry: outlines whose sides are 1 mm apart overlap by 0.95: nearer ones are one.
SAME_IOU = 0.95


def filling_quads(image: Image) -> list[Quad]:
    """Outlines of a card that fills a picture or is cut a little by it; none where it has another shape or is plain.

    Args:
        image: uint8 [H, W, 3] BGR.

    Returns:
        Card quads [4, 2] in its pixels; corners may lie outside it.
    """
    height, width = image.shape[:2]
    if abs(np.log(max(width, height) / min(width, height) * CARD_WIDTH_MM / CARD_HEIGHT_MM)) > MAX_CUT:
        return []
    if cv2.resize(image, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA).std(axis=(0, 1)).max() < MIN_LEVELS:
        return []
    whole = card_quad(np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5)
    centre = whole.mean(axis=0)
    return [centre + (1 + 2 * cut) * (whole - centre) for cut in CUTS]


def sleeved_quad(image: Image, quad: Quad) -> Quad:
    """Where the card lies, should an outline be that of its tight sleeve.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: card quad [4, 2] in its pixels.
    """
    inner = grown_quad(quad, -TIGHT_SLEEVE_MM)
    outline = fit_outline(image, inner, SLEEVE_REACH_MM / CARD_WIDTH_MM * float(side_lengths(quad).min()))
    return inner if outline is None else outline.quad


def distinct(quads: list[Quad], known: Quad) -> list[Quad]:
    """The outlines that are neither nearly `known` nor nearly one before them."""
    every = [known, *quads]
    return [every[k] for k in distinct_quads(every, SAME_IOU)[1:]]
