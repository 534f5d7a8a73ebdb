"""Opens any model file as the scanner's `Embedder`: a checkpoint, an ONNX file, or a HEF on its device."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edge.embedding.base import Embedder
from edge.embedding.hailo import HailoEmbedder
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError, ModelError
from edge.geometry import Image
from edge.manifests import ModelManifest, Preprocessing, file_sha256

if TYPE_CHECKING:  # torch takes seconds to load
    from training.networks.model import CardEmbedder
    from training.networks.teacher import Teacher

_HAILO_BATCH = 8
_HAILO_TIMEOUT_MS = 5000
_HAILO_PATIENCE_S = 15.0


class TorchEmbedder:
    """The averaged network of a checkpoint, student or teacher, as an `edge.embedding.base.Embedder`."""

    def __init__(self, path: Path, shuffled_by: int | None = None) -> None:
        """Load a checkpoint.

        Args:
            path: of the checkpoint.
            shuffled_by: seed of a random order in which its kernels and matrices are put; None leaves them trained.

        Raises:
            TrainingError: if it cannot be read.
        """
        from training.embedding.retrieval import torch_embedding

        network = _network(path)
        settings = network.settings
        if shuffled_by is not None:
            _shuffle_network(network, shuffled_by)
        self._embed = torch_embedding(network, settings.width, settings.height)
        digest = file_sha256(path)
        self._manifest = ModelManifest(
            model_id=f"{path.stem}-{digest[:12]}",
            file=path.name,
            sha256=digest,
            dimension=settings.dimension,
            preprocessing=Preprocessing(width=settings.width, height=settings.height),
        )

    @property
    def manifest(self) -> ModelManifest:
        """What model this is."""
        return self._manifest

    def embed(self, cards: Sequence[Image]) -> NDArray[np.float32]:
        """Embed a batch of any size, as `edge.embedding.base.Embedder.embed` says."""
        return self._embed(list(cards))

    def close(self) -> None:
        """Nothing is held."""


def open_embedder(path: Path) -> Embedder:
    """Open a model file.

    Args:
        path: `.onnx` or `.hef` with the manifest beside it, or the `.pt` of a training run.

    Raises:
        ConfigurationError: if it is of another kind.
        ModelError: if the file is missing, damaged, or needs a runtime that is not installed.
        InferenceError: if the accelerator cannot be opened.
        TrainingError: if a checkpoint cannot be read.
    """
    if path.suffix == ".onnx":
        return OnnxEmbedder(path, os.cpu_count() or 1)
    if path.suffix == ".pt":
        return TorchEmbedder(path)
    if path.suffix == ".hef":
        hailo = HailoEmbedder(
            path,
            batch=_HAILO_BATCH,
            timeout_ms=_HAILO_TIMEOUT_MS,
            verify=lambda _embed: None,  # what the device computes is what is about to be measured
            patience_s=_HAILO_PATIENCE_S,
        )
        hailo.open()
        return hailo
    raise ConfigurationError(f"{path} is no model file; give a .onnx, .hef or .pt")


def open_untrained(path: Path, seed: int = 0) -> Embedder | None:
    """The network of a model file with its trained kernels and matrices put in random order; None for a HEF.

    The untrained network has the shape, the number of weights and their distribution, and nothing that was learnt.

    Raises:
        ModelError: if the file cannot be read.
        TrainingError: if a checkpoint cannot be read.
    """
    if path.suffix == ".hef":
        return None
    if path.suffix == ".pt":
        return TorchEmbedder(path, seed)
    with TemporaryDirectory() as scratch:
        return OnnxEmbedder(_shuffled(path, Path(scratch) / "untrained.onnx", seed), os.cpu_count() or 1)


def _network(path: Path) -> "CardEmbedder | Teacher":
    from training.engine.checkpoint import load_checkpoint
    from training.networks.model import student_of
    from training.networks.teacher import is_teacher, teacher_of

    state = load_checkpoint(path)
    return teacher_of(state)[0] if is_teacher(state) else student_of(state)


def _shuffle_network(network: "CardEmbedder | Teacher", seed: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        if parameter.ndim >= 2:
            values = parameter.data.flatten()
            parameter.data = values[torch.randperm(len(values), generator=generator)].reshape(parameter.shape)


def _shuffled(source: Path, output: Path, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    try:
        model = onnx.load(source)
        manifest = ModelManifest.model_validate_json(source.with_suffix(".json").read_bytes())
    except (OSError, ValueError) as cause:
        raise ModelError(f"cannot read the model {source}: {cause}") from cause
    for tensor in model.graph.initializer:
        if len(tensor.dims) >= 2 and tensor.data_type != onnx.TensorProto.INT64:
            values = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(rng.permutation(values.ravel()).reshape(values.shape), tensor.name))
    onnx.save(model, output)
    untrained = manifest.model_copy(
        update={"model_id": "untrained", "file": output.name, "sha256": file_sha256(output), "float_sha256": None}
    )
    output.with_suffix(".json").write_text(untrained.model_dump_json(), encoding="utf-8")
    return output
