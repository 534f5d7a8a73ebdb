import cv2
import numpy as np
import pytest

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, is_convex
from edge.simulator.camera import Camera, Pose, local_to_rays, project
from edge.simulator.compositing import blend, warp
from edge.simulator.conditions import BACKS, CLEAN, EVERYTHING, MANY, NO_CARDS, OCCLUDED_20, PRESETS, TILT
from edge.simulator.items import CARD_CORNERS_MM, HALF_CARD_MM, PlacedCard, card_quad_px, item_layer, item_patch
from edge.simulator.scene import Scene, random_scene, render_scene
from edge.simulator.sets import CardSpec, demo_cards
from edge.simulator.sleeve import BARE, card_layer
from edge.simulator.surfaces import Surface
from edge.simulator.truth import visible_fractions

SMALL = (640, 640)


@pytest.fixture(scope="module")
def cards() -> tuple[CardSpec, ...]:
    return demo_cards()[:60]


CAMERA = Camera(
    width=700,
    height=700,
    focal_px=800,
    centre_px=(352, 347),
    distance_mm=180,
    tilt_deg=12,
    azimuth_deg=200,
    k1=-0.1,
    k2=0.01,
)


def side_errors(image: Image, camera: Camera, pose: Pose) -> list[float]:
    """Mean signed distance, in pixels, of the 50 % crossing from the true (bent) side of a white card on black."""
    matrix = local_to_rays(camera, pose, HALF_CARD_MM)
    grey = image[..., 0].astype(np.float32)
    errors = []
    for start, end in zip(CARD_CORNERS_MM, np.roll(CARD_CORNERS_MM, -1, axis=0), strict=True):
        along = (end - start) / np.linalg.norm(end - start)
        outward = np.array([along[1], -along[0]])
        places = start + np.linspace(0.1, 0.9, 60)[:, None] * (end - start)
        true, beyond = project(camera, matrix, places), project(camera, matrix, places + 0.1 * outward)
        normal = (beyond - true) / np.linalg.norm(beyond - true, axis=1, keepdims=True)
        steps = np.arange(-4, 4.01, 0.05)
        samples = (true[:, None] + steps[None, :, None] * normal[:, None]).astype(np.float32)
        profile = cv2.remap(grey, samples[..., 0], samples[..., 1], cv2.INTER_LINEAR)
        white = profile[:, :1]
        errors.append(float(np.mean((profile / white).sum(axis=1) * 0.05 - 4 - 0.025)))
    return errors


@pytest.mark.parametrize(
    "pose",
    [
        Pose(),
        Pose(x_mm=7.3, y_mm=-3.1, angle_deg=33),
        Pose(angle_deg=190, tilt_deg=30, tilt_axis_deg=40),
        Pose(x_mm=-9, angle_deg=-70, tilt_deg=45, tilt_axis_deg=100),
    ],
)
def test_the_true_outline_is_where_the_card_is_drawn(pose: Pose) -> None:
    white = np.full((round(CARD_HEIGHT_MM * 6), round(CARD_WIDTH_MM * 6), 3), 255, np.uint8)
    frame = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    patch = warp(CAMERA, pose, card_layer(white, BARE))
    assert patch is not None
    blend(frame, patch)
    assert np.abs(side_errors(frame, CAMERA, pose)).max() < 0.1


def test_the_first_corner_is_the_top_left_of_the_print(cards: tuple[CardSpec, ...]) -> None:
    """A card drawn upright and the same one upside down differ by half a turn of picture and truth."""
    quads = [card_quad_px(CAMERA, Pose(angle_deg=angle)) for angle in (0, 180)]
    assert quads[0][0, 0] < quads[0][1, 0]
    assert quads[0][0, 1] < quads[0][3, 1]
    assert quads[1][0, 0] > quads[1][1, 0]
    face = np.full((528, 378, 3), 40, np.uint8)
    face[:100, :100] = 250
    frame = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    patch = warp(CAMERA, Pose(angle_deg=180), card_layer(face, BARE))
    assert patch is not None
    blend(frame, patch)
    middle = quads[1].mean(axis=0)
    x, y = np.round(quads[1][0] + 0.12 * (middle - quads[1][0])).astype(int)
    assert frame[y, x].min() > 200


