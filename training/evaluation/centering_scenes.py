"""Simulated cards of known border, for whatever measures or fits centering: the picture, and what is true of it.

A card is measured from an outline that is wrong by a few tenths of a millimetre, as a detector's is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.registration.original import print_reference
from edge.centering.result import Face
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad
from edge.imaging.print_reference import PrintReference
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH
from edge.simulator.camera import local_to_rays, project
from edge.simulator.card import Printed, print_edges_mm, render_back, render_card
from edge.simulator.conditions import CLEAN, Conditions
from edge.simulator.scene import Scene, random_scene, render_scene
from edge.simulator.sets import CardSpec, unknown_cards
from edge.simulator.truth import CardTruth
from training.data.gallery import square_corners

OUTLINE_ERROR = 0.006

_STILL = replace(CLEAN, px_per_mm=(9.5, 13.5), print_offset_mm=1.5, upright=1.0)
CONDITIONS: Mapping[str, tuple[Conditions, int]] = {
    "clean, 15 px/mm": (replace(_STILL, px_per_mm=(11.7, 11.7)), 1950),
    "8 to 25 px/mm": (replace(_STILL, px_per_mm=(4.9, 15.0)), 2500),
    "tilt 10 to 30 degrees": (replace(_STILL, card_tilt_deg=(10.0, 30.0)), 1950),
    "noise and blur": (replace(_STILL, defocus_px=(0.9, 2.0), read_noise=(2.5, 6.0), jpeg=0.5), 1950),
    "camera's sharpening": (replace(_STILL, sharpening=(0.3, 0.8), jpeg=0.5), 1950),
    "sleeve and glare": (replace(_STILL, sleeve=1.0, glare=0.6, glare_strength=(0.2, 0.9)), 1950),
    "foil": (replace(_STILL, foil=1.0, glare=0.3), 1950),
    "card like the bench": (replace(_STILL, low_contrast=1.0), 1950),
    "partly covered": (replace(_STILL, small_covers=0.5, finger=0.5), 1950),
    "borderless cards": (replace(_STILL, sleeve=0.3, glare=0.3, glare_strength=(0.2, 0.9), finger=0.2), 1950),
}
BORDERLESS = "borderless cards"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CenteringScene:
    """One card in one picture.

    Attributes:
        condition: a key of `CONDITIONS`.
        seed: of the scene.
        image: uint8 [H, W, 3] BGR.
        rough: the card's outline [4, 2] in pixels, as wrong as a detector's.
        reference: of the card, as a database holds it.
        card: what is true of it.
        middles_px: the true middles of its sides left, right, top, bottom [4, 2] in pixels.
        truth_mm: border widths left, right, top, bottom; None for a borderless card.
        centred_mm: the same of a perfectly centred print.
        face: which side of the card is seen.
        strata: what else the scene is counted by: its scale, holder and ground.
        by_design: whether a share counts as right by the design also where no reference tells the design.
    """

    condition: str
    seed: int
    image: Image
    rough: Quad
    reference: PrintReference
    card: CardTruth
    middles_px: NDArray[np.float64]
    truth_mm: tuple[float, ...] | None
    centred_mm: tuple[float, ...] | None
    face: Face = "front"
    strata: tuple[str, ...] = ()
    by_design: bool = False


def jobs(count: int, first_seed: int) -> list[tuple[str, int]]:
    """Condition and seed of each of `count` scenes, the conditions in turn."""
    names = list(CONDITIONS)
    return [(names[i % len(names)], first_seed + i) for i in range(count)]


def centering_scenes(count: int, first_seed: int, cards: Sequence[CardSpec]) -> Iterator[CenteringScene]:
    """Render `count` scenes, the conditions in turn, each with one of these cards."""
    return (centering_scene(*job, cards) for job in jobs(count, first_seed))


def centering_scene(condition: str, seed: int, cards: Sequence[CardSpec] | None = None) -> CenteringScene:
    """Render one scene with one card: of held-out sets, or one of these."""
    conditions, size = CONDITIONS[condition]
    known = _held_out() if cards is None else cards
    usable = [card for card in known if condition != BORDERLESS or print_edges_mm(card) is None]
    scene = random_scene(seed, usable, conditions, (size, size))
    (card,) = scene.cards
    spec = next(each for each in known if card.spec is not None and each.card_id == card.spec.card_id)
    return scene_of(scene, spec, condition, seed, _reference(spec))


def scene_of(scene: Scene, spec: Printed, condition: str, seed: int, reference: PrintReference) -> CenteringScene:
    """Take the picture of a scene with one card, this one, and say what is true of it."""
    image, truth = render_scene(scene)
    (card,) = truth.cards
    return CenteringScene(
        condition=condition,
        seed=seed,
        image=image,
        rough=rough_outline(card, np.random.default_rng(seed)),
        reference=reference,
        card=card,
        middles_px=_middles_px(scene),
        truth_mm=_borders(spec, card.offset_mm),
        centred_mm=_borders(spec, (0.0, 0.0)),
    )


def rough_outline(card: CardTruth, rng: np.random.Generator) -> Quad:
    """The card's outline [4, 2], as wrong as a detector's."""
    return np.asarray(card.quad + rng.normal(0, OUTLINE_ERROR * CARD_WIDTH_MM * card.px_per_mm, (4, 2)))


def _middles_px(scene: Scene) -> NDArray[np.float64]:
    (card,) = scene.cards
    half = CARD_WIDTH_MM / 2, CARD_HEIGHT_MM / 2
    middles = np.array([[-half[0], 0.0], [half[0], 0.0], [0.0, -half[1]], [0.0, half[1]]])
    return project(scene.camera, local_to_rays(scene.camera, card.pose, half), middles)


def _borders(spec: Printed, offset_mm: tuple[float, float]) -> tuple[float, ...] | None:
    edges = print_edges_mm(spec, offset_mm)
    if edges is None:
        return None
    left, top, right, bottom = edges
    return left, right, top, bottom


@cache
def _held_out() -> tuple[CardSpec, ...]:
    return unknown_cards(600)


def reference_of(spec: Printed) -> PrintReference:
    """The reference picture as a database holds it; these cards are in none that ships."""
    return _kept(render_card(spec, 2.0 * RECTIFIED_PX_PER_MM), spec.card_id)


_reference = lru_cache(maxsize=64)(reference_of)


@cache
def back_reference() -> PrintReference:
    """What a database keeps of the cards' back."""
    return _kept(render_back(2.0 * RECTIFIED_PX_PER_MM), "the back")


def _kept(picture: Image, name: str) -> PrintReference:
    card = cv2.resize(picture, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), interpolation=cv2.INTER_AREA)
    return print_reference(square_corners(np.asarray(card, dtype=np.uint8)), name)
