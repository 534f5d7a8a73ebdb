"""Results of a photo that was decoded reduced, told in the pixels of its file."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.centering import Centering
from edge.centering.result import Pixel
from edge.imaging.decoding import Photo
from edge.wire.photo_result import PhotoResult


def enlarged_points(points: NDArray[np.floating], reduction: int) -> NDArray[np.float64]:
    """Points [N, 2] of a reduced photo, where they are in its file; whole numbers are the middles of pixels."""
    return (np.asarray(points, dtype=np.float64) + 0.5) * reduction - 0.5


def enlarged_centering(centering: Centering, reduction: int) -> Centering:
    """A measurement with its places and its outline in pixels of the file."""
    if reduction == 1:
        return centering
    places = tuple(
        replace(
            place,
            outer_px=_enlarged(place.outer_px, reduction),
            inner_px=None if place.inner_px is None else _enlarged(place.inner_px, reduction),
        )
        for place in centering.places
    )
    quad = None if centering.quad is None else enlarged_points(centering.quad, reduction)
    return replace(centering, places=places, quad=quad, px_per_mm=centering.px_per_mm * reduction)


def enlarged_result(result: PhotoResult, photo: Photo) -> PhotoResult:
    """What was found in a photo, its size and corners in pixels of the file; centering is left as it is."""
    if photo.reduction == 1:
        return result
    cards = [
        card.model_copy(update={"corners": [_enlarged(corner, photo.reduction) for corner in card.corners]})
        for card in result.cards
    ]
    return result.model_copy(update={"width": photo.width, "height": photo.height, "cards": cards})


def _enlarged(point: Pixel, reduction: int) -> Pixel:
    x, y = enlarged_points(np.array([point]), reduction)[0]
    return round(float(x), 3), round(float(y), 3)
