"""`card-training quantize`: a model of 8-bit integers, calibrated on crops, with what it costs."""

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from edge.embedding.onnx import INPUT_NAME, OnnxEmbedder
from edge.files.outputs import check_model_output
from edge.geometry import Image
from edge.imaging.preprocessing import preprocess
from edge.manifests import ModelManifest, file_sha256
from training.augmentation import AugmentationSettings
from training.data.cards import Cards, open_cards
from training.data.references import References
from training.embedding.retrieval import disturbed_queries
from training.export.student import score, write_manifest
from training.parallel.ranks import Ranks

# What is computed in integers: nearly all of the work. The normalisations and activations between stay in float.
QUANTIZED_OPERATIONS = ("Conv", "MatMul", "Gemm")
SCORE = "recall_at_1"
_BATCH = 8


def run(args: argparse.Namespace) -> int:
    """Quantise, compare, write; returns the exit code.

    Raises:
        ScannerError: if the model or the cards cannot be used.
    """
    check_model_output(args.output, args.model)
    cards = open_cards(args.cards or args.calibration, args.metadata, args.runs / "references", Ranks())
    manifest = quantize_model(args.model, args.output, cards, args.calibration)
    sys.stdout.write(json.dumps(manifest.card["quantisation"], indent=2) + "\n")
    return 0


def quantize_model(model: Path, output: Path, cards: Cards, calibration: int) -> ModelManifest:
    """Write `output` and the manifest beside it.

    Args:
        model: `<name>.onnx`, in float.
        output: `<name>.onnx`.
        cards: crops of the learnt ones calibrate, crops of the held-out ones judge.
        calibration: number of crops to calibrate with.

    Returns:
        The manifest: it names the float model, whose card databases fit.

    Raises:
        ModelError: if the model cannot be used.
    """
    original = OnnxEmbedder(model, threads=2)
    size = original.manifest.preprocessing
    crops = calibration_crops(cards.learnt, calibration, (size.width, size.height))
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent) as folder:
        unfinished = Path(folder) / output.name
        _quantize(model, unfinished, preprocess(crops, size))
        manifest = original.manifest.model_copy(
            update={"file": output.name, "sha256": file_sha256(unfinished), "float_sha256": original.manifest.sha256}
        )
        write_manifest(manifest, unfinished)
        quantized = OnnxEmbedder(unfinished, threads=2)
        report = {
            "operations": list(QUANTIZED_OPERATIONS),
            "calibration_crops": len(crops),
            "bytes": {"float": model.stat().st_size, "int8": unfinished.stat().st_size},
            **compare(original, quantized, cards.held_out),
        }
        quantized.close()
        manifest = manifest.model_copy(update={"card": manifest.card | {"quantisation": report}})
        write_manifest(manifest, unfinished)
        unfinished.replace(output)
        unfinished.with_suffix(".json").replace(output.with_suffix(".json"))
    return manifest


def calibration_crops(references: References, count: int, size: tuple[int, int]) -> list[Image]:
    """A sample of `count` disturbed cards of `size` (width, height), as in training; fewer where there are fewer."""
    return disturbed_queries(references, AugmentationSettings(), count, size).crops


def compare(original: OnnxEmbedder, quantized: OnnxEmbedder, held_out: References) -> dict[str, Any]:
    """How well the two agree on held-out crops, and what recognition loses, in percentage points."""
    scores = {"float": score(original, held_out), "int8": score(quantized, held_out)}
    size = original.manifest.preprocessing
    crops = calibration_crops(held_out, len(held_out.labels), (size.width, size.height))
    cosines = np.concatenate(
        [_cosines(original, quantized, crops[i : i + _BATCH]) for i in range(0, len(crops), _BATCH)]
    )
    return {
        "cosine": {"mean": round(float(cosines.mean()), 5), "least": round(float(cosines.min()), 5)},
        "loss_points": {name: _loss(scores, name) for name in scores["float"]},
        "scores": scores,
    }


class _Crops(CalibrationDataReader):  # type: ignore[misc]
    """Gives the crops batch by batch, once."""

    def __init__(self, batch: NDArray[np.float32]) -> None:
        self._batches = iter([batch[start : start + _BATCH] for start in range(0, len(batch), _BATCH)])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT_NAME: batch}


def _quantize(model: Path, output: Path, batch: NDArray[np.float32]) -> None:
    prepared = output.with_name("prepared.onnx")
    with _errors_only():
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            output,
            _Crops(batch),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED_OPERATIONS),
            per_channel=True,
            # Processors without VNNI add two 8-bit products in 16 bits: too few, unless weights keep to 7 bits
            # (its docs).
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    prepared.unlink()


@contextmanager
def _errors_only() -> Iterator[None]:
    """Meanwhile nothing but errors is logged: ONNX Runtime's quantiser advises on what is done here already."""
    root = logging.getLogger()
    previous = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(previous)


def _cosines(original: OnnxEmbedder, quantized: OnnxEmbedder, crops: list[Image]) -> NDArray[np.float32]:
    return np.asarray(np.sum(original.embed(crops) * quantized.embed(crops), axis=1), dtype=np.float32)


def _loss(scores: Mapping[str, Any], name: str) -> float:
    return float(round(100 * (scores["float"][name][SCORE] - scores["int8"][name][SCORE]), 2))
