import json
import math
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.multiprocessing
from torch import nn

from tests.training.conftest import TINY, free_port, stop_after
from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape, TrainingBatches
from training.data.references import References
from training.embedding.contrastive import ContrastiveObjective, ContrastiveSettings
from training.engine.callbacks import Callback, keeping_best, stopping_early
from training.engine.checkpoint import BEST_FILE, FILE, load_checkpoint
from training.engine.history import read_history
from training.engine.objective import NETWORK, BatchLoss, split_cards
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.engine.trainer import Trainer
from training.errors import TrainingError
from training.parallel.ranks import Ranks, join_ranks


def run_settings(**changes) -> RunSettings:
    values = {
        "batch": BatchShape(cards=4, height=TINY.height, width=TINY.width),
        "schedule": Schedule(learning_rate=1e-2),
        "budget": Budget(steps=4),
        "workers": 0,
        "log_every_steps": 1,
    }
    return RunSettings(**values | changes)


def card_batches(settings: RunSettings, references: References, clean: float = 0.1) -> TrainingBatches:
    return TrainingBatches(references, AugmentationSettings(clean=clean), settings.batch, settings.seed)


def new_trainer(settings: RunSettings, references: References, folder: Path, ranks: Ranks | None = None, **losses):
    torch.manual_seed(settings.seed)
    folder.mkdir(exist_ok=True)
    objective = ContrastiveObjective(
        ContrastiveSettings(model=TINY, **losses), references, ranks or Ranks(), settings.precision
    )
    return Trainer(objective, card_batches(settings, references), settings, folder, ranks)


class Dropping:
    """A network with dropout on the mean colour of a card: quick, and different for every random number."""

    def __init__(self, most_images: int = 1000, spoiled_steps: frozenset[int] = frozenset()) -> None:
        torch.manual_seed(0)
        self.trained = nn.ModuleDict({NETWORK: nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 16))})
        self.most_images = most_images
        self.spoiled = set(spoiled_steps)
        self.steps = -1

    def describe(self):
        return {}

    def prepare(self, _progress, _average):
        self.steps += 1
        return []

    def loss(self, pixels, labels, _progress):
        if len(labels) > self.most_images:
            raise torch.OutOfMemoryError("the test's memory is full")
        loss = nn.functional.cross_entropy(self.trained[NETWORK](pixels.mean(dim=(2, 3)) / 255), labels)
        if self.steps in self.spoiled:
            self.spoiled.remove(self.steps)
            loss = loss * math.nan
        return BatchLoss(total=loss, parts={"cross_entropy": loss.detach()})


def dropping_trainer(objective: Dropping, settings: RunSettings, references: References, folder: Path, ranks=None):
    folder.mkdir(exist_ok=True)
    return Trainer(objective, card_batches(settings, references), settings, folder, ranks)


def weights(trainer: Trainer) -> torch.Tensor:
    modules = (trainer.objective.trained, trainer.average.model)
    return torch.cat([value.flatten().double() for module in modules for value in module.state_dict().values()])


def losses(folder: Path, name: str) -> list[float]:
    return [entry[name] for entry in read_history(folder) if name in entry]


def in_processes(count: int, work: Callable[..., None], *given) -> None:
    """Run `work(rank, ranks, *given)` in `count` processes that train together."""
    torch.multiprocessing.start_processes(_joined, (count, free_port(), work, given), nprocs=count, start_method="fork")


