"""Distances to the nearest card, of crops of cards inside and outside a gallery."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distances:
    """Distances to the nearest gallery card.

    Attributes:
        known: float64 [N], queries of gallery cards whose nearest card was the right one.
        mistaken: float64 [M], queries of gallery cards whose nearest card was another one.
        unknown: float64 [K], queries of cards outside the gallery.
    """

    known: NDArray[np.float64]
    mistaken: NDArray[np.float64]
    unknown: NDArray[np.float64]
