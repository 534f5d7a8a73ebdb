import numpy as np
import pytest

from edge.database.build import write_bundle
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError
from edge.settings.sections import RecognitionSettings
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from training.evaluation.full_size import fill_up, repetitions, widen_model

DEMO = RecognitionSettings()


def test_a_widened_model_and_a_filled_up_database_answer_as_the_narrow_ones(tmp_path):
    wide = widen_model(DEMO.model, tmp_path / "wide.onnx", 768)
    narrow_embedder, wide_embedder = OnnxEmbedder(DEMO.model), OnnxEmbedder(tmp_path / "wide.onnx")
    narrow = CardDatabase.open(DEMO.database, narrow_embedder.manifest)
    gallery = fill_up(narrow, wide, narrow.manifest.cards + 10)
    write_bundle(tmp_path / "bundle", gallery)
    filled = CardDatabase.open(tmp_path / "bundle", wide)
    cards = [render_card(card, 4) for card in demo_cards()[:3]]
    answers = filled.search(wide_embedder.embed(cards), 2)
    expected = narrow.search(narrow_embedder.embed(cards), 2)
    assert (filled.manifest.cards, filled.manifest.dimension) == (narrow.manifest.cards + 10, 768)
    for answer, wanted in zip(answers, expected, strict=True):
        assert [match.card_id for match in answer] == [match.card_id for match in wanted]
        assert np.allclose([m.distance for m in answer], [m.distance for m in wanted], atol=1e-4)


def test_made_up_cards_hold_as_much_as_those_that_they_repeat(tmp_path):
    wide = widen_model(DEMO.model, tmp_path / "wide.onnx", 512)
    narrow = CardDatabase.open(DEMO.database, OnnxEmbedder(DEMO.model).manifest)
    write_bundle(tmp_path / "bundle", fill_up(narrow, wide, 2 * narrow.manifest.cards + 10))
    filled = CardDatabase.open(tmp_path / "bundle", wide)
    assert len(filled.lookalikes) == 2 * len(narrow.lookalikes)
    first, copy = narrow.lookalikes[0], filled.lookalikes[len(narrow.lookalikes)]
    assert filled.reference(copy.anchor) == narrow.reference(first.anchor)
    card_id, copied = first.members[0].card_id, copy.members[0].card_id
    assert filled.details(copied) == narrow.details(card_id)
    assert filled.print_reference(copied).encoded == narrow.print_reference(card_id).encoded
    assert filled.hash_distances(render_card(demo_cards()[0], 4)) is not None


def test_a_dimension_that_does_not_fit_is_refused():
    with pytest.raises(ConfigurationError, match="no multiple"):
        repetitions(256, 700)
