"""What a student learns from a teacher, and from the cards themselves."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.distillation.teachers import FrozenTeacher
from training.distillation.terms import (
    attention_distance,
    detail_distance,
    feature_distance,
    relational_distance,
    softened_divergence,
)
from training.distillation.weights import DistillationWeights
from training.embedding.loss import ArcFace, supervised_contrastive
from training.engine.objective import GRADIENT, NETWORK, BatchLoss
from training.engine.precision import Precision, autocast
from training.errors import TrainingError
from training.networks.model import CardEmbedder

# A term that is reached has no gradient to be scaled up.
_LEAST_NORM = 1e-9


class DistillationObjective:
    """The student's embeddings, class probabilities and feature maps are drawn to the teacher's on the same images.

    Teacher and student see the same disturbed card, each at its own size. The terms differ by a factor of a thousand in
    how much they move the network: each is divided by the length of its gradient in the student's last feature map, in
    every batch, so that the weights are the shares that they are meant to be. That length is logged beside each term.
    """

    def __init__(
        self,
        student: CardEmbedder,
        arcface: ArcFace,
        teacher: FrozenTeacher,
        weights: DistillationWeights,
        precision: Precision,
    ) -> None:
        """Distil.

        Args:
            student: that learns.
            arcface: its class centres, which learn too.
            teacher: on the device that the student will be on.
            weights: of the loss.
            precision: that the networks compute in.

        Raises:
            TrainingError: if teacher and student have other classes or other dimensions.
        """
        self.trained = nn.ModuleDict({NETWORK: student, "arcface": arcface})
        self.student, self.arcface = student, arcface
        self.teacher = teacher
        self.weights = weights
        self.precision = precision
        if teacher.centres.centres.shape != arcface.centres.shape:
            raise TrainingError(
                f"the teacher has classes x dimension {list(teacher.centres.centres.shape)}, the student "
                f"{list(arcface.centres.shape)}: train both on the same cards, with the same dimension"
            )

    def describe(self) -> dict[str, Any]:
        """Plain values from which the student can be built again."""
        return {
            "model": self.student.settings.to_json(),
            "distillation": self.weights.model_dump(),
            "cards": self.teacher.cards,
        }

    def prepare(self, progress: float, average: nn.Module) -> Sequence[nn.Parameter]:  # noqa: ARG002
        """Nothing to prepare: the centres start as the teacher's."""
        return []

    def loss(self, pixels: Tensor, labels: Tensor, progress: float) -> BatchLoss:  # noqa: ARG002
        """The sum of all terms, each scaled so that its gradient has the share that its weight says."""
        with torch.no_grad(), autocast(self.precision, pixels.device):
            taught, taught_map = self.teacher.network.with_map(_resized(pixels, self.teacher.input_size))
        with autocast(self.precision, pixels.device):
            settings = self.student.settings
            learnt, learnt_map = self.student.with_map(_resized(pixels, (settings.height, settings.width)))
        parts = self._terms(learnt, learnt_map, taught, taught_map)
        if self.weights.classification:
            parts["classification"] = self.arcface(learnt, labels, self.weights.margin)
        if self.weights.contrastive:
            parts["contrastive"] = supervised_contrastive(learnt, labels, self.weights.contrastive_temperature)
        norms = {name: gradient_norm(part, learnt_map) for name, part in parts.items()}
        total = _zero(pixels)
        for name, share in self.weights.shares().items():
            total = total + share * parts[name] / norms[name].clamp(min=_LEAST_NORM)
        logged = {name: part.detach() for name, part in parts.items()}
        return BatchLoss(total=total, parts=logged | {f"{GRADIENT}{name}": norm for name, norm in norms.items()})

    def _terms(self, learnt: Tensor, learnt_map: Tensor, taught: Tensor, taught_map: Tensor) -> dict[str, Tensor]:
        weights = self.weights
        wanted = weights.terms()
        parts: dict[str, Tensor] = {}
        if "feature" in wanted:
            parts["feature"] = feature_distance(learnt, taught)
        if "attention" in wanted:
            parts["attention"] = attention_distance(learnt_map, taught_map)
        if "relational" in wanted:
            parts["relational"] = relational_distance(learnt, taught)
        if {"kl", "high_frequency"} & wanted.keys():
            logits, targets = self.arcface.logits(learnt), self.teacher.centres.logits(taught)
            if "kl" in wanted:
                parts["kl"] = softened_divergence(logits, targets, weights.temperature)
            if "high_frequency" in wanted:
                parts["high_frequency"] = detail_distance(logits, targets, weights.temperature, weights.wavelet_levels)
        return parts


def gradient_norm(part: Tensor, feature_map: Tensor) -> Tensor:
    """Length of the gradient of a scalar in a feature map that it was made of: the last place that all terms share."""
    (gradient,) = torch.autograd.grad(part, feature_map, retain_graph=True)
    norm: Tensor = gradient.detach().float().norm()
    return norm


def _resized(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    if pixels.shape[2:] == size:
        return pixels
    return functional.interpolate(pixels, size, mode="bilinear", antialias=True)


def _zero(like: Tensor) -> Tensor:
    return torch.zeros((), device=like.device)
