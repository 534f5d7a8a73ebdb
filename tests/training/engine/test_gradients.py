import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from training.data.batches import BatchShape
from training.engine.gradients import Gradients
from training.engine.objective import NETWORK, BatchLoss
from training.engine.precision import gradient_scaler
from training.engine.recovery import LossNotFiniteError
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.parallel.ranks import Ranks

SETTINGS = RunSettings(
    batch=BatchShape(cards=6, views=2, height=8, width=8),
    schedule=Schedule(learning_rate=1e-3),
    budget=Budget(steps=1),
    batches_per_step=2,
)


class Regression:
    """The mean colour of an image to its target; with normalisation where running statistics are asked after."""

    def __init__(self, *, normalised: bool = False, most_images: int = 1000, fault: Exception | None = None) -> None:
        torch.manual_seed(1)
        layers = [nn.Linear(3, 4)] + ([nn.BatchNorm1d(4)] if normalised else []) + [nn.Linear(4, 1)]
        self.trained = nn.ModuleDict({NETWORK: nn.Sequential(*layers)})
        self.most_images = most_images
        self.fault = fault

    def loss(self, pixels, targets, _share):
        if len(pixels) > self.most_images:
            raise self.fault
        said = self.trained[NETWORK](pixels.mean(dim=(2, 3)) / 255)[:, 0]
        loss = ((said - targets) ** 2).mean()
        return BatchLoss(total=loss, parts={"squares": loss.detach()})


def batches(count: int = 2):
    generator = torch.Generator().manual_seed(7)
    for _ in range(count):
        pixels = torch.randint(0, 256, (12, 3, 8, 8), generator=generator, dtype=torch.uint8)
        yield pixels, torch.rand(12, generator=generator)


def gradients_of(objective: Regression, settings: RunSettings = SETTINGS) -> Gradients:
    ranks = Ranks()
    return Gradients(objective, settings, ranks, gradient_scaler("fp32", ranks.device))


def parameters(objective: Regression) -> torch.Tensor:
    return torch.cat([each.grad.flatten() for each in objective.trained.parameters()])


def test_the_gradient_is_that_of_the_mean_loss_of_all_batches():
    objective = Regression()
    losses = gradients_of(objective).add_up(list(batches()), step=0, share=0.0, parts=1)
    expected = Regression()
    mean = sum(expected.loss(pixels.float(), targets, 0).total for pixels, targets in batches()) / 2
    mean.backward()
    assert torch.allclose(parameters(objective), parameters(expected), atol=1e-6)
    assert losses["squares"] == pytest.approx(mean.item(), rel=1e-5)


@pytest.mark.parametrize("parts", [2, 3, 6])
def test_parts_that_fit_into_memory_add_up_to_the_gradient_of_the_whole(parts):
    whole, split = Regression(), Regression()
    losses = [gradients_of(each).add_up(list(batches()), 0, 0.0, n) for each, n in ((whole, 1), (split, parts))]
    assert torch.allclose(parameters(whole), parameters(split), atol=1e-6)
    assert losses[0]["squares"] == pytest.approx(losses[1]["squares"], rel=1e-5)


@pytest.mark.parametrize(
    "fault", [torch.OutOfMemoryError("full"), RuntimeError("can't allocate memory"), MemoryError()]
)
def test_where_memory_does_not_suffice_there_is_no_gradient_and_the_statistics_are_as_before(fault):
    objective = Regression(normalised=True, most_images=6, fault=fault)
    gradients, norm = gradients_of(objective), objective.trained[NETWORK][1]
    before = norm.running_mean.clone()
    assert gradients.add_up(list(batches()), 0, 0.0, parts=1) is None
    assert torch.equal(norm.running_mean, before)
    objective.trained.zero_grad()
    assert gradients.add_up(list(batches()), 0, 0.0, parts=2) is not None
    assert not torch.equal(norm.running_mean, before)


def test_statistics_after_a_step_do_not_depend_on_the_order_of_its_batches():
    means = []
    for order in (1, -1):
        objective = Regression(normalised=True)
        gradients_of(objective).add_up(list(batches())[::order], 0, 0.0, parts=1)
        means.append(objective.trained[NETWORK][1].running_mean.clone())
    assert torch.allclose(means[0], means[1], atol=1e-7)


def test_another_error_is_none_of_memory():
    objective = Regression(most_images=6, fault=RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        gradients_of(objective).add_up(list(batches()), 0, 0.0, parts=1)


def test_a_loss_that_is_no_number_names_its_step():
    objective = Regression()
    with torch.no_grad():
        objective.trained[NETWORK][0].weight[0, 0] = math.nan
    with pytest.raises(LossNotFiniteError, match="at step 31"):
        gradients_of(objective, replace(SETTINGS, batches_per_step=2)).add_up(list(batches()), 31, 0.0, parts=1)
