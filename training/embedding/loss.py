"""Losses on embeddings."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# Factor on the cosines in the softmax; a recipe may say another one.
SCALE = 32.0


class ArcFace(nn.Module):
    """Additive angular margin loss (Deng et al. 2019, arXiv 1801.07698, equation 3).

    The logit of the true class is `scale * cos(angle + margin)`. Where the angle exceeds `pi - margin`, the cosine
    would turn up again; as in the authors' code it goes on as `cos(angle) - margin * sin(margin)`, which is monotonic.
    """

    imprinted: Tensor

    def __init__(self, classes: int, dimension: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.centres = nn.Parameter(functional.normalize(torch.randn(classes, dimension), dim=1))
        self.register_buffer("imprinted", torch.tensor(data=False))

    @classmethod
    def of_checkpoint(cls, state: dict[str, Any], scale: float) -> "ArcFace":
        """The centres in the state of a checkpoint, under `arcface`."""
        prefix = "arcface."
        own = {k.removeprefix(prefix): value for k, value in state["trained"].items() if k.startswith(prefix)}
        return cls.from_state(own, scale)

    @classmethod
    def from_state(cls, state: dict[str, Tensor], scale: float) -> "ArcFace":
        """The centres of a state dictionary."""
        classes, dimension = state["centres"].shape
        made = cls(classes, dimension, scale)
        made.load_state_dict(state)
        return made

    def logits(self, embeddings: Tensor) -> Tensor:
        """Scaled cosines between embeddings and centres, without a margin, [N, classes]."""
        return self.scale * functional.linear(embeddings, functional.normalize(self.centres, dim=1))

    def imprint(self, centres: Tensor) -> None:
        """Replace the centres, float32 [classes, dimension], by better ones than random."""
        with torch.no_grad():
            self.centres.copy_(centres)
        self.imprinted.fill_(value=True)

    def forward(self, embeddings: Tensor, labels: Tensor, margin: float) -> Tensor:
        """The mean loss of a batch.

        Args:
            embeddings: float32 [N, dimension], L2-normalised.
            labels: int64 [N].
            margin: angle in radians; it may grow during training.

        Returns:
            A scalar.
        """
        cosines = functional.linear(embeddings, functional.normalize(self.centres, dim=1))
        true = cosines.gather(1, labels[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
        sines = torch.sqrt(1 - true**2)
        moved = true * math.cos(margin) - sines * math.sin(margin)
        wrapped = true <= -math.cos(margin)
        penalized = torch.where(wrapped, true - margin * math.sin(margin), moved)
        return functional.cross_entropy(self.scale * cosines.scatter(1, labels[:, None], penalized), labels)


def supervised_contrastive(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss, "outside" form (Khosla et al. 2020, arXiv 2004.11362, equation 2).

    It compares the cards of a batch with each other, so that it learns from the first step on, long before the
    centres of thousands of classes are of any use.

    Args:
        embeddings: float32 [N, dimension], L2-normalised.
        labels: int64 [N]; every label is there at least twice.
        temperature: of the softmax.

    Returns:
        A scalar.
    """
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    logits = (embeddings @ embeddings.T / temperature).masked_fill(itself, -torch.inf)
    positives = (labels[:, None] == labels[None, :]) & ~itself
    log_probabilities = (logits - logits.logsumexp(dim=1, keepdim=True)).masked_fill(~positives, 0)
    return -(log_probabilities.sum(dim=1) / positives.sum(dim=1)).mean()
