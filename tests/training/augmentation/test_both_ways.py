"""The two implementations of the disturbances are equally strong, and as frequent as they are meant to be."""

from dataclasses import fields

import cv2
import numpy as np
import pytest
import torch

from edge.geometry import CARD_WIDTH_MM, CORNER_RADIUS_MM
from edge.simulator.card import render_card
from edge.simulator.sets import training_cards
from training.augmentation import DISTURBANCES, AugmentationSettings, augment
from training.augmentation.fields import Draw
from training.augmentation.on_device import DEVICE_DISTURBANCES, augment_batch
from training.augmentation.on_device.outline import cut_out
from training.augmentation.outline import cut_out as cut_out_one
from training.augmentation.surface import add_foil

CPU = torch.device("cpu")
SIZE = (96, 128)
VIEWS = 160
OFF = AugmentationSettings(**{field.name: 0.0 for field in fields(AugmentationSettings)})
ONE_BY_ONE = {disturb.__name__: disturb for _, disturb in DISTURBANCES} | {
    "add_foil": add_foil,
    "cut_out": lambda card, rng: cut_out_one(card, rng, SIZE),
}
IN_BATCHES = {disturb.__name__: disturb for _, disturb in DEVICE_DISTURBANCES}


@pytest.fixture(scope="module")
def cards() -> np.ndarray:
    """Cards of several sets, uint8 [views, 128, 96, 3] BGR."""
    small = [cv2.resize(render_card(spec, 2), SIZE, interpolation=cv2.INTER_AREA) for spec in training_cards(600)[::50]]
    return np.stack([small[number % len(small)] for number in range(VIEWS)])


def as_batch(cards):
    return torch.from_numpy(np.ascontiguousarray(cards[..., ::-1].transpose(0, 3, 1, 2)))


def changes(seen, cards):
    """Mean absolute change of each view, and the share of its pixels that changed."""
    difference = np.abs(seen.astype(np.float64) - cards)
    return difference.mean(axis=(1, 2, 3)), (difference.max(axis=3) > 8).mean(axis=(1, 2))


@pytest.mark.parametrize("name", sorted(ONE_BY_ONE))
def test_both_are_equally_strong(cards, name):
    one_by_one = np.stack([ONE_BY_ONE[name](card, np.random.default_rng([3, i])) for i, card in enumerate(cards)])
    batch = IN_BATCHES[name](as_batch(cards).float() / 255, Draw(5, CPU)).clamp(0, 1) * 255
    in_batches = batch.numpy().transpose(0, 2, 3, 1)[..., ::-1]
    for first, second in zip(changes(one_by_one, cards), changes(in_batches, cards), strict=True):
        for quantile in (0.5, 0.9):
            assert np.quantile(second, quantile) == pytest.approx(np.quantile(first, quantile), rel=0.35, abs=0.05)


@pytest.mark.parametrize(("rate", "name"), [(0.25, "glare"), (0.54, "hue")])
def test_disturbances_are_as_frequent_as_they_are_meant_to_be(cards, rate, name):
    default = AugmentationSettings()
    alone = {"clean": default.clean, "heavy": default.heavy, name: getattr(default, name)}
    settings = AugmentationSettings(**{field.name: 0.0 for field in fields(AugmentationSettings)} | alone)
    many = np.concatenate([cards] * 4)
    still = augment_batch(as_batch(many), Draw(1, CPU), OFF, SIZE)
    in_batches = augment_batch(as_batch(many), Draw(1, CPU), settings, SIZE)
    undisturbed = [{card.tobytes(), augment(card, np.random.default_rng(0), OFF, SIZE).tobytes()} for card in cards]
    one_by_one = [
        augment(card, np.random.default_rng([1, i]), settings, SIZE).tobytes() not in undisturbed[i % VIEWS]
        for i, card in enumerate(many)
    ]
    assert np.mean(one_by_one) == pytest.approx(rate, abs=0.05)
    assert float((in_batches != still).flatten(1).any(dim=1).float().mean()) == pytest.approx(rate, abs=0.05)


def test_both_turn_colours_by_the_same_angles_and_leave_greys_alone():
    red = np.zeros((VIEWS, 8, 8, 3), np.uint8) + np.array([40, 40, 200], np.uint8)
    grey = np.full_like(red, 120)
    turned = {
        "one by one": [ONE_BY_ONE["turn_hue"](card, np.random.default_rng(i)) for i, card in enumerate(red)],
        "in batches": list(
            (IN_BATCHES["turn_hue"](as_batch(red).float() / 255, Draw(2, CPU)).clamp(0, 1) * 255)
            .numpy()
            .astype(np.uint8)
            .transpose(0, 2, 3, 1)[..., ::-1]
        ),
    }
    for seen in turned.values():
        hues = np.array([cv2.cvtColor(np.ascontiguousarray(card), cv2.COLOR_BGR2HSV)[0, 0, 0] for card in seen]) * 2.0
        hues = (hues + 180) % 360 - 180
        assert 25 < np.quantile(hues, 0.95) <= 42
        assert -42 <= np.quantile(hues, 0.05) < -25
    assert np.array_equal(ONE_BY_ONE["turn_hue"](grey[0], np.random.default_rng(0)), grey[0])


def test_cards_in_batches_have_rounded_corners_too():
    white = torch.ones(VIEWS, 3, 140, 100)
    corners = cut_out(white, Draw(0, CPU))[:, :, :2, :2].mean(dim=(1, 2, 3))
    assert CORNER_RADIUS_MM / CARD_WIDTH_MM * 100 > 4
    assert float((corners < 0.98).float().mean()) > 0.5
