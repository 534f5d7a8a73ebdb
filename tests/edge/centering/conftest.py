"""Pictures of simulated cards whose borders are known."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import pytest

from edge.centering.edges.strips import Strip
from edge.centering.registration.original import print_reference
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_RADIUS_MM, card_homography
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.simulator.card import print_edges_mm, render_card
from edge.simulator.sets import unknown_cards

SUPERSAMPLING = 2
STRIP_STEP_MM = 0.07


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture, the card's true corners in it, and its true border widths (left, right, top, bottom)."""

    image: np.ndarray
    quad: np.ndarray
    borders_mm: tuple[float, ...] | None


def rounded_mask(height, width, radius):
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1)
    return mask


def photograph(card, *, px_per_mm=14.0, tilt=0.0, angle=3.0, blur_px=0.7, noise=1.0, ground=(60, 90, 70), seed=0):
    """Lay a picture of a card, uint8 [H, W, 3] for 63 x 88 mm, on an even ground; returns the image and its quad."""
    rng = np.random.default_rng(seed)
    width, height = round(84 * px_per_mm), round(103 * px_per_mm)
    x, y = CARD_WIDTH_MM / 2 * px_per_mm, CARD_HEIGHT_MM / 2 * px_per_mm
    corners = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    turn = np.deg2rad(angle)
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    depth = 1 + tilt * corners[:, 1:] / y
    quad = corners / depth + np.array([width, height]) / 2 - 0.5
    large = (width * SUPERSAMPLING, height * SUPERSAMPLING)
    to_large = np.linalg.inv(card_homography((quad + 0.5) * SUPERSAMPLING - 0.5, card.shape[1], card.shape[0]))
    radius = round(CORNER_RADIUS_MM / CARD_WIDTH_MM * card.shape[1])
    alpha = cv2.warpPerspective(rounded_mask(*card.shape[:2], radius), to_large, large)[..., None] / 255.0
    laid = cv2.warpPerspective(card, to_large, large, borderMode=cv2.BORDER_REPLICATE)
    picture = laid * alpha + np.array(ground) * (1 - alpha)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    picture = cv2.GaussianBlur(picture, (0, 0), blur_px) + rng.normal(0, noise, picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), quad


@pytest.fixture(scope="session")
def bordered():
    """A card with a printed border."""
    return next(card for card in unknown_cards(40) if print_edges_mm(card, (0.0, 0.0)) is not None)


@pytest.fixture(scope="session")
def borderless():
    """A card whose art runs to its edges."""
    return next(card for card in unknown_cards(600) if print_edges_mm(card, (0.0, 0.0)) is None)


@pytest.fixture(scope="session")
def original_of():
    """Makes a card's digital original as a database is built from it, uint8 [704, 504, 3]."""

    def original(spec):
        card = render_card(spec, 16.0)
        return cv2.resize(card, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), interpolation=cv2.INTER_AREA)

    return original


@pytest.fixture(scope="session")
def reference_of(original_of):
    """Makes the reference picture of a card."""
    return lru_cache(lambda spec: print_reference(original_of(spec), spec.card_id))


@pytest.fixture(scope="session")
def shoot():
    """Photographs a simulated card whose print is shifted by a known offset."""

    def shot(spec, offset_mm=(0.0, 0.0), **options) -> Shot:
        image, quad = photograph(render_card(spec, 22.0, offset_mm), **options)
        edges = print_edges_mm(spec, offset_mm)
        borders = None if edges is None else (edges[0], edges[2], edges[1], edges[3])
        return Shot(image=image, quad=quad, borders_mm=borders)

    return shot


@pytest.fixture(scope="session")
def clear_shot(shoot, bordered):
    """A card printed 0.6 mm too far right and 0.4 mm too high, seen clearly."""
    return shoot(bordered, (0.6, -0.4))


@pytest.fixture(scope="session")
def lay():
    """Lays any picture on an even ground."""
    return photograph


def stepped_strip(*edges, bow=0.0, noise=1.0, seed=0):
    """A left side with blurred steps (position, slope, height in grey levels)."""
    rng = np.random.default_rng(seed)
    along, columns = 8 + np.arange(96) * 0.75, 120
    u, s = (along - 44.0)[:, None], -1.2 + (np.arange(columns) + 0.5) * STRIP_STEP_MM
    level = np.full((len(along), columns), 90.0)
    for position, slope, height in edges:
        distance = (s - position - slope * u - bow * u**2) / (1.2 * STRIP_STEP_MM)
        level += height / (1 + np.exp(-1.7 * distance))
    profiles = np.repeat(level[..., None], 3, axis=2) + rng.normal(0, noise, (*level.shape, 3))
    return Strip(
        side="left",
        profiles=profiles.astype(np.float32),
        along_mm=along,
        first_mm=float(s[0]),
        step_mm=STRIP_STEP_MM,
        to_image=np.eye(3),
    )


@pytest.fixture
def strip():
    """Lays a left side with blurred steps."""
    return stepped_strip
