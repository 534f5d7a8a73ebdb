"""Writes a student as an ONNX graph, in the form that its target needs."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from edge.embedding.onnx import INPUT_NAME, OUTPUT_NAME
from training.export.onnx_file import write_module
from training.networks.model import CardEmbedder


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphForm:
    """What the graph looks like from outside.

    Attributes:
        batch: number of cards that it takes; None for any number.
        normalized_input: whether its input is `(pixel / 255 - mean) / std` instead of 0 to 255; what runs it then has
            to normalise.
        unit_output: whether its output has length 1; else what runs it has to normalise.
    """

    batch: int | None = None
    normalized_input: bool = False
    unit_output: bool = True


SCANNER_FORM = GraphForm()


class FormedEmbedder(nn.Module):
    """A student with the input and output of a form."""

    def __init__(self, model: CardEmbedder, form: GraphForm) -> None:
        super().__init__()
        self.model = model
        self.form = form

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed pixels [N, 3, H, W], as the form says."""
        model = self.model
        normalized = pixels if self.form.normalized_input else (pixels - model.mean) / model.std
        features = model.reduction(model.backbone(normalized)).flatten(start_dim=1)
        embedding: Tensor = model.normalization(model.projection(features))
        return nn.functional.normalize(embedding, dim=1) if self.form.unit_output else embedding


def write_onnx(model: CardEmbedder, path: Path, form: GraphForm = SCANNER_FORM) -> None:
    """Trace the network, in inference mode, into one ONNX file."""
    example = torch.zeros(form.batch or 2, 3, model.settings.height, model.settings.width)
    write_module(
        FormedEmbedder(model, form),
        example,
        path,
        input_name=INPUT_NAME,
        output_names=[OUTPUT_NAME],
        dynamic=None if form.batch else {0: torch.export.Dim("batch")},
    )
