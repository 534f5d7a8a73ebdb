"""What can lie in a scene, and how it is drawn: cards, hands, and things that are not cards."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_RADIUS_MM, Image, Quad, side_lengths
from edge.simulator.camera import Camera, Points, Pose, local_to_rays, project
from edge.simulator.card import Printed, foil_mask, render_back, render_card
from edge.simulator.compositing import Layer, Patch, Shadow, blend, cast_shadow, outline_px, warp
from edge.simulator.hand import Hand, hand_layer
from edge.simulator.props import PropKind, prop_layer
from edge.simulator.sensor import EVEN_LIGHT, IDEAL_SENSOR, Light, Sensor, motion_blurred
from edge.simulator.sleeve import BARE, Finish, card_layer, rounded_rectangle
from edge.simulator.surfaces import Surface

HALF_CARD_MM = (CARD_WIDTH_MM / 2, CARD_HEIGHT_MM / 2)
CARD_CORNERS_MM = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * HALF_CARD_MM
CARD_OUTLINE_MM = rounded_rectangle(CARD_WIDTH_MM, CARD_HEIGHT_MM, CORNER_RADIUS_MM)
_FOIL_MASK_PX_PER_MM = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCard:
    """One card in a scene.

    Attributes:
        spec: which card; None lies face down.
        pose: where it lies.
        offset_mm: shift of the print against the cut, right and down.
        rotation_deg: turn of the print against the cut.
        finish: what lies around and on it.
        motion_px: path during the exposure (x, y); the truth is the middle of the path.
    """

    spec: Printed | None
    pose: Pose
    offset_mm: tuple[float, float] = (0.0, 0.0)
    rotation_deg: float = 0.0
    finish: Finish = BARE
    motion_px: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedProp:
    """One thing that is not a card."""

    kind: PropKind
    seed: int
    pose: Pose


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedHand:
    """One hand; it is nearer to the camera than the cards and a little out of focus."""

    hand: Hand
    pose: Pose
    motion_px: tuple[float, float] = (0.0, 0.0)


Item = PlacedCard | PlacedProp | PlacedHand


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that determines a picture.

    Attributes:
        camera: the camera.
        surface: the bench.
        below: things under or beside the cards, bottom to top.
        cards: bottom to top.
        above: things on the cards, bottom to top.
        light: illumination and exposure.
        sensor: blur, noise, compression.
    """

    camera: Camera
    surface: Surface
    below: tuple[PlacedProp, ...] = ()
    cards: tuple[PlacedCard, ...] = ()
    above: tuple[PlacedProp | PlacedHand, ...] = ()
    light: Light = EVEN_LIGHT
    sensor: Sensor = IDEAL_SENSOR


def draw_item(frame: Image, camera: Camera, item: Item, light: Light) -> Points:
    """Draw one thing and its shadow into a frame, in place; returns its outline [N, 2] in frame pixels."""
    layer = item_layer(camera, item)
    outline = outline_px(camera, item.pose, layer)
    cast_shadow(frame, outline, item_shadow(camera, item, light))
    patch = item_patch(camera, item, layer)
    if patch is not None:
        blend(frame, patch)
    return outline


def item_layer(camera: Camera, item: Item) -> Layer:
    """A thing as a layer, at the resolution at which the camera sees it."""
    if isinstance(item, PlacedHand):
        return hand_layer(item.hand)
    if isinstance(item, PlacedProp):
        return prop_layer(item.kind, item.seed, camera.px_per_mm)
    scale = _texture_px_per_mm(camera, item.pose)
    face = _face(item.spec, scale, item.offset_mm, item.rotation_deg)
    area = None
    if item.finish.foil and item.spec:
        area = foil_mask(item.spec, _FOIL_MASK_PX_PER_MM)
    return card_layer(face, item.finish, area)


def item_patch(camera: Camera, item: Item, layer: Layer, supersample: int = 2) -> Patch | None:
    """A thing as the camera sees it, with the blur that is its own; None when it is out of the frame."""
    motion = (0.0, 0.0) if isinstance(item, PlacedProp) else item.motion_px
    pad = 3 + math.ceil(math.hypot(*motion) / 2)
    patch = warp(camera, item.pose, layer, 1 if isinstance(item, PlacedHand) else supersample, pad)
    return Patch(window=patch.window, image=motion_blurred(patch.image, motion)) if patch else None


def item_shadow(camera: Camera, item: Item, light: Light) -> Shadow:
    """The shadow of a thing: the higher it is, the softer and the further away."""
    raised = isinstance(item, PlacedHand) or (isinstance(item, PlacedProp) and item.kind in ("die", "egg", "pen"))
    tilt = math.sin(math.radians(item.pose.tilt_deg)) * HALF_CARD_MM[0]
    height_mm = 0.5 + 0.3 * item.pose.lift_mm + 0.6 * tilt + (3.0 if raised else 0.0)
    reach = height_mm * camera.px_per_mm
    offset = light.direction[0] * reach, light.direction[1] * reach
    return Shadow(offset_px=offset, softness_px=0.5 + 0.5 * reach, darkness=0.55 / (1 + 0.06 * height_mm))


def card_quad_px(camera: Camera, pose: Pose) -> Quad:
    """The card's sharp corners [4, 2] in frame pixels, from its own top-left clockwise."""
    return project(camera, local_to_rays(camera, pose, HALF_CARD_MM), CARD_CORNERS_MM)


def card_outline_px(camera: Camera, pose: Pose) -> Points:
    """The card's rounded outline [N, 2] in frame pixels."""
    return project(camera, local_to_rays(camera, pose, HALF_CARD_MM), CARD_OUTLINE_MM)


def _texture_px_per_mm(camera: Camera, pose: Pose) -> float:
    """The finest scale at which a card appears, rounded up to halves so that textures can be shared."""
    sides = side_lengths(card_quad_px(camera, pose)) / (CARD_WIDTH_MM, CARD_HEIGHT_MM, CARD_WIDTH_MM, CARD_HEIGHT_MM)
    return float(np.clip(np.ceil(2 * sides.max()) / 2, 1.5, 20.0))


@functools.lru_cache(maxsize=48)
def _face(spec: Printed | None, px_per_mm: float, offset_mm: tuple[float, float], rotation_deg: float) -> Image:
    return render_card(spec, px_per_mm, offset_mm, rotation_deg) if spec else render_back(px_per_mm)
