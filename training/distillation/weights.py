"""How much each thing counts that a student learns from a teacher."""

from pydantic import BaseModel, ConfigDict, Field


class DistillationWeights(BaseModel):
    """Shares of the loss's gradient: of what is learnt from the cards, and `distillation` times its weight for a term.

    Attributes:
        classification: of ArcFace on the cards' labels.
        contrastive: of the supervised contrastive loss between the cards of a batch.
        distillation: of all terms that follow, which are learnt from the teacher.
        feature: embedding regression.
        kl: softened class probabilities.
        attention: where on the card the last feature maps are active.
        high_frequency: detail bands of a wavelet transform of the logits.
        relational: distances between the cards of a batch.
        temperature: that softens the logits.
        wavelet_levels: of the wavelet transform.
        margin: of ArcFace, in radians.
        contrastive_temperature: of the contrastive loss.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    classification: float = Field(default=0, ge=0)
    contrastive: float = Field(default=0, ge=0)
    distillation: float = Field(default=1, ge=0)
    feature: float = Field(default=0, ge=0)
    kl: float = Field(default=0, ge=0)
    attention: float = Field(default=0, ge=0)
    high_frequency: float = Field(default=0, ge=0)
    relational: float = Field(default=0, ge=0)
    temperature: float = Field(default=4, gt=0)
    wavelet_levels: int = Field(default=1, ge=1)
    margin: float = Field(default=0.3, ge=0)
    contrastive_temperature: float = Field(default=0.07, gt=0)

    def shares(self) -> dict[str, float]:
        """What each part of the loss counts."""
        taught = {name: self.distillation * weight for name, weight in self.terms().items()}
        own = {"classification": self.classification, "contrastive": self.contrastive}
        return taught | {name: weight for name, weight in own.items() if weight}

    def terms(self) -> dict[str, float]:
        """The terms that count, and their weights."""
        named = {
            "feature": self.feature,
            "kl": self.kl,
            "attention": self.attention,
            "high_frequency": self.high_frequency,
            "relational": self.relational,
        }
        return {name: weight for name, weight in named.items() if weight}
