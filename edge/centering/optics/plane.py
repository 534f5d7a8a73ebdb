"""The card's plane in the picture: between card millimetres and image pixels, lens distortion included."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.curves import crossings
from edge.centering.edges.print_edge import BorderSide
from edge.centering.edges.strips import Floats, card_to_image
from edge.centering.optics.lens import LensModel
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Side, transform_points

# numerics: the map from a card to its picture is exact at nodes this far apart, and linear between them.
_NODE_STEP = 16
# numerics: samples along each side of a pixel, so that means of pixels and not single points are taken.
_FINER = 2
# numerics: points along each side, so that a bowed one is within the picture cut out.
_POINTS_PER_SIDE = 9
_CORNERS: tuple[tuple[Side, Side], ...] = (("left", "top"), ("right", "top"), ("right", "bottom"), ("left", "bottom"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CardPlane:
    """Where each point of a card lies in the picture.

    Attributes:
        to_undistorted: homography [3, 3] from card millimetres to undistorted pixels.
        lens: what the lens does to those.
    """

    to_undistorted: Floats
    lens: LensModel

    def image_points(self, points_mm: Floats) -> Floats:
        """Pixels [N, 2] of card points [N, 2] in mm."""
        return self.lens.distorted(transform_points(self.to_undistorted, points_mm))

    def card_points(self, points_px: Floats) -> Floats:
        """Card points [N, 2] in mm of pixels [N, 2]."""
        inverse = np.asarray(np.linalg.inv(self.to_undistorted), dtype=np.float64)
        return transform_points(inverse, self.lens.undistorted(points_px))

    def straightened(self, image: Image, width: int, height: int, px_per_mm: float) -> Image:
        """The card in grey, its outline on the picture's boundary.

        Args:
            image: uint8 [H, W, 3] BGR.
            width: of the result.
            height: of the result.
            px_per_mm: of the card in the image; finer pictures are averaged.

        Returns:
            uint8 [height, width].
        """
        shrink = max(1, int(px_per_mm * CARD_WIDTH_MM / (width * _FINER)))
        corners = self.image_points(_outline_mm())
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
        size = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 3, image.shape[1::-1]) - low
        size -= size % shrink
        around = image[low[1] : low[1] + size[1], low[0] : low[0] + size[0]]
        # Made smaller before it is made grey: the mean of each shrink x shrink pixels.
        small = cv2.resize(around, (size // shrink).tolist(), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        x, y = self._pixel_maps(width * _FINER, height * _FINER, low.astype(np.float64), shrink)
        fine = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _pixel_maps(self, width: int, height: int, low: Floats, shrink: int) -> list[NDArray[np.float32]]:
        """X and y, float32 [height, width], of the straightened card's pixels in a part of the image made smaller."""
        columns, rows = -(-width // _NODE_STEP) + 2, -(-height // _NODE_STEP) + 2
        # `cv2.resize` puts node k of the coarse grid at pixel (k + 0.5) * step - 0.5 of the fine one.
        x = (np.arange(columns) - 0.5) * _NODE_STEP * CARD_WIDTH_MM / width
        y = (np.arange(rows) - 0.5) * _NODE_STEP * CARD_HEIGHT_MM / height
        nodes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        coarse = (self.image_points(nodes) - low + 0.5) / shrink - 0.5
        size = columns * _NODE_STEP, rows * _NODE_STEP
        inner = slice(_NODE_STEP, _NODE_STEP + height), slice(_NODE_STEP, _NODE_STEP + width)
        planes = coarse.astype(np.float32).reshape(rows, columns, 2)
        return [
            np.asarray(cv2.resize(planes[..., k].copy(), size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)[inner]
            for k in (0, 1)
        ]


def card_plane(sides: Mapping[Side, BorderSide], lens: LensModel) -> CardPlane:
    """The plane through the four outer edges, made straight."""
    straight = {side: _straight_line(found, lens) for side, found in sides.items()}
    first, second = (np.array([straight[corner[k]] for corner in _CORNERS]) for k in (0, 1))
    return CardPlane(to_undistorted=card_to_image(crossings(first, second)), lens=lens)


def _outline_mm() -> Floats:
    share = np.linspace(0, 1, _POINTS_PER_SIDE)
    zero, one = np.zeros_like(share), np.ones_like(share)
    sides = np.concatenate([np.stack(s, axis=1) for s in ((share, zero), (share, one), (zero, share), (one, share))])
    return np.asarray(sides * (CARD_WIDTH_MM, CARD_HEIGHT_MM), dtype=np.float64)


def _straight_line(found: BorderSide, lens: LensModel) -> Floats:
    """The outer edge in undistorted pixels as a x + b y + c = 0, by total least squares."""
    used = found.outer.used
    points = lens.undistorted(found.strip.image_points(found.outer.across_mm[used], found.strip.along_mm[used]))
    centre = np.einsum("nc->c", points) / len(points)
    away = points - centre
    (xx, xy), (_, yy) = (away.T @ away).tolist()
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    a, b = -math.sin(angle), math.cos(angle)
    return np.array([a, b, -a * float(centre[0]) - b * float(centre[1])])
