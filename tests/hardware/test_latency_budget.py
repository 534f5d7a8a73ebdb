from pathlib import Path

import pytest

from tests.hardware.latency_budget import NETWORKS, SEARCH_BOX, appear_ms, appearing_table, simulate, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "hardware.md"


def test_the_document_shows_what_the_simulation_gives():
    assert table() in DOCUMENT.read_text(encoding="utf-8")
    assert appearing_table() in DOCUMENT.read_text(encoding="utf-8")


def test_a_search_that_takes_longer_makes_a_card_appear_later_by_as_much():
    assert appear_ms(SEARCH_BOX + 10, searching=False) - appear_ms(SEARCH_BOX, searching=False) == pytest.approx(25)
    assert appear_ms(SEARCH_BOX, searching=True) > appear_ms(SEARCH_BOX, searching=False)


@pytest.mark.parametrize("network", NETWORKS[:3], ids=lambda network: network.name)
def test_one_card_is_confirmed_within_four_frames(network):
    assert simulate(network, 1).confirm_frames <= 4
    assert simulate(network, 1).dropped == 0


def test_a_transformer_of_convnexts_size_does_not_keep_to_it():
    assert simulate(NETWORKS[-1], 1).confirm_frames > 4


def test_no_hailo_network_makes_levit_as_fast_as_was_planned():
    """0.14 ms for LeViT-384: its 4.7 GOPs would need more than the chip's whole 26 TOPS."""
    assert 4.7e9 / 26e12 * 1e3 > 0.14
    assert NETWORKS[2].single_ms > 100 * 0.14
