"""The teacher: a DINOv3 vision transformer with a projection to the student's dimension."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from transformers import DINOv3ViTConfig, DINOv3ViTModel

from training.embedding.loss import ArcFace
from training.errors import TrainingError
from training.networks.model import MEAN_RGB, STD_RGB
from training.networks.weights import load_published


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSettings:
    """The shape of a teacher.

    Attributes:
        backbone: configuration of the transformer, as `transformers` writes it.
        dimension: of the embedding.
        dropout: share of the pooled features that is left out of each training step.
        height: of the input in pixels, a multiple of the patch size.
        width: of the input in pixels, a multiple of the patch size.
    """

    backbone: dict[str, Any]
    dimension: int = 768
    dropout: float = 0.1
    height: int = 224
    width: int = 160

    def __post_init__(self) -> None:
        """Check the size.

        Raises:
            TrainingError: if patches would not cover the whole input.
        """
        patch = self.backbone["patch_size"]
        if self.height % patch or self.width % patch or min(self.height, self.width) < patch:
            raise TrainingError(
                f"the teacher's input must be multiples of {patch} pixels: {self.height} x {self.width}"
            )


class Teacher(nn.Module):
    """DINOv3 (arXiv 2508.10104), dropout and a linear projection of its class token to the unit sphere.

    The normalisation of pixels is inside; DINOv3 on web images uses ImageNet's.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, settings: TeacherSettings, backbone: DINOv3ViTModel | None = None) -> None:
        """Make a teacher.

        Args:
            settings: its shape.
            backbone: with published weights; None for random ones.
        """
        super().__init__()
        self.settings = settings
        self.backbone = backbone or DINOv3ViTModel(DINOv3ViTConfig(**settings.backbone))
        self.dropout = nn.Dropout(settings.dropout)
        self.projection = nn.Linear(self.backbone.config.hidden_size, settings.dimension)
        self.register_buffer("mean", 255 * torch.tensor(MEAN_RGB).reshape(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD_RGB).reshape(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed cards: float32 [N, 3, H, W], RGB, 0 to 255, to float32 [N, dimension], rows L2-normalised."""
        return self.with_map(pixels)[0]

    def with_map(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Embed cards, and give the patch tokens as a map, [N, hidden size, H / patch, W / patch]."""
        tokens = self.backbone(pixel_values=(pixels - self.mean) / self.std).last_hidden_state
        embedding = self.projection(self.dropout(tokens[:, 0]))
        patch = self.settings.backbone["patch_size"]
        rows, columns = pixels.shape[2] // patch, pixels.shape[3] // patch
        feature_map = tokens[:, -rows * columns :].transpose(1, 2).unflatten(2, (rows, columns))
        return nn.functional.normalize(embedding.float(), dim=1), feature_map

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 (torch's signature)
        """Set the mode of what learns; what is frozen stays in inference mode.

        While it learns, DINOv3 rescales its position embedding at random: of a frozen one that would only be noise.
        """
        super().train(mode)
        self.backbone.train(mode=False)
        for layer in self.backbone.model.layer:
            layer.train(mode and any(parameter.requires_grad for parameter in layer.parameters()))
        return self

    def train_last(self, blocks: int) -> None:
        """Let the projection and the last `blocks` blocks of the transformer learn, and nothing before them.

        Raises:
            TrainingError: if the transformer has fewer blocks.
        """
        layers = self.backbone.model.layer
        if blocks > len(layers):
            raise TrainingError(f"the last {blocks} blocks of the teacher shall learn, it has {len(layers)}")
        self.requires_grad_(requires_grad=True)
        self.backbone.requires_grad_(requires_grad=False)
        for layer in layers[len(layers) - blocks :]:
            layer.requires_grad_(requires_grad=True)
        self.backbone.norm.requires_grad_(requires_grad=blocks > 0)


def published_teacher(source: str, **shape: Any) -> Teacher:  # noqa: ANN401 (fields of TeacherSettings)
    """A teacher whose transformer has published weights; its projection is random.

    Args:
        source: a name on Hugging Face's hub, such as `facebook/dinov3-vitl16-pretrain-lvd1689m`, or a folder.
        shape: fields of `TeacherSettings` other than `backbone`.

    Raises:
        TrainingError: if the weights cannot be had.
    """
    backbone = load_published(DINOv3ViTModel, source)
    if not isinstance(backbone, DINOv3ViTModel):
        raise TrainingError(f"the weights '{source}' are not those of a DINOv3 vision transformer")
    return Teacher(TeacherSettings(backbone=backbone.config.to_diff_dict(), **shape), backbone)


def is_teacher(state: dict[str, Any]) -> bool:
    """Whether a checkpoint's state is that of a teacher."""
    return "teacher" in state["settings"]


def teacher_of(state: dict[str, Any]) -> tuple[Teacher, ArcFace]:
    """The averaged teacher of a checkpoint's state, ready for inference, and its class centres."""
    teacher = Teacher(TeacherSettings(**state["settings"]["teacher"]))
    teacher.load_state_dict(state["average"])
    return teacher.eval(), ArcFace.of_checkpoint(state, state["settings"]["scale"])