def _joined(rank: int, count: int, port: int, work: Callable[..., None], given: tuple) -> None:
    torch.set_num_threads(1)
    os.environ |= {"WORLD_SIZE": str(count), "RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    work(rank, join_ranks(), *given)
    torch.distributed.destroy_process_group()


def test_a_run_trains_averages_and_leaves_a_checkpoint(references, tmp_path):
    trainer = new_trainer(run_settings(log_every_steps=100), references, tmp_path)
    before = weights(trainer)
    measured = []
    assert trainer.train(lambda model: {"training": model.training}, [Callback(after_entry=measured.append)])
    assert not torch.equal(weights(trainer), before)
    assert trainer.progress.step == 4
    assert load_checkpoint(tmp_path / FILE)["step"] == 4
    entries = read_history(tmp_path)
    assert entries[0]["step"] == 1
    assert entries[0]["images_per_s"] > 0
    assert entries[-1] == {"step": 4, "training": False}
    assert measured == entries


def test_the_best_checkpoint_is_kept(references, tmp_path):
    found = iter([0.2, 0.5, 0.3])
    settings = run_settings(budget=Budget(steps=3), checkpoint_every_steps=1, log_every_steps=100)
    trainer = new_trainer(settings, references, tmp_path)
    trainer.train(lambda _: {"validation": next(found)}, [keeping_best(tmp_path)])
    assert load_checkpoint(tmp_path / BEST_FILE)["step"] == 2
    assert load_checkpoint(tmp_path / FILE)["step"] == 3


def test_a_run_that_gets_no_better_ends_early(references, tmp_path):
    found = iter([0.2, 0.5, 0.3, 0.5])
    settings = run_settings(budget=Budget(steps=50), checkpoint_every_steps=1, log_every_steps=100)
    trainer = new_trainer(settings, references, tmp_path)
    assert trainer.train(lambda _: {"validation": next(found)}, [keeping_best(tmp_path), stopping_early(tmp_path, 2)])
    assert load_checkpoint(tmp_path / FILE)["step"] == 4
    assert load_checkpoint(tmp_path / BEST_FILE)["step"] == 2


def train_until_it_gets_no_better(rank, ranks, references, folder):
    settings = run_settings(budget=Budget(steps=50), batches_per_step=2, checkpoint_every_steps=1)
    trainer = new_trainer(settings, references, folder, ranks)
    assert trainer.train(lambda _: {"validation": 0.5}, [stopping_early(folder, 2)] if rank == 0 else ())
    assert trainer.progress.step == 3


def test_all_processes_end_when_the_first_one_sees_no_better(references, tmp_path):
    in_processes(2, train_until_it_gets_no_better, references, tmp_path)


def test_callbacks_are_called_after_each_step_and_measurement(references, tmp_path):
    steps, measured = [], []
    settings = run_settings(checkpoint_every_steps=2)
    trainer = new_trainer(settings, references, tmp_path)
    watching = Callback(
        after_step=lambda step, share, pace: steps.append((step, share, pace.steps)),
        after_measurement=lambda: measured.append(trainer.progress.step),
    )
    assert trainer.train(callbacks=[watching])
    assert steps == [(1, 0.0, 1), (2, 0.25, 1), (3, 0.5, 1), (4, 0.75, 1)]
    assert measured == [2, 4]


def test_a_checkpoint_of_other_labels_is_not_resumed(references, tmp_path):
    new_trainer(run_settings(), references, tmp_path).train()
    swapped = replace(references, labels=references.labels.max() - references.labels)
    with pytest.raises(TrainingError, match="of another network, other cards or other losses"):
        new_trainer(run_settings(), swapped, tmp_path).resume()
    new_trainer(run_settings(), references, tmp_path).resume()


@pytest.mark.parametrize("precision", ["bf16", "fp32", "fp16"])
def test_the_loss_falls(references, tmp_path, precision):
    settings = run_settings(budget=Budget(steps=30), precision=precision, ema_decay=0.9)
    trainer = new_trainer(settings, references, tmp_path)
    trainer.batches = card_batches(settings, references, clean=1)
    trainer.train()
    arcface = losses(tmp_path, "arcface")
    assert sum(arcface[-3:]) < 0.8 * sum(arcface[:3])


def test_a_stopped_run_is_resumed_exactly(references, tmp_path):
    uninterrupted = new_trainer(run_settings(), references, tmp_path / "whole")
    assert uninterrupted.train()
    first = new_trainer(run_settings(), references, tmp_path / "parts")
    stop_after(first, 3)
    assert not first.train()
    second = new_trainer(run_settings(), references, tmp_path / "parts")
    second.resume()
    assert second.progress.step == 3
    assert second.train()
    assert torch.equal(weights(uninterrupted), weights(second))


LONG = run_settings(budget=Budget(steps=40), checkpoint_every_steps=7, batches_per_step=2, precision="fp16")


def train_together(rank, ranks, references, folder, resume):
    trainer = dropping_trainer(Dropping(), LONG, references, folder, ranks)
    if resume:
        trainer.resume()
    assert trainer.train()


def test_two_processes_killed_at_a_random_step_end_as_if_they_never_were(references, tmp_path):
    in_processes(2, train_together, references, tmp_path / "whole", False)
    killed = tmp_path / "killed"
    context = torch.multiprocessing.start_processes(
        _joined, (2, free_port(), train_together, (references, killed, False)), 2, join=False, start_method="fork"
    )
    last = random.randint(8, 30)
    deadline = time.monotonic() + 60
    while not (killed / "history.jsonl").exists() or len(read_history(killed)) < last:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for process in context.processes:
        process.kill()
        process.join()
    stopped = load_checkpoint(killed / FILE)["step"]
    assert 7 <= stopped < 40
    in_processes(2, train_together, references, killed, True)
    whole, resumed = load_checkpoint(tmp_path / "whole" / FILE), load_checkpoint(killed / FILE)
    for part in ("trained", "average"):
        assert whole[part].keys() == resumed[part].keys()
        assert all(torch.equal(value, resumed[part][name]) for name, value in whole[part].items())
    assert json.dumps(whole["scaler"]) == json.dumps(resumed["scaler"])
    for number, moments in whole["optimizer"]["state"].items():
        assert all(torch.equal(value, resumed["optimizer"]["state"][number][name]) for name, value in moments.items())
    assert losses(tmp_path / "whole", "cross_entropy") == losses(killed, "cross_entropy")


SHARED = run_settings(budget=Budget(steps=6), batches_per_step=2)


def train_student(rank, ranks, references, folder):
    assert new_trainer(SHARED, references, folder, ranks, imprint_at=0.5).train()


def test_two_processes_learn_what_one_does_with_the_same_batch(references, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train_student(0, Ranks(), references, tmp_path / "one")
    torch.set_num_threads(threads)
    in_processes(2, train_student, references, tmp_path / "two")
    for name in ("contrastive", "arcface"):
        one, two = losses(tmp_path / "one", name), losses(tmp_path / "two", name)
        assert len(one) == 6
        assert one == pytest.approx(two, abs=2e-4)
    one, two = (load_checkpoint(tmp_path / name / FILE)["average"] for name in ("one", "two"))
    assert all(torch.allclose(value, two[name], atol=1e-5) for name, value in one.items() if value.is_floating_point())


def test_batches_that_cannot_be_shared_out_are_refused(references, tmp_path):
    with pytest.raises(TrainingError, match="3 batches a step cannot be shared out evenly over 2"):
        new_trainer(run_settings(batches_per_step=3), references, tmp_path, Ranks(rank=0, size=2))


def test_signals_are_handled_as_before_once_the_run_is_over(references, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    new_trainer(run_settings(budget=Budget(steps=1)), references, tmp_path).train()
    assert signal.getsignal(signal.SIGTERM) is before


def test_too_little_memory_splits_the_batch_and_keeps_its_gradient(references, tmp_path):
    settings = run_settings(precision="fp32", schedule=Schedule(learning_rate=1e-3))
    roomy = dropping_trainer(Dropping(), settings, references, tmp_path / "roomy")
    narrow = dropping_trainer(Dropping(most_images=2), settings, references, tmp_path / "narrow")
    for trainer in (roomy, narrow):
        trainer.objective.trained[NETWORK][0].p = 0.0
        assert trainer.train()
    assert torch.allclose(weights(roomy), weights(narrow), atol=1e-6)
    assert losses(tmp_path / "roomy", "cross_entropy") == pytest.approx(losses(tmp_path / "narrow", "cross_entropy"))
    retries = [entry for entry in read_history(tmp_path / "narrow") if "retry" in entry]
    assert [(entry["parts"], entry["reason"]) for entry in retries] == [(2, "out of memory"), (4, "out of memory")]


def test_far_too_little_memory_is_an_error(references, tmp_path):
    trainer = dropping_trainer(Dropping(most_images=0), run_settings(), references, tmp_path)
    with pytest.raises(TrainingError, match="memory does not suffice at step 0, even for 4 parts"):
        trainer.train()


def test_another_error_is_not_taken_for_lack_of_memory(references, tmp_path):
    trainer = dropping_trainer(Dropping(), run_settings(), references, tmp_path)
    trainer.objective.trained[NETWORK][1] = nn.Linear(4, 16)
    with pytest.raises(RuntimeError, match="shapes"):
        trainer.train()


def test_an_exploded_loss_goes_back_to_the_checkpoint_with_a_lower_learning_rate(references, tmp_path):
    settings = run_settings(budget=Budget(steps=6), checkpoint_every_steps=2)
    trainer = dropping_trainer(Dropping(spoiled_steps=frozenset({5})), settings, references, tmp_path)
    assert trainer.train()
    entries = read_history(tmp_path)
    (retry,) = [entry for entry in entries if "retry" in entry]
    assert (retry["step"], retry["back_to_step"], retry["learning_rate_factor"]) == (5, 4, 0.5)
    steps = [entry for entry in entries if "cross_entropy" in entry]
    assert [entry["step"] for entry in steps] == [1, 2, 3, 4, 5, 6]
    expected = [1, 1, 1, 1, 0.5, 0.5]
    rates = [settings.schedule.learning_rate_at(step / 6) for step in range(6)]
    assert [entry["learning_rate"] for entry in steps] == pytest.approx(
        [rate * factor for rate, factor in zip(rates, expected, strict=True)], rel=1e-2
    )
    assert load_checkpoint(tmp_path / FILE)["retries"]["rate_factor"] == 0.5


def test_a_loss_that_stays_not_finite_ends_the_run(references, tmp_path):
    trainer = new_trainer(run_settings(), references, tmp_path)
    with torch.no_grad():
        trainer.objective.arcface.centres[0, 0] = math.nan
    with pytest.raises(TrainingError, match="not finite at step 0: .*also after 3 retries"):
        trainer.train()
    assert [entry["retry"] for entry in read_history(tmp_path)] == [1, 2, 3]


def test_a_run_of_another_network_is_not_resumed(references, tmp_path):
    new_trainer(run_settings(budget=Budget(steps=1)), references, tmp_path).train()
    with pytest.raises(TrainingError, match="another network, other cards"):
        dropping_trainer(Dropping(), run_settings(), references, tmp_path).resume()


def test_resume_without_a_checkpoint_says_so(references, tmp_path):
    with pytest.raises(TrainingError, match="there is no checkpoint"):
        new_trainer(run_settings(), references, tmp_path).resume()


def test_centres_are_imprinted_once_in_the_course_of_the_run(references, tmp_path):
    settings = run_settings(schedule=Schedule(learning_rate=1e-9))
    trainer = new_trainer(settings, references, tmp_path, imprint_at=0.5)
    before = trainer.objective.arcface.centres.detach().clone()
    assert trainer.train()
    assert trainer.objective.arcface.imprinted
    assert not torch.allclose(trainer.objective.arcface.centres, before, atol=0.01)
    resumed = new_trainer(run_settings(budget=Budget(steps=5)), references, tmp_path, imprint_at=0.5)
    resumed.resume()
    assert resumed.objective.prepare(0.9, resumed.average.model) == []


@pytest.mark.parametrize("file", ["checkpoint.partial", "history.jsonl"])
def test_a_full_disk_is_named(references, tmp_path, file):
    (tmp_path / "checkpoint.pt").touch()
    (tmp_path / file).symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=rf"cannot write .*{file.split('.')[0]}.*is the disk full\?"):
        new_trainer(run_settings(), references, tmp_path).train()


def test_batches_are_split_between_cards():
    parts = list(split_cards(torch.arange(10)[:, None], torch.arange(10), views=2, parts=3))
    assert [labels.tolist() for _, labels in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(list(split_cards(torch.arange(4)[:, None], torch.arange(4), views=2, parts=8))) == 2
