"""Runs an embedding model with ONNX Runtime on the CPU."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.errors import InferenceError, ModelError
from edge.geometry import Image
from edge.imaging.preprocessing import preprocess
from edge.inference.networks import RUNTIME_ERRORS, Signature, one_line, open_network
from edge.manifests import ModelManifest, Preprocessing, read_model_manifest

INPUT_NAME = "pixels"
OUTPUT_NAME = "embedding"
# numerics: of a length of 1; a float32 sum over 768 dimensions is off by about 1e-6.
NORM_TOLERANCE = 1e-3


class OnnxEmbedder:
    """An `edge.embedding.base.Embedder` on ONNX Runtime's CPU provider."""

    def __init__(self, model_path: Path, threads: int = 1) -> None:
        """Load the model, check it against the manifest beside it, and run it once.

        Args:
            model_path: `<name>.onnx`; its manifest is `<name>.json` in the same folder.
            threads: that one inference may use.

        Raises:
            ModelError: if the model or its manifest is missing, damaged or does not fit the other.
        """
        self._manifest = read_model_manifest(model_path.with_suffix(".json"))
        self._session: onnxruntime.InferenceSession | None = open_network(
            model_path, _signature(self._manifest), threads
        )
        size = self._manifest.preprocessing
        try:
            self.embed([_test_card(size.width, size.height)])
        except InferenceError as cause:
            raise ModelError(f"{model_path} loads but does not work ({cause}); export the model again") from cause

    @property
    def manifest(self) -> ModelManifest:
        """What model this is."""
        return self._manifest

    def embed(self, cards: Sequence[Image]) -> NDArray[np.float32]:
        """Embed a batch of any size, as `edge.embedding.base.Embedder.embed` says."""
        if not cards:
            return np.empty((0, self._manifest.dimension), dtype=np.float32)
        return self.run(preprocess(cards, self._manifest.preprocessing))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the model on a batch that `edge.imaging.preprocessing.preprocess` made.

        Returns:
            float32 [N, dimension], rows L2-normalised and finite.

        Raises:
            InferenceError: if the runtime fails, the embedder is closed, or the output is not usable.
        """
        if self._session is None:
            raise InferenceError(f"the model {self._manifest.model_id} has been closed; open it again")
        try:
            (output,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: batch})
        except RUNTIME_ERRORS as cause:
            raise InferenceError(f"ONNX Runtime failed on {self._manifest.model_id}: {one_line(cause)}") from cause
        return _checked(output, len(batch), self._manifest)

    def close(self) -> None:
        """Release the runtime. Safe to call twice."""
        self._session = None


def _test_card(width: int, height: int) -> Image:
    return np.resize(np.arange(256, dtype=np.uint8), (height, width, 3))


def _signature(manifest: ModelManifest) -> Signature:
    return Signature(
        inputs={INPUT_NAME: (None, *_input_shape(manifest.preprocessing))},
        outputs={OUTPUT_NAME: (None, manifest.dimension)},
    )


def _input_shape(preprocessing: Preprocessing) -> tuple[int, int, int]:
    height, width = preprocessing.height, preprocessing.width
    return (3, height, width) if preprocessing.layout == "NCHW" else (height, width, 3)


def _checked(output: NDArray[np.float32], rows: int, manifest: ModelManifest) -> NDArray[np.float32]:
    if output.shape != (rows, manifest.dimension):
        raise InferenceError(
            f"{manifest.model_id} gave an array of shape {output.shape} for {rows} cards of {manifest.dimension} "
            "dimensions"
        )
    if not np.isfinite(output).all():
        raise InferenceError(f"{manifest.model_id} gave an embedding that is not finite")
    norms = np.linalg.norm(output, axis=1)
    if np.abs(norms - 1).max() > NORM_TOLERANCE:
        raise InferenceError(
            f"{manifest.model_id} gave an embedding of length {norms[np.argmax(np.abs(norms - 1))]:.3f} instead of 1"
        )
    return np.asarray(output, dtype=np.float32)
