"""Keeps embedding while an accelerator is lost: with the float model on the CPU, and saying so."""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.embedding.base import Embedder
from edge.errors import InferenceError, ModelError
from edge.geometry import Image
from edge.manifests import ModelManifest

_log = logging.getLogger(__name__)


class FallbackEmbedder:
    """An embedder that asks one first and, where that fails, another of the same model."""

    def __init__(self, first: Embedder, second: Embedder, reason: str | None = None) -> None:
        """Use `second` whenever `first` fails; this embedder closes both.

        Args:
            first: on the accelerator.
            second: on the CPU.
            reason: why `first` does not work already; None: it does.

        Raises:
            ModelError: if the two do not run the same model.
        """
        if second.manifest.sha256 != first.manifest.gallery_sha256:
            raise ModelError(
                f"recognition.fallback_model is {second.manifest.model_id}, not the float model that "
                f"{first.manifest.model_id} was compiled from; their distances cannot be compared"
            )
        self._first = first
        self._second = second
        self._reason = reason

    @property
    def manifest(self) -> ModelManifest:
        """What model this is."""
        return self._first.manifest

    def embed(self, cards: Sequence[Image]) -> NDArray[np.float32]:
        """Embed a batch of any size, as `edge.embedding.base.Embedder.embed` says."""
        try:
            embeddings = self._first.embed(cards)
        except InferenceError as cause:
            if self._reason is None:
                _log.warning("embedding on the CPU from now on: %s", cause)
            self._reason = str(cause)
            return self._second.embed(cards)
        if self._reason is not None and len(cards):
            _log.warning("embedding on the accelerator again")
            self._reason = None
        return embeddings

    def degraded(self) -> tuple[str, ...]:
        """A sentence while the second model is in use."""
        reason = self._reason
        return () if reason is None else (f"embedding on the CPU, because {reason}",)

    def close(self) -> None:
        """Release both. Safe to call twice."""
        self._first.close()
        self._second.close()
