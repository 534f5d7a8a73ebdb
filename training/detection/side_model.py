"""The network that says where the sides of a card in a view lie. Convolution, batch normalisation and ReLU only."""

from typing import cast

import torch
from torch import Tensor, nn

from edge.detection.networks.sides import SIDES, VIEW_HEIGHT_PX, VIEW_WIDTH_PX
from training.detection.model import PixelNetwork, convolution, merged_pyramid, residual_stages

STEM_CHANNELS = 16
STAGES = ((32, 1), (48, 2), (96, 2), (160, 2))
HEAD_CHANNELS = 48
COARSEST_PX = 32


class SideNetwork(PixelNetwork):
    """A small residual network with a feature pyramid; the normalisation of pixels is inside.

    The card lies at about the same place in every view, so each place of the coarsest map has a bias of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, STEM_CHANNELS, stride=2)
        self.stages = residual_stages(STEM_CHANNELS, STAGES)
        shape = (1, STAGES[-1][0], VIEW_HEIGHT_PX // COARSEST_PX, VIEW_WIDTH_PX // COARSEST_PX)
        self.place = nn.Parameter(torch.zeros(shape))
        self.lateral = nn.ModuleList(nn.Conv2d(width, HEAD_CHANNELS, 1) for width, _ in STAGES)
        self.head = nn.Sequential(convolution(HEAD_CHANNELS, HEAD_CHANNELS), convolution(HEAD_CHANNELS, HEAD_CHANNELS))
        self.sides = nn.Conv2d(HEAD_CHANNELS, SIDES, 1)

    def forward(self, views: Tensor) -> Tensor:
        """Look at views.

        Args:
            views: float32 [N, 3, VIEW_HEIGHT_PX, VIEW_WIDTH_PX], RGB, 0 to 255.

        Returns:
            float32 [N, SIDES, ROWS, COLUMNS], logits that a side passes a cell.
        """
        features = self.stem(self.normalised(views))
        pyramid = []
        for stage in self.stages[:-1]:
            features = stage(features)
            pyramid.append(features)
        coarsest = cast("nn.Sequential", self.stages[-1])
        pyramid.append(coarsest[1:](coarsest[0](features) + self.place))
        logits: Tensor = self.sides(self.head(merged_pyramid(self.lateral, pyramid)))
        return logits.float()
