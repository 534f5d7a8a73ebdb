from typing import get_args

import cv2
import numpy as np
import pytest

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from edge.simulator.compositing import Layer
from edge.simulator.hand import hand_layer, random_hand
from edge.simulator.props import PropKind, prop_layer
from edge.simulator.sleeve import Finish, Glare, Sleeve, card_layer
from edge.simulator.surfaces import Surface, SurfaceKind, draw_surface

FACE = np.full((440, 315, 3), 90, np.uint8)


def opaque_mm2(layer: Layer) -> float:
    return float((layer.texture[..., 3] > 127).sum() / (layer.px_per_mm[0] * layer.px_per_mm[1]))


def outline_mm2(layer: Layer) -> float:
    return float(cv2.contourArea(layer.outline_mm.astype(np.float32)))


@pytest.mark.parametrize("kind", get_args(PropKind))
def test_a_thing_hides_what_its_outline_says(kind: PropKind) -> None:
    layer = prop_layer(kind, 3, 5.0)
    assert opaque_mm2(layer) == pytest.approx(outline_mm2(layer), rel=0.05)
    assert (layer.texture[..., :3] <= layer.texture[..., 3:]).all()


@pytest.mark.parametrize("fingers", [1, 2, 4])
def test_a_hand_hides_what_its_outline_says(fingers: int) -> None:
    layer = hand_layer(random_hand(np.random.default_rng(fingers), fingers))
    assert opaque_mm2(layer) == pytest.approx(outline_mm2(layer), rel=0.05)


def test_a_bare_card_ends_at_its_outline() -> None:
    layer = card_layer(FACE, Finish())
    assert opaque_mm2(layer) == pytest.approx(CARD_WIDTH_MM * CARD_HEIGHT_MM - (4 - np.pi) * 9, rel=0.001)


def test_a_sleeve_adds_a_transparent_margin_around_the_same_card() -> None:
    sleeve = Sleeve(kind="glossy", margins_mm=(1.5, 2.0, 1.8, 1.6), opacity=0.1)
    layer = card_layer(FACE, Finish(sleeve=sleeve))
    alpha = layer.texture[..., 3]
    assert opaque_mm2(layer) == pytest.approx(opaque_mm2(card_layer(FACE, Finish())), rel=0.01)
    assert 0 < alpha[alpha.shape[0] // 2, 5] < 100
    assert layer.outline_mm[:, 0].max() == pytest.approx(CARD_WIDTH_MM / 2)


def test_glare_burns_out_where_it_is() -> None:
    glare = Glare(centre_mm=(0, 0), size_mm=(8, 8), angle_deg=0, strength=1.5, ripple=0, seed=0)
    texture = card_layer(FACE, Finish(glare=(glare,))).texture
    rows, columns = texture.shape[:2]
    assert texture[rows // 2, columns // 2, :3].min() == 255
    assert texture[20, 20, :3].max() < 100


@pytest.mark.parametrize("kind", get_args(SurfaceKind))
def test_every_surface_fills_the_frame_and_is_reproducible(kind: SurfaceKind) -> None:
    first, second = (draw_surface(Surface(kind=kind, seed=4), 320, 200, 3.0) for _ in range(2))
    assert first.shape == (200, 320, 3)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, draw_surface(Surface(kind=kind, seed=5), 320, 200, 3.0))