def test_scenes_are_reproducible(cards: tuple[CardSpec, ...]) -> None:
    first, second = (random_scene(5, cards, EVERYTHING, SMALL) for _ in range(2))
    assert first == second
    assert first != random_scene(6, cards, EVERYTHING, SMALL)
    assert np.array_equal(render_scene(first)[0], render_scene(second)[0])


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_renders(name: str, cards: tuple[CardSpec, ...]) -> None:
    scene = random_scene(11, cards, PRESETS[name], (500, 400))
    image, truth = render_scene(scene)
    assert image.shape == (400, 500, 3)
    assert image.dtype == np.uint8
    assert image.std() > 1
    assert len(truth.cards) == len(scene.cards)
    for card in truth.cards:
        assert is_convex(card.quad)
        assert 0 <= card.visible_fraction <= 1
        assert (card.card_id is None) == (card.face == "back")


@pytest.mark.parametrize("conditions", [CLEAN, TILT, MANY])
def test_cards_lie_in_the_frame_unless_they_are_cropped(conditions: object, cards: tuple[CardSpec, ...]) -> None:
    for seed in range(12):
        scene = random_scene(seed, cards, conditions, SMALL)
        for card in scene.cards:
            quad = card_quad_px(scene.camera, card.pose)
            assert quad.min() > 0
            assert quad.max() < SMALL[0] - 1


def test_a_fifth_of_the_card_is_hidden_when_asked(cards: tuple[CardSpec, ...]) -> None:
    for seed in range(10):
        _, truth = render_scene(random_scene(seed, cards, OCCLUDED_20, (400, 400)))
        assert 0.18 <= 1 - truth.cards[0].visible_fraction <= 0.22


def test_the_visible_fraction_agrees_with_the_pixels_drawn(cards: tuple[CardSpec, ...]) -> None:
    scene = random_scene(3, cards, OCCLUDED_20, SMALL)
    layers = [(item, item_layer(scene.camera, item)) for item in (*scene.cards, *scene.above)]
    masks = []
    for item, layer in layers:
        mask = np.zeros(SMALL[::-1], bool)
        patch = item_patch(scene.camera, item, layer)
        assert patch is not None
        left, top, width, height = patch.window
        mask[top : top + height, left : left + width] = patch.image[..., 3] > 127
        masks.append(mask)
    hidden = np.count_nonzero(masks[0] & masks[1]) / np.count_nonzero(masks[0])
    _, truth = render_scene(scene)
    assert 1 - truth.cards[0].visible_fraction == pytest.approx(hidden, abs=0.012)


def test_what_lies_outside_the_frame_is_not_visible() -> None:
    outline = np.array([[-50.0, 10.0], [50.0, 10.0], [50.0, 110.0], [-50.0, 110.0]])
    assert visible_fractions((200, 200), [outline], []) == pytest.approx([0.5], abs=0.02)
    assert visible_fractions((200, 200), [outline + 400], []) == [0.0]


def test_a_later_card_hides_an_earlier_one() -> None:
    outline = np.array([[10.0, 10.0], [110.0, 10.0], [110.0, 110.0], [10.0, 110.0]])
    assert visible_fractions((200, 200), [outline, outline + (50, 0)], []) == pytest.approx([0.5, 1.0], abs=0.02)


def test_scenes_without_cards_have_no_truth(cards: tuple[CardSpec, ...]) -> None:
    _, truth = render_scene(random_scene(2, cards, NO_CARDS, (300, 300)))
    assert truth.cards == ()


def test_backs_have_no_identity(cards: tuple[CardSpec, ...]) -> None:
    _, truth = render_scene(random_scene(2, cards, BACKS, (300, 300)))
    assert [(card.card_id, card.face) for card in truth.cards] == [(None, "back")]


def test_the_print_shift_is_part_of_the_truth(cards: tuple[CardSpec, ...]) -> None:
    card = PlacedCard(spec=cards[0], pose=Pose(), offset_mm=(0.7, -0.4), rotation_deg=0.2)
    _, truth = render_scene(Scene(camera=CAMERA, surface=Surface(kind="plain", seed=0), cards=(card,)))
    assert truth.cards[0].card_id == cards[0].card_id
    assert truth.cards[0].offset_mm == (0.7, -0.4)
    assert truth.cards[0].px_per_mm == pytest.approx(CAMERA.px_per_mm, rel=0.05)
    assert truth.cards[0].visible_fraction == 1.0
    assert truth.cards[0].fully_in_frame


def test_a_cover_that_reaches_far_beyond_the_frame_hides_what_it_covers():
    card = np.array([[20.0, 20.0], [60.0, 20.0], [60.0, 80.0], [20.0, 80.0]])
    half_plane = np.array([[40.0, -9e4], [9e4, -9e4], [9e4, 9e4], [40.0, 9e4]])
    (visible,) = visible_fractions((100, 100), [card], [half_plane])
    assert visible == pytest.approx(0.5, abs=0.05)
