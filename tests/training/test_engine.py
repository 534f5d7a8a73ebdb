import json
import math
import os
import signal
from dataclasses import replace

import pytest
import torch

from training import engine
from training.augmentation import AugmentationSettings
from training.batches import BatchShape
from training.checkpoint import FILE, load_checkpoint
from training.engine import RunSettings, Trainer
from training.errors import TrainingError
from training.imprint import imprinted_centres
from training.model import ModelSettings
from training.ranks import Ranks
from training.schedule import Budget, Schedule

TINY = ModelSettings(depths=(1, 1, 1, 1), hidden_sizes=(4, 4, 8, 8), dimension=8, map_channels=8, height=64, width=32)


def settings(**changes) -> RunSettings:
    values = {
        "model": TINY,
        "batch": BatchShape(cards=4, height=TINY.height, width=TINY.width),
        "schedule": Schedule(learning_rate=1e-2),
        "budget": Budget(steps=4),
        "workers": 0,
    }
    return RunSettings(**values | changes)


def weights(trainer: Trainer) -> torch.Tensor:
    modules = (trainer.model, trainer.average.model, trainer.arcface)
    return torch.cat([value.flatten().double() for module in modules for value in module.state_dict().values()])


def test_a_run_trains_averages_and_leaves_a_checkpoint(references, tmp_path):
    trainer = Trainer(settings(), references, tmp_path)
    before = weights(trainer)
    assert trainer.train(lambda model: {"training": model.training})
    assert not torch.equal(weights(trainer), before)
    assert trainer.clock.step == 4
    assert load_checkpoint(tmp_path / FILE)["step"] == 4
    (entry,) = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert entry == {"step": 4, "training": False}


def test_the_loss_falls(references, tmp_path):
    trainer = Trainer(
        settings(budget=Budget(steps=30), augmentation=AugmentationSettings(clean=1)), references, tmp_path
    )
    losses = []
    step = trainer._step
    trainer._step = lambda *args: losses.append(step(*args)) or losses[-1]
    trainer.train()
    arcface = [loss for _, loss in losses]
    assert sum(arcface[-3:]) < 0.8 * sum(arcface[:3])


def test_a_stopped_run_is_resumed_exactly(references, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    uninterrupted = Trainer(settings(), references, whole)
    assert uninterrupted.train()

    first = Trainer(settings(), references, parts)
    step = first._step

    def stop_after_three(*args):
        losses = step(*args)
        if first.clock.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return losses

    first._step = stop_after_three
    assert not first.train()
    second = Trainer(settings(), references, parts)
    second.resume()
    assert second.clock.step == 3
    assert second.train()
    assert torch.equal(weights(uninterrupted), weights(second))


def test_signals_are_handled_as_before_once_the_run_is_over(references, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    Trainer(settings(budget=Budget(steps=1)), references, tmp_path).train()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_loss_that_is_not_finite_ends_the_run(references, tmp_path):
    trainer = Trainer(settings(), references, tmp_path)
    with torch.no_grad():
        trainer.arcface.centres[0, 0] = math.nan
    with pytest.raises(TrainingError, match="not finite at step 0"):
        trainer.train()
    assert not (tmp_path / FILE).exists()


def test_a_run_of_other_cards_is_not_resumed(references, tmp_path):
    Trainer(settings(budget=Budget(steps=1)), references, tmp_path).train()
    other = Trainer(settings(model=replace(TINY, depths=(1, 1, 1, 2))), references, tmp_path)
    with pytest.raises(TrainingError, match="another network or other cards"):
        other.resume()


def test_resume_without_a_checkpoint_says_so(references, tmp_path):
    with pytest.raises(TrainingError, match="there is no checkpoint"):
        Trainer(settings(), references, tmp_path).resume()


def test_centres_are_imprinted_once_in_the_course_of_the_run(references, tmp_path, monkeypatch):
    steps = []
    trainer = Trainer(settings(imprint_at=0.5), references, tmp_path)

    def recorded(model, *_):
        steps.append(trainer.clock.step)
        return imprinted_centres(model, references, Ranks())

    monkeypatch.setattr(engine, "imprinted_centres", recorded)
    assert trainer.train()
    assert steps == [2]
    resumed = Trainer(settings(imprint_at=0.5, budget=Budget(steps=5)), references, tmp_path)
    resumed.resume()
    assert resumed.train()
    assert steps == [2]
