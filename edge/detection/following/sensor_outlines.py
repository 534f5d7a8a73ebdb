"""What a sensor that runs the outline network says of the cards that are known, and of others.

It says where the centres of cards are; an outline is fitted only around one that is of no known card.
"""

from dataclasses import dataclass

import numpy as np

from edge.detection.cards import MIN_SCORE
from edge.detection.following.known import NESTED, Followed
from edge.detection.networks.dense import Centre, card_centres, outlines_at
from edge.detection.networks.outline import Proposal
from edge.frame import OutlineMaps
from edge.geometry import (
    SAME_CARD_IOU,
    Box,
    bounding_box,
    quad_intersection_over_smaller,
    quad_iou,
    side_lengths,
)

# geometry: of a card's shorter side: a centre so near to its middle is its own. A cell beside the middle's is up to 11
# pixels away, of the 36 of the smallest cards that the network knows well.
CENTRED = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """What a sensor says of one frame.

    Attributes:
        seen: of each known card, whether the sensor sees it.
        new: a box around each thing that is no known card, and its outline where the sensor has that.
    """

    seen: list[bool]
    new: list[tuple[Box, Proposal | None]]


def looked_at_outlines(maps: OutlineMaps, known: list[Followed]) -> Looked:
    """Compare what the maps show with the known cards."""
    centres = card_centres(maps, MIN_SCORE)
    seen = [any(_is_middle(centre, card) for centre in centres) for card in known]
    others = [centre for centre in centres if not any(_is_middle(centre, card) for card in known)]
    new: list[tuple[Box, Proposal | None]] = []
    for outline in outlines_at(maps, others):
        mine = [_is_outline(outline, card) for card in known]
        seen = [before or now for before, now in zip(seen, mine, strict=True)]
        if not any(mine):
            new.append((bounding_box(outline.quad), outline))
    return Looked(seen=seen, new=new)


def _is_middle(centre: Centre, card: Followed) -> bool:
    quad = card.detection.quad
    return bool(np.linalg.norm(centre.point - quad.mean(axis=0)) < CENTRED * side_lengths(quad).min())


def _is_outline(outline: Proposal, card: Followed) -> bool:
    """Whether an outline is a known card's, or that of the holder that it was taken for before."""
    quad = card.detection.quad
    if quad_iou(outline.quad, quad) > SAME_CARD_IOU:
        return True
    return card.corrected and quad_intersection_over_smaller(outline.quad, quad) > NESTED
