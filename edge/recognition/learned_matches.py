"""Which learned cards a crop may show.

A learned card is known by looks of the camera that looks at the cards to come, in the same light: any card is nearer to
such a look than to the picture of a card in the database, and the database's calibration was measured on pictures. So a
learned card counts only where the crop itself lies on the look that was kept, which a card of other art does not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.database.learned_gallery import LearnedGallery
from edge.database.search import Match
from edge.geometry import Image
from edge.recognition.evidence import agreement

# chosen: correlation of a crop with the look that was kept, from which it may show the same card; with it no card of
# other art was confirmed as a learned one (`card-training evaluate learned`).
LEAST_AGREEMENT = 0.5
# physics: each comparison takes a millisecond, and what a crop shows is the nearest card or none.
_COMPARED = 3


def with_learned(
    matches: Sequence[Match], learned: LearnedGallery, embedding: NDArray[np.float32], card: Image
) -> tuple[Match, ...]:
    """The matches with the learned cards among them that a crop may show, by ascending distance.

    Args:
        matches: of the card database, nearest first, at least one.
        learned: the learned cards.
        embedding: of the crop, float32 [dimension].
        card: the crop, a rectified card, uint8 [height, width, 3] BGR.

    Raises:
        DatabaseError: if a kept picture is damaged.
    """
    near = [match for match in learned.nearest(embedding)[:_COMPARED] if match.distance < matches[-1].distance]
    shown = [
        match
        for match in near
        if agreement(card, match.rotation, learned.print_reference(match.card_id)) >= LEAST_AGREEMENT
    ]
    return tuple(sorted([*shown, *matches], key=lambda match: match.distance)) if shown else tuple(matches)
