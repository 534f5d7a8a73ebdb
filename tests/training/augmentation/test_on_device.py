from dataclasses import fields

import numpy as np
import pytest
import torch

from tests.training.conftest import coarse_cards
from training.augmentation import DISTURBANCES, AugmentationSettings
from training.augmentation.fields import Draw
from training.augmentation.on_device import DEVICE_DISTURBANCES, augment_batch
from training.augmentation.on_device.occlusion import add_fingers, add_objects
from training.augmentation.on_device.outline import rotate, tilt
from training.data.batches import BatchShape, DeviceBatches, TrainingBatches

CPU = torch.device("cpu")
SIZE = (48, 64)
CARDS = torch.from_numpy(np.ascontiguousarray(coarse_cards(8)[..., ::-1].transpose(0, 3, 1, 2)))
OFF = AugmentationSettings(**{field.name: 0.0 for field in fields(AugmentationSettings)})
SMALL = augment_batch(CARDS, Draw(0, CPU), OFF, SIZE).float() / 255


@pytest.mark.parametrize(
    "disturb", [disturb for _, disturb in DEVICE_DISTURBANCES], ids=lambda disturb: disturb.__name__
)
def test_each_disturbance_changes_every_card_differently_and_leaves_its_input_alone(disturb):
    before = SMALL.clone()
    same = SMALL[:1].expand(6, -1, -1, -1).contiguous()
    seen = disturb(same, Draw(1, CPU))
    assert seen.shape == same.shape
    assert torch.isfinite(seen).all()
    assert (seen.clamp(0, 1) - same).abs().flatten(1).mean(dim=1).max() > 1e-3
    if disturb.__name__ != "remove_colour":
        assert (seen[0] - seen[1]).abs().max() > 1e-3
    assert torch.equal(SMALL, before)


def test_a_batch_depends_on_its_seed_alone():
    first, again, other = (augment_batch(CARDS, Draw(seed, CPU), AugmentationSettings(), SIZE) for seed in (5, 5, 6))
    assert first.dtype == torch.uint8
    assert first.shape == (8, 3, 64, 48)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_probabilities_decide_what_happens():
    assert torch.equal(augment_batch(CARDS, Draw(3, CPU), OFF, SIZE), (SMALL * 255).round().to(torch.uint8))
    clean = AugmentationSettings(clean=1.0)
    assert torch.equal(augment_batch(CARDS, Draw(3, CPU), clean, SIZE), (SMALL * 255).round().to(torch.uint8))
    many = CARDS[:1].expand(400, -1, -1, -1)
    only = AugmentationSettings(**{field.name: 0.0 for field in fields(AugmentationSettings)} | {"greyscale": 0.25})
    seen = augment_batch(many, Draw(4, CPU), only, (12, 16)).float()
    share = (seen.std(dim=1).flatten(1).max(dim=1).values < 1).float().mean()
    assert 0.18 < share < 0.32


def test_the_same_things_can_happen_as_in_the_other_processes():
    names = {disturb.__name__ for _, disturb in DISTURBANCES}
    assert {disturb.__name__ for _, disturb in DEVICE_DISTURBANCES} == names | {
        "add_foil",
        "cut_out",
        "reduce_resolution",
    }


@pytest.mark.parametrize(("cover", "most"), [(add_objects, 0.32), (add_fingers, 0.4)])
def test_only_part_of_a_card_is_covered(cover, most: float):
    grey = torch.full((60, 3, 64, 48), 0.5)
    shares = ((cover(grey, Draw(2, CPU)) - grey).abs().amax(dim=1) > 0.02).float().flatten(1).mean(dim=1)
    assert float(shares.max()) < most
    assert float((shares > 0.02).float().mean()) > 0.5


@pytest.mark.parametrize("move", [rotate, tilt])
def test_the_middle_of_a_card_stays_about_where_it_is(move):
    marked = torch.zeros(20, 3, 65, 49)
    marked[:, :, 30:35, 22:27] = 1
    seen = move(marked, Draw(1, CPU))[:, 0]
    rows = (seen * torch.arange(65.0)[:, None]).sum(dim=(1, 2)) / seen.sum(dim=(1, 2))
    assert float((rows - 32).abs().max()) < 65 * 0.06


def test_device_batches_show_the_cards_of_the_other_batches(references):
    shape = BatchShape(cards=3, views=2, height=64, width=48)
    settings = AugmentationSettings(clean=1.0)
    made = DeviceBatches(references, settings, shape, 7, CPU)
    plain = TrainingBatches(references, settings, shape, seed=7)
    batches = list(made.loader(range(1, 5, 2), workers=0))
    assert made.shape == shape
    for number, (pixels, labels) in zip((1, 3), batches, strict=True):
        expected, same = plain[number]
        assert torch.equal(labels, same)
        assert pixels.shape == expected.shape
        assert (pixels.float() - expected.float()).abs().mean() < 12


def test_device_batches_depend_on_seed_and_number_alone(references):
    shape = BatchShape(cards=3, views=2, height=64, width=48)
    made = DeviceBatches(references, AugmentationSettings(), shape, 7, CPU)
    (_, second), (again, _) = list(made.loader(range(2), 0))[1], next(iter(made.loader(range(1, 2), 0)))
    first = next(iter(made.loader(range(1, 2), 0)))[0]
    assert torch.equal(first, again)
    assert len(second) == 6
