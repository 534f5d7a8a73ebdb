"""The student that learns without a teacher: from random weights, by comparing cards with each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from training.data.references import References
from training.embedding.imprint import imprinted_centres
from training.embedding.loss import SCALE, ArcFace, supervised_contrastive
from training.embedding.retrieval import torch_embedding
from training.engine.objective import NETWORK, BatchLoss
from training.engine.precision import Precision, autocast
from training.engine.schedule import Margin
from training.networks.model import CardEmbedder, ModelSettings
from training.parallel.ranks import Ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastiveSettings:
    """The losses of the student without a teacher.

    Attributes:
        model: shape of the network.
        margin: of ArcFace.
        arcface_weight: of the ArcFace loss beside the contrastive one.
        imprint_at: progress at which ArcFace's centres are put where the network has the classes by then.
        arcface_scale: factor on the cosines in ArcFace.
        temperature: of the contrastive loss.
    """

    model: ModelSettings
    margin: Margin = field(default_factory=Margin)
    arcface_weight: float = 0.2
    imprint_at: float = 0.2
    arcface_scale: float = SCALE
    temperature: float = 0.07


class ContrastiveObjective:
    """A supervised contrastive loss between the views of a batch, and ArcFace, whose centres are imprinted later."""

    def __init__(
        self,
        settings: ContrastiveSettings,
        references: References,
        ranks: Ranks,
        precision: Precision = "bf16",
        network: CardEmbedder | None = None,
    ) -> None:
        """Learn these cards.

        Args:
            settings: of network and losses.
            references: the cards to learn.
            ranks: the processes that share the imprinting.
            precision: that the network computes in.
            network: that learns; None for one with random weights, from torch's generator.
        """
        self.settings = settings
        self.references = references
        self.ranks = ranks
        self.precision = precision
        network = network or CardEmbedder(settings.model)
        self.arcface = ArcFace(2 * references.classes, settings.model.dimension, settings.arcface_scale)
        self.trained = nn.ModuleDict({NETWORK: network, "arcface": self.arcface})

    def describe(self) -> dict[str, Any]:
        """Plain values from which the network can be built again."""
        return {"model": self.settings.model.to_json(), "cards": self.references.digest}

    def prepare(self, progress: float, average: nn.Module) -> Sequence[nn.Parameter]:
        """Imprint the centres once the network has learned enough for that."""
        if self.arcface.imprinted or progress < self.settings.imprint_at:
            return []
        shape = self.settings.model
        embed = torch_embedding(average, shape.width, shape.height)
        self.arcface.imprint(imprinted_centres(embed, shape.dimension, self.references, self.ranks))
        return [self.arcface.centres]

    def loss(self, pixels: Tensor, labels: Tensor, progress: float) -> BatchLoss:
        """The two losses of a batch."""
        settings = self.settings
        with autocast(self.precision, pixels.device):
            embeddings = self.trained[NETWORK](pixels)
        contrastive = supervised_contrastive(embeddings, labels, settings.temperature)
        arcface = self.arcface(embeddings, labels, settings.margin.at(progress))
        return BatchLoss(
            total=contrastive + settings.arcface_weight * arcface,
            parts={"contrastive": contrastive.detach(), "arcface": arcface.detach()},
        )
