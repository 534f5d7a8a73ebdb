"""The embedding networks."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from edge.manifests import Preprocessing
from training.errors import TrainingError
from training.networks.families import Family, build_backbone
from training.networks.weights import load_published

# Mean and standard deviation of RGB over ImageNet, the convention of every published ConvNeXt.
MEAN_RGB = (0.485, 0.456, 0.406)
STD_RGB = (0.229, 0.224, 0.225)
BACKBONE_STRIDE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """The shape of a student.

    Attributes:
        family: kind of its blocks.
        depths: blocks in each stage.
        hidden_sizes: channels of each stage.
        dimension: of the embedding.
        map_channels: channels that the last feature map is reduced to before it is flattened.
        height: of the input in pixels, a multiple of 32.
        width: of the input in pixels, a multiple of 32.
        group_width: channels that a grouped convolution mixes (RegNetX alone).
    """

    family: Family = "convnext"
    depths: tuple[int, ...] = (2, 2, 6, 2)
    hidden_sizes: tuple[int, ...] = (40, 80, 160, 320)
    dimension: int = 256
    map_channels: int = 128
    height: int = 128
    width: int = 96
    group_width: int = 24

    def __post_init__(self) -> None:
        """Check the size.

        Raises:
            TrainingError: if the last feature map would not cover the whole input.
        """
        if (
            min(self.height, self.width) < BACKBONE_STRIDE
            or self.height % BACKBONE_STRIDE
            or self.width % BACKBONE_STRIDE
        ):
            raise TrainingError(
                f"the model's input must have multiples of {BACKBONE_STRIDE} pixels, got {self.height} x {self.width}"
            )

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ModelSettings":
        """What `to_json` gave."""
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        return cls(**plain)

    @property
    def preprocessing(self) -> Preprocessing:
        """How a rectified card becomes this model's input."""
        return Preprocessing(width=self.width, height=self.height, color_order="RGB", layout="NCHW")


class CardEmbedder(nn.Module):
    """A convolution network and a linear projection of its whole last feature map to the unit sphere.

    A rectified card lies as its reference does, so where on the card something is tells as much as what it is. Average
    pooling would throw that away; as with aligned faces (ArcFace, arXiv 1801.07698, section 3.1, "option E"), the map
    is flattened instead. The normalisation of pixels is inside.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.settings = settings
        self.backbone = build_backbone(settings.family, settings.depths, settings.hidden_sizes, settings.group_width)
        cells = (settings.height // BACKBONE_STRIDE) * (settings.width // BACKBONE_STRIDE)
        self.reduction = nn.Conv2d(settings.hidden_sizes[-1], settings.map_channels, kernel_size=1, bias=False)
        self.projection = nn.Linear(cells * settings.map_channels, settings.dimension, bias=False)
        self.normalization = nn.BatchNorm1d(settings.dimension)
        self.register_buffer("mean", 255 * torch.tensor(MEAN_RGB).reshape(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD_RGB).reshape(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed cards.

        Args:
            pixels: float32 [N, 3, H, W], RGB, 0 to 255.

        Returns:
            float32 [N, dimension], rows L2-normalised.
        """
        return self.with_map(pixels)[0]

    def with_map(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Embed cards, and give the feature map that the embeddings were made of, [N, C, H / 32, W / 32]."""
        feature_map = self.backbone((pixels - self.mean) / self.std)
        embedding = self.normalization(self.projection(self.reduction(feature_map).flatten(start_dim=1)))
        return nn.functional.normalize(embedding.float(), dim=1), feature_map

    def load_backbone(self, source: str) -> None:
        """Start from published weights instead of random ones.

        Raises:
            TrainingError: if they cannot be had or are of another shape.
        """
        if not isinstance(self.backbone, PreTrainedModel):
            raise TrainingError(f"there are no published weights for the family {self.settings.family}, leave them out")
        published = load_published(type(self.backbone), source)
        try:
            self.backbone.load_state_dict(published.state_dict())
        except RuntimeError as cause:
            shape = f"{self.settings.family} {self.settings.depths} x {self.settings.hidden_sizes}"
            raise TrainingError(f"the weights '{source}' are of another shape than {shape}") from cause


def student_of(state: dict[str, Any]) -> CardEmbedder:
    """The averaged student of a checkpoint's state, ready for inference.

    Raises:
        TrainingError: if it is not the state of a student.
    """
    if "model" not in state["settings"]:
        raise TrainingError("this is not the checkpoint of a student; card-training student makes one")
    student = CardEmbedder(ModelSettings.from_json(state["settings"]["model"]))
    student.load_state_dict(state["average"])
    return student.eval()
