import pytest
import torch

from training.augmentation.fields import Draw
from training.augmentation.on_device.surface import add_film, add_foil, add_glare, add_shadow

CPU = torch.device("cpu")
COUNT = 60
GREY = torch.full((COUNT, 3, 64, 48), 0.5)
BLACK, WHITE = torch.zeros_like(GREY), torch.ones_like(GREY)


def touched(seen: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Share of each card's pixels that changed."""
    return ((seen - before).abs().amax(dim=1) > 1e-6).float().mean(dim=(1, 2))


def test_a_shadow_only_takes_light_and_never_all_of_it():
    seen = add_shadow(GREY, Draw(1, CPU))
    assert bool((seen <= GREY).all())
    assert float(seen.min()) >= 0.5 * 0.25 - 1e-6
    assert float((GREY - seen).amax(dim=(1, 2, 3)).min()) > 0.05
    assert torch.equal(add_shadow(BLACK, Draw(1, CPU)), BLACK)


def test_a_shadow_has_no_colour_of_its_own():
    seen = add_shadow(GREY, Draw(2, CPU))
    assert torch.equal(seen[:, 0], seen[:, 1])
    assert torch.equal(seen[:, 0], seen[:, 2])


def test_a_reflection_only_adds_light_and_is_almost_white():
    light = add_glare(BLACK, Draw(3, CPU))
    assert bool((light >= 0).all())
    lit = light.amax(dim=1) > 0.1
    assert float((light.amin(dim=1)[lit] / light.amax(dim=1)[lit]).min()) >= 0.8 - 1e-5
    assert torch.allclose(add_glare(GREY, Draw(3, CPU)) - GREY, light, atol=1e-5)


def test_some_reflections_burn_out_and_most_of_most_cards_can_still_be_seen():
    light = add_glare(BLACK, Draw(4, CPU)).amax(dim=1)
    assert float(light.max()) > 1
    covered = (light > 0.5).float().mean(dim=(1, 2))
    assert float(covered.median()) < 0.5


def test_foil_covers_the_whole_card_or_a_band_across_it():
    seen = add_foil(GREY, Draw(5, CPU))
    rows = ((seen - GREY).abs().amax(dim=1) > 1e-6).float().mean(dim=2)
    banded = rows.mean(dim=1) < 0.95
    assert 0.15 < float(banded.float().mean()) < 0.6
    for card in rows[banded] > 0.5:
        assert int(card.int().diff().abs().sum()) <= 2


def test_foil_brings_colours_to_a_card_without_any():
    seen = add_foil(GREY, Draw(6, CPU))
    assert float((seen.amax(dim=1) - seen.amin(dim=1)).amax(dim=(1, 2)).median()) > 0.1


def test_foil_shines_by_what_is_printed_under_it():
    black, white = (add_foil(card, Draw(6, CPU)) for card in (BLACK, WHITE))
    assert float(black.min()) >= 0
    assert float(black.max()) <= 0.3 * 0.7 * 0.94 + 1e-5
    assert float(white.mean()) > float(black.mean()) + 0.3


def test_a_film_takes_contrast_from_all_of_a_card():
    black, white = (add_film(card, Draw(7, CPU)) for card in (BLACK, WHITE))
    contrast = white - black
    assert torch.allclose(contrast, contrast[:, :, :1, :1].expand_as(contrast), atol=1e-5)
    assert 0.7 - 1e-5 <= float(contrast.min()) < 0.75
    assert float(contrast.max()) <= 1 + 1e-5
    assert bool((black >= -1e-6).all())


@pytest.mark.parametrize("disturb", [add_foil, add_film, add_glare, add_shadow])
def test_one_seed_is_one_result_and_no_two_cards_are_alike(disturb):
    first, again = (disturb(GREY[:6], Draw(8, CPU)) for _ in range(2))
    assert torch.equal(first, again)
    assert len({card.numpy().tobytes() for card in first}) == 6
    assert float(touched(first, GREY[:6]).min()) > 0.02
