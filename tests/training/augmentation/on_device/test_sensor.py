import math

import numpy as np
import pytest
import torch

from training.augmentation.fields import Draw
from training.augmentation.on_device.sensor import (
    add_noise,
    change_illumination,
    compress,
    darken,
    defocus,
    move,
    reduce_resolution,
    remove_colour,
    turn_hue,
)
from training.augmentation.sensor import LARGEST_HUE_DEG, hue_matrix

CPU = torch.device("cpu")
GREY = torch.full((40, 3, 32, 24), 0.5)
BLURS = pytest.mark.parametrize("blur", [defocus, move, reduce_resolution, compress])


def coloured(count: int) -> torch.Tensor:
    return torch.rand(count, 3, 32, 24, generator=torch.Generator().manual_seed(1))


def test_greys_stay_as_they_are_where_colours_are_turned():
    assert torch.allclose(turn_hue(GREY, Draw(1, CPU)), GREY, atol=1e-6)


def test_a_colour_is_turned_about_grey_both_ways_and_no_further_than_said():
    red = torch.zeros(300, 3, 1, 1)
    red[:, 0] = 1
    turned = turn_hue(red, Draw(2, CPU))[:, :, 0, 0]
    assert torch.allclose(turned.mean(dim=1), torch.full((300,), 1 / 3), atol=1e-6)
    across = turned - 1 / 3
    angles = torch.rad2deg(torch.atan2((across[:, 1] - across[:, 2]) / math.sqrt(2), across[:, 0] * math.sqrt(1.5)))
    assert LARGEST_HUE_DEG * 0.9 < float(angles.max()) <= LARGEST_HUE_DEG + 1e-3
    assert -LARGEST_HUE_DEG - 1e-3 <= float(angles.min()) < -LARGEST_HUE_DEG * 0.9


def test_a_turn_is_one_that_the_other_processes_make_too():
    colours = coloured(1)
    turned = turn_hue(colours, Draw(3, CPU))[0, :, 0, 0].double().numpy()[::-1]
    before = colours[0, :, 0, 0].double().numpy()[::-1]
    angles = np.linspace(-LARGEST_HUE_DEG, LARGEST_HUE_DEG, 3601)
    assert min(np.abs(hue_matrix(angle) @ before - turned).max() for angle in angles) < 1e-3


def test_without_colour_green_is_brightest_and_all_channels_are_alike():
    primaries = torch.eye(3).reshape(3, 3, 1, 1).expand(3, 3, 4, 4)
    seen = remove_colour(primaries, Draw(0, CPU))
    assert seen.shape == (3, 3, 4, 4)
    assert seen[:, :, 0, 0].tolist() == [pytest.approx([weight] * 3) for weight in (0.299, 0.587, 0.114)]


@BLURS
def test_what_has_no_detail_cannot_lose_any(blur):
    seen = blur(GREY, Draw(4, CPU))
    assert float((seen - GREY).abs().max()) < 0.01


@BLURS
def test_detail_is_lost_and_brightness_is_not(blur):
    card = torch.rand(1, 1, 128, 96, generator=torch.Generator().manual_seed(1))
    cards = (0.3 + 0.4 * card).expand(20, 3, -1, -1).contiguous()
    seen = blur(cards, Draw(5, CPU))
    assert seen.shape == cards.shape
    assert torch.allclose(seen.mean(dim=(1, 2, 3)), cards.mean(dim=(1, 2, 3)), atol=0.02)
    lost = (seen - cards).std(dim=(1, 2, 3)) / cards.std(dim=(1, 2, 3))
    assert float(lost.max()) > 0.15
    assert float(lost.max()) > 1.2 * float(lost.min())


def test_low_light_uses_little_of_the_range_or_is_noise_made_bright():
    seen = darken(GREY, Draw(6, CPU))
    means = seen.mean(dim=(1, 2, 3))
    assert float(means.min()) < 0.2
    assert float(means.max()) < 0.9
    noise = seen.std(dim=(1, 2, 3))
    assert 0.006 < float(noise.min()) < float(noise.max()) < 0.027 * 0.8 / 0.12 * 1.05


def test_noise_is_of_each_card_s_own_strength_and_changes_no_mean():
    seen = add_noise(GREY, Draw(7, CPU))
    strengths = (seen - GREY).std(dim=(1, 2, 3))
    assert 0.0035 < float(strengths.min()) < 0.015
    assert 0.04 < float(strengths.max()) < 0.06
    assert float((seen - GREY).mean(dim=(1, 2, 3)).abs().max()) < 0.006


def test_light_changes_a_card_as_a_whole_and_stays_a_picture():
    """Every pixel of one value and card becomes one other value; brighter stays brighter where colours are kept."""
    ramp = torch.linspace(0, 1, 24).expand(40, 3, 32, 24)
    seen = change_illumination(ramp, Draw(8, CPU))
    assert torch.isfinite(seen).all()
    assert torch.equal(seen, seen[:, :, :1].expand_as(seen))
    brightness = remove_colour(seen, Draw(0, CPU))[:, 0, 0]
    assert bool((brightness.diff(dim=1) >= -1e-5).all())
    assert float(brightness[:, 12].max() - brightness[:, 12].min()) > 0.2
