"""The seam between the pipeline and whatever runs the embedding model."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.manifests import ModelManifest

Embed = Callable[[Sequence[Image]], NDArray[np.float32]]
"""Embeds rectified cards: float32 [N, dimension], rows L2-normalised."""


class Embedder(Protocol):
    """Runs one embedding model. Used by one thread at a time; `close` may be called from another."""

    @property
    def manifest(self) -> ModelManifest:
        """What model this is."""
        ...

    def embed(self, cards: Sequence[Image]) -> NDArray[np.float32]:
        """Embed a batch of any size.

        Args:
            cards: rectified cards, uint8 [height, width, 3] BGR, of any size.

        Returns:
            float32 [len(cards), dimension], rows L2-normalised and finite.

        Raises:
            InferenceError: if the runtime fails or its output is not finite; never zeros instead.
        """
        ...

    def close(self) -> None:
        """Release the runtime. Safe to call twice."""
        ...
