"""Runs an embedding model with ONNX Runtime on the CPU."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state

from edge.errors import InferenceError, ModelError
from edge.geometry import Image
from edge.manifests import ModelManifest, Preprocessing, check_model_file, read_model_manifest
from edge.preprocessing import preprocess

INPUT_NAME = "pixels"
OUTPUT_NAME = "embedding"
NORM_TOLERANCE = 1e-3
# ONNX Runtime's exceptions have no common base of their own.
_RUNTIME_ERRORS = (
    RuntimeError,
    ValueError,
    onnxruntime_pybind11_state.EPFail,
    onnxruntime_pybind11_state.Fail,
    onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime_pybind11_state.NoModel,
    onnxruntime_pybind11_state.NotImplemented,
    onnxruntime_pybind11_state.RuntimeException,
)


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
        check_model_file(model_path, self._manifest)
        self._session: onnxruntime.InferenceSession | None = _open_session(model_path, threads)
        _check_graph(self._session, model_path, self._manifest)
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
        """Run the model on a batch that `edge.preprocessing.preprocess` made.

        Returns:
            float32 [N, dimension], rows L2-normalised and finite.

        Raises:
            InferenceError: if the runtime fails, the embedder is closed, or the output is not usable.
        """
        if self._session is None:
            raise InferenceError(f"the model {self._manifest.model_id} has been closed; open it again")
        try:
            (output,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: batch})
        except _RUNTIME_ERRORS as cause:
            raise InferenceError(f"ONNX Runtime failed on {self._manifest.model_id}: {_one_line(cause)}") from cause
        return _checked(output, len(batch), self._manifest)

    def close(self) -> None:
        """Release the runtime. Safe to call twice."""
        self._session = None


def _test_card(width: int, height: int) -> Image:
    return np.resize(np.arange(256, dtype=np.uint8), (height, width, 3))


def _open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # An arena would keep the most that any batch took.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _RUNTIME_ERRORS as cause:
        raise ModelError(f"{path} is not a model that ONNX Runtime can run: {_one_line(cause)}") from cause


def _check_graph(session: onnxruntime.InferenceSession, path: Path, manifest: ModelManifest) -> None:
    inputs = [(node.name, node.type, list(node.shape[1:])) for node in session.get_inputs()]
    wanted = [(INPUT_NAME, "tensor(float)", _input_shape(manifest.preprocessing))]
    if inputs != wanted:
        raise ModelError(f"{path} takes {inputs}, but its manifest needs {wanted}; export the model again")
    if isinstance(session.get_inputs()[0].shape[0], int):
        raise ModelError(f"{path} has a fixed batch size; export it with a dynamic first dimension")
    outputs = {node.name: node.shape[-1] for node in session.get_outputs()}
    if outputs.get(OUTPUT_NAME) not in (manifest.dimension, None) and isinstance(outputs.get(OUTPUT_NAME), int):
        raise ModelError(
            f"{path} gives {outputs[OUTPUT_NAME]} dimensions, but its manifest says {manifest.dimension}; "
            "export the model again"
        )
    if OUTPUT_NAME not in outputs:
        raise ModelError(f"{path} has no output '{OUTPUT_NAME}' (it has {sorted(outputs)}); export the model again")


def _input_shape(preprocessing: Preprocessing) -> list[int]:
    height, width = preprocessing.height, preprocessing.width
    return [3, height, width] if preprocessing.layout == "NCHW" else [height, width, 3]


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


def _one_line(cause: Exception) -> str:
    return " ".join(str(cause).split())[:300]
