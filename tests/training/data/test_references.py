import numpy as np
import pytest

from edge.simulator.card import render_card
from edge.simulator.sets import training_cards
from training.data import references
from training.data.references import art_labels, simulated_references


@pytest.fixture(scope="module")
def cards():
    return training_cards(400)


def test_a_reprint_has_the_label_of_its_original(cards):
    labels = dict(zip((card.card_id for card in cards), art_labels(cards).tolist(), strict=True))
    reprints = [card for card in cards if card.lookalike_of in labels]
    assert reprints
    assert all(labels[card.card_id] == labels[card.lookalike_of] for card in reprints)
    assert len(set(labels.values())) == len(cards) - len(reprints) == max(labels.values()) + 1


def test_cards_are_rendered_once_and_then_mapped(cards, tmp_path, monkeypatch):
    chosen = cards[:3]
    rendered = simulated_references(chosen, tmp_path, workers=1)
    monkeypatch.setattr(references, "ProcessPoolExecutor", lambda *_: pytest.fail("rendered again"))
    mapped = simulated_references(chosen, tmp_path)
    assert isinstance(mapped.images, np.memmap)
    for image, again, card in zip(rendered.images, mapped.images, chosen, strict=True):
        assert np.array_equal(image, render_card(card, references.PX_PER_MM))
        assert np.array_equal(image, again)
    assert mapped.card_ids == tuple(card.card_id for card in chosen)


def test_an_interrupted_rendering_leaves_nothing_that_looks_complete(cards, tmp_path, monkeypatch):
    def break_off(*_args, **_options):
        raise RuntimeError("power cut")

    monkeypatch.setattr(references, "ProcessPoolExecutor", break_off)
    with pytest.raises(RuntimeError, match="power cut"):
        simulated_references(cards[:2], tmp_path)
    assert [file.suffix for file in tmp_path.iterdir()] == [".lock"]
