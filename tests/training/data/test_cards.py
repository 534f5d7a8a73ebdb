import pytest

from edge.errors import ConfigurationError
from edge.simulator.sets import calibration_cards, template_cards, training_cards
from training.data import cards
from training.data.cards import open_cards
from training.parallel.ranks import Ranks


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(cards, "HELD_OUT_CARDS", 2)


def ids(specs) -> tuple[str, ...]:
    return tuple(spec.card_id for spec in specs)


def test_what_is_measured_on_is_never_learnt(tmp_path):
    opened = open_cards(4, None, tmp_path, Ranks())
    assert opened.learnt.card_ids == ids(training_cards(4))
    assert opened.held_out.card_ids == ids(calibration_cards(2))
    assert not set(opened.learnt.card_ids) & set(opened.held_out.card_ids)


def test_half_of_the_cards_are_of_sets_with_a_single_template_where_that_is_asked_for(tmp_path):
    opened = open_cards(5, None, tmp_path, Ranks(), templates=True)
    assert opened.learnt.card_ids == (*ids(training_cards(3)), *ids(template_cards(2)))


def test_a_folder_without_metadata_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="needs --metadata FILE"):
        open_cards(tmp_path, None, tmp_path / "cache", Ranks())
