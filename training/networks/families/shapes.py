"""Students by name."""

from dataclasses import replace

from training.errors import TrainingError
from training.networks.model import ModelSettings

DEMO = "demo"
_TINY = ModelSettings(depths=(3, 3, 9, 3), hidden_sizes=(96, 192, 384, 768), dimension=768, height=224, width=160)

# Sizes as published: ConvNeXt (arXiv 2201.03545), its smaller versions (timm: atto, femto, pico, nano), RegNetX (arXiv
# 2003.13678, table 3).
SHAPES: dict[str, ModelSettings] = {
    DEMO: ModelSettings(),
    "demo-small": ModelSettings(depths=(1, 1, 3, 1), hidden_sizes=(32, 64, 128, 256), height=96, width=64),
    "convnext-tiny": _TINY,
    "dinov3-convnext-tiny": replace(_TINY, family="dinov3-convnext"),
    "convnext-nano": replace(_TINY, depths=(2, 2, 8, 2), hidden_sizes=(80, 160, 320, 640)),
    "convnext-pico": replace(_TINY, depths=(2, 2, 6, 2), hidden_sizes=(64, 128, 256, 512)),
    "convnext-femto": replace(_TINY, depths=(2, 2, 6, 2), hidden_sizes=(48, 96, 192, 384)),
    "convnext-atto": replace(_TINY, depths=(2, 2, 6, 2), hidden_sizes=(40, 80, 160, 320)),
    "convnext-batchnorm-tiny": replace(_TINY, family="convnext-batchnorm"),
    "convnext-batchnorm-atto": ModelSettings(family="convnext-batchnorm"),
    "regnet-x-1.6gf": replace(
        _TINY, family="regnet-x", depths=(2, 4, 10, 2), hidden_sizes=(72, 168, 408, 912), group_width=24
    ),
    "regnet-x-400mf": replace(
        _TINY, family="regnet-x", depths=(1, 2, 7, 12), hidden_sizes=(32, 64, 160, 400), group_width=16
    ),
}


def shape_named(name: str) -> ModelSettings:
    """The shape of a student.

    Raises:
        TrainingError: if there is none of this name.
    """
    if name not in SHAPES:
        raise TrainingError(f"there is no student '{name}'; there are {', '.join(SHAPES)}")
    return SHAPES[name]
