"""How much each thing counts that a student learns from a teacher."""

from pydantic import BaseModel, ConfigDict, Field


class DistillationWeights(BaseModel):
    """Shares of the loss's gradient: `classification` for ArcFace, `distillation` times its weight for each other term.

    Attributes:
        classification: of ArcFace on the cards' labels.
        distillation: of all terms that follow.
        feature: embedding regression.
        kl: softened class probabilities.
        attention: where on the card the last feature maps are active.
        high_frequency: detail bands of a wavelet transform of the logits.
        relational: distances between the cards of a batch.
        temperature: that softens the logits.
        wavelet_levels: of the wavelet transform.
        margin: of ArcFace, in radians.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    classification: float = Field(default=0, ge=0)
    distillation: float = Field(default=1, ge=0)
    feature: float = Field(default=0, ge=0)
    kl: float = Field(default=0, ge=0)
    attention: float = Field(default=0, ge=0)
    high_frequency: float = Field(default=0, ge=0)
    relational: float = Field(default=0, ge=0)
    temperature: float = Field(default=4, gt=0)
    wavelet_levels: int = Field(default=1, ge=1)
    margin: float = Field(default=0.3, ge=0)

    def shares(self) -> dict[str, float]:
        """What each part of the loss counts."""
        own = {name: self.distillation * weight for name, weight in self.terms().items()}
        return own | ({"classification": self.classification} if self.classification else {})

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
