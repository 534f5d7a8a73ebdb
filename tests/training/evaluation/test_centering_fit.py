from functools import cache

import numpy as np

from edge.centering import fitted as shipped
from edge.centering.edges import cut
from edge.centering.figures import places
from edge.centering.fitted import FittedCentering, fitted
from edge.geometry import SIDES
from training.cli import main
from training.evaluation.centering_fit import fit
from training.evaluation.centering_observation import observed
from training.evaluation.centering_scenes import CONDITIONS, centering_scene
from training.evaluation.cut_fit import edges_of, log_likelihood
from training.evaluation.uncertainty_fit import edge_likelihood, read_cards
from training.evaluation.uncertainty_fit import log_likelihood as error_likelihood


@cache
def observation():
    """What centering saw of an easy card."""
    return observed(centering_scene(next(iter(CONDITIONS)), 7))


def test_the_true_edges_of_a_card_are_found_likely():
    (card,) = observation().seen
    assert set(card.places_mm) == set(SIDES)
    assert edges_of([card]) == 4
    assert log_likelihood([card], fitted().cut.model_dump()) > 4 * np.log(0.8)


def test_true_edges_are_less_likely_with_wrong_numbers():
    seen, now = observation().seen, fitted().cut.model_dump()
    assert log_likelihood(seen, now) > log_likelihood(seen, now | {"independent_samples": 0.1})
    assert fitted().cut == cut.FITTED


def test_errors_are_less_likely_with_too_small_and_too_large_uncertainties():
    cards, now = list(read_cards([observation()])), fitted().uncertainty.model_dump()
    assert len(cards) == 1
    tenth, tenfold = (
        {name: now[name] * factor for name in ("sampling_px", "scatter", "blur", "faint_px")} for factor in (0.05, 20)
    )
    assert edge_likelihood(cards, now) > edge_likelihood(cards, now | tenth)
    assert edge_likelihood(cards, now) > edge_likelihood(cards, now | tenfold)
    assert edge_likelihood(cards, now | {"opposition": 1.5}) == -np.inf
    assert fitted().uncertainty == places.FITTED


def test_what_is_stated_for_95_percent_of_errors_with_tails_is_likeliest():
    errors = np.random.default_rng(0).standard_t(3, 2000) * 1.96 / 3.1824
    assert np.mean(np.abs(errors) < 1.96) > 0.93
    likelihoods = [error_likelihood(errors, np.full(2000, std)) for std in (0.8, 1.0, 1.25)]
    assert max(likelihoods) == likelihoods[1]


def test_a_fit_says_what_it_rests_on():
    found = fit([observation()], "card-training fit centering --count 1 --output mine.json")
    assert (found.source.cards, found.source.borders, found.source.edges) == (1, 4, 4)
    assert set(found.source.errors) == {*found.cut.model_dump(), *found.uncertainty.model_dump()}


def test_the_command_writes_what_the_scanner_reads(tmp_path, capsys):
    path = tmp_path / "fitted.json"
    assert main(["fit", "centering", "--count", "1", "--output", str(path)]) == 0
    found = FittedCentering.model_validate_json(path.read_text(encoding="utf-8"))
    assert found.source.command.startswith("card-training fit centering --count 1")
    assert "| independent_samples |" in capsys.readouterr().out


def test_what_ships_is_what_the_command_made():
    source = fitted().source
    assert source.command.startswith("card-training fit centering")
    assert source.borders == 4 * source.cards > 400
    assert shipped.fitted() is fitted()
