import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import TINY
from tests.training.engine.test_trainer import run_settings
from training.augmentation import AugmentationSettings
from training.data.batches import TrainingBatches
from training.embedding import runs
from training.embedding.runs import card_batches, describe_card_run, held_out_measure
from training.engine.history import VALIDATION
from training.networks.model import CardEmbedder
from training.parallel.ranks import Ranks


@pytest.mark.parametrize(("given", "said"), [(200, 200), (Path("my/cards"), "my/cards")])
def test_a_run_says_which_cards_it_learns_and_how_they_are_disturbed(references, given, said):
    args = argparse.Namespace(cards=given, threads=1)
    settings, augmentation = run_settings(seed=3), AugmentationSettings(clean=0.25)
    described = describe_card_run(args, references, Ranks(), settings, augmentation, margin=0.5)
    assert described["cards"] == said
    assert described["card_labels"] == references.digest
    assert described["settings"]["augmentation"]["clean"] == 0.25
    assert (described["settings"]["margin"], described["settings"]["seed"]) == (0.5, 3)
    assert json.loads(json.dumps(described)) == described


def test_batches_are_of_the_run_s_shape_and_seed(references):
    augmentation = AugmentationSettings(clean=1.0)
    settings = run_settings(seed=3)
    made = card_batches(references, augmentation, settings)(torch.device("cpu"))
    assert isinstance(made, TrainingBatches)
    expected = TrainingBatches(references, augmentation, settings.batch, seed=3)
    for mine, theirs in zip(made[5], expected[5], strict=True):
        assert torch.equal(mine, theirs)
    other = card_batches(references, augmentation, run_settings(seed=4))(torch.device("cpu"))
    assert not torch.equal(made[5][0], other[5][0])


def test_a_network_is_measured_on_the_same_crops_each_time(references, monkeypatch):
    """The validation is the margin, the higher the better; no crop is drawn anew."""
    drawn = []
    original = runs.disturbed_queries

    def disturbed_queries(*given):
        drawn.append(given)
        return original(*given)

    monkeypatch.setattr(runs, "disturbed_queries", disturbed_queries)
    measure = held_out_measure(references, TINY.height, TINY.width)
    torch.manual_seed(0)
    first, other = (CardEmbedder(TINY).eval() for _ in range(2))
    found = measure(first)
    assert measure(first) == found
    assert measure(other) != found
    assert len(drawn) == 1
    assert drawn[0][1:] == (AugmentationSettings(), runs.HELD_OUT_QUERIES, (TINY.width, TINY.height))
    assert found["queries"] == found["gallery"] == len(references.labels)
    assert found[VALIDATION] == pytest.approx(found["margin_p5"], abs=1e-4)
    assert np.isfinite(list(found.values())).all()
