"""Rectified crops of cards as the scanner sees them: photographed by the simulator under one condition each.

The card itself is any picture: a simulated card or one of a folder. It is put into a random scene of the condition,
photographed, and cut out by corners that are a little off, as a detector's are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad, side_lengths
from edge.imaging.rectification import rectify
from edge.simulator.compositing import blend, cast_shadow, outline_px
from edge.simulator.conditions import PRESETS, Conditions
from edge.simulator.items import PlacedCard, Scene, card_quad_px, draw_item, item_patch, item_shadow
from edge.simulator.sampling import random_scene
from edge.simulator.sensor import expose, take_picture
from edge.simulator.sets import CardSpec, demo_cards
from edge.simulator.sleeve import card_layer
from edge.simulator.surfaces import draw_surface
from training.data.gallery import GalleryImage

FRAME_PX = 960
# Standard deviation of each coordinate of a corner, as a share of the card's width: the corner that is furthest off is
# then off by 1 % (median), the detector's own figure being 0.65 %.
CORNER_ERROR = 0.005
EVERYTHING = "everything"
# The presets' scale is that of a frame of 1520 pixels; here the same cards, 350 to 500 pixels wide, fill a smaller one.
_PX_PER_MM = (5.5 * 1520 / FRAME_PX, 8.0 * 1520 / FRAME_PX)
_NAMES = ("clean", "sleeved", "occluded_20", "finger", "glare", "foil", "blur", "low_light", "tilt", EVERYTHING)
CONDITIONS: Mapping[str, Conditions] = {
    name: replace(PRESETS[name], cards=(1, 1), crop=0.0, back=0.0, px_per_mm=_PX_PER_MM) for name in _NAMES
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CropJob:
    """One crop to make: of which picture, under which condition; everything random follows from the seed."""

    image: GalleryImage
    condition: str
    seed: int


def render_crop(job: CropJob) -> Image:
    """Photograph a card and cut it out, upright.

    Returns:
        uint8 [704, 504, 3] BGR.

    Raises:
        ImageError: if the card's picture cannot be read.
    """
    (crop,) = render_looks(job, 1)
    return crop


def render_looks(job: CropJob, count: int) -> list[Image]:
    """Photograph a card that lies still several times: noise and the outline's error differ.

    Returns:
        `count` crops as `render_crop` gives one.

    Raises:
        ImageError: if the card's picture cannot be read.
    """
    cv2.setNumThreads(1)
    scene = random_scene(job.seed, [_stand_in()], CONDITIONS[job.condition], (FRAME_PX, FRAME_PX))
    (card,) = scene.cards
    lit, quad = _lit(scene, card, job.image.load()), card_quad_px(scene.camera, card.pose)
    return [
        rectify(
            take_picture(lit, replace(scene.sensor, seed=scene.sensor.seed + number)),
            _imprecise(quad, np.random.default_rng([job.seed, 1 + number])),
        )
        for number in range(count)
    ]


def _lit(scene: Scene, card: PlacedCard, face: Image) -> Image:
    """What `edge.simulator.scene.render_scene` shows the camera, with a picture in place of the card's own print."""
    camera = scene.camera
    frame = draw_surface(scene.surface, camera.width, camera.height, camera.px_per_mm)
    for item in scene.below:
        draw_item(frame, camera, item, scene.light)
    layer = card_layer(_at_scale(face, scene, card), card.finish)
    cast_shadow(frame, outline_px(camera, card.pose, layer), item_shadow(camera, card, scene.light))
    patch = item_patch(camera, card, layer)
    if patch is not None:
        blend(frame, patch)
    for cover in scene.above:
        draw_item(frame, camera, cover, scene.light)
    return expose(frame, scene.light)


def _at_scale(face: Image, scene: Scene, card: PlacedCard) -> Image:
    """The picture at the finest scale at which the camera sees the card, so that the projection does not alias."""
    sides = side_lengths(card_quad_px(scene.camera, card.pose))
    scale = max(sides[0], sides[2]) / CARD_WIDTH_MM, max(sides[1], sides[3]) / CARD_HEIGHT_MM
    px_per_mm = min(max(scale), face.shape[1] / CARD_WIDTH_MM)
    size = round(CARD_WIDTH_MM * px_per_mm), round(CARD_HEIGHT_MM * px_per_mm)
    return np.asarray(cv2.resize(face, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _imprecise(quad: Quad, rng: np.random.Generator) -> Quad:
    sides = side_lengths(quad)
    return np.asarray(quad + rng.normal(0, CORNER_ERROR, (4, 2)) * (sides[0] + sides[2]) / 2, dtype=np.float64)


@lru_cache(maxsize=1)
def _stand_in() -> CardSpec:
    """Stands for the card while a scene is drawn; its print is never shown."""
    return replace(demo_cards()[0], foil=None)
