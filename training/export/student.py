"""`card-training export`: from a checkpoint to the ONNX file and manifest that the scanner loads."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
import torch

from edge.embedding.onnx import INPUT_NAME, OnnxEmbedder
from edge.files.outputs import check_model_output
from edge.geometry import Image
from edge.imaging.preprocessing import preprocess
from edge.manifests import ModelManifest, file_sha256
from edge.simulator.sets import calibration_cards
from training.augmentation import AugmentationSettings
from training.data.references import References, simulated_references
from training.embedding.retrieval import disturbed_queries, measure_retrieval, torch_embedding
from training.engine.checkpoint import load_checkpoint
from training.engine.history import read_history
from training.engine.run_folder import RUN_FILE
from training.errors import ExportError
from training.export.graph import SCANNER_FORM, FormedEmbedder, GraphForm, write_onnx
from training.networks.lineage import BEGUN_WITH, TAUGHT_BY
from training.networks.model import CardEmbedder, student_of
from training.progress import to_stderr

LEAST_PARITY = 0.9999
PARITY_BATCHES = (1, 2, 3, 4, 5)
SCORED_CARDS = 1000
# What a line of a run's history may hold of its losses.
LOSSES = ("contrastive", "arcface", "feature", "kl", "attention", "high_frequency", "relational", "classification")


def run(args: argparse.Namespace) -> int:
    """Export; returns the exit code.

    Raises:
        ScannerError: if the checkpoint is unusable or the exported model does not agree with it. Then nothing is
            written.
    """
    check_model_output(args.output)
    state = load_checkpoint(args.checkpoint)
    model = student_of(state)
    to_stderr(f"{args.checkpoint}: step {state['step']}\n")
    held_out = simulated_references(calibration_cards(SCORED_CARDS), args.runs / "references")
    form = GraphForm(batch=args.batch, normalized_input=args.normalization == "outside")
    if form != SCANNER_FORM:
        parity = export_graph(model, held_out, args.output, form)
        sys.stdout.write(f"{args.output}: without a manifest, for other runtimes; least cosine to torch {parity:.7f}\n")
        return 0
    card = {"note": args.note} if args.note else {}
    card |= describe_training(args.checkpoint.parent, state)
    manifest = export_model(model, held_out, args.output, card)
    sys.stdout.write(json.dumps(manifest.model_dump(), indent=2) + "\n")
    return 0


def export_model(model: CardEmbedder, held_out: References, output: Path, card: dict[str, Any]) -> ModelManifest:
    """Write `output` and the manifest beside it, once the new file has passed every check.

    Args:
        model: in inference mode.
        held_out: cards that were not in training, to check and score with.
        output: `<name>.onnx`.
        card: what the manifest shall say about the training.

    Raises:
        ExportError: if the file does not agree with the network.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent) as folder:
        unfinished = Path(folder) / output.name
        to_stderr("writing the graph\n")
        write_onnx(model, unfinished)
        manifest = _manifest(model, unfinished, card)
        write_manifest(manifest, unfinished)
        embedder = OnnxEmbedder(unfinished, threads=2)
        to_stderr("comparing it with torch\n")
        parity = check_parity(model, embedder, held_out)
        manifest = _manifest(model, unfinished, card | {"parity": parity, "scores": score(embedder, held_out)})
        embedder.close()
        write_manifest(manifest, unfinished)
        unfinished.replace(output)
        unfinished.with_suffix(".json").replace(output.with_suffix(".json"))
    return manifest


def export_graph(model: CardEmbedder, held_out: References, output: Path, form: GraphForm) -> float:
    """Write a graph of another form than the scanner's, without a manifest, so that the scanner refuses it.

    Returns:
        The lowest cosine to the network on disturbed cards.

    Raises:
        ExportError: if it is below `LEAST_PARITY`; then nothing is written.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent) as folder:
        unfinished = Path(folder) / output.name
        write_onnx(model, unfinished, form)
        crops = _queries(held_out, AugmentationSettings(), sum(PARITY_BATCHES), model)
        parity = graph_parity(model, unfinished, form, crops)
        unfinished.replace(output)
    return parity


def graph_parity(model: CardEmbedder, path: Path, form: GraphForm, crops: Sequence[Image]) -> float:
    """The lowest cosine between torch and ONNX Runtime on crops, for a graph of any form.

    Raises:
        ExportError: if it is below `LEAST_PARITY`.
    """
    pixels = torch.from_numpy(preprocess(crops, model.settings.preprocessing))
    given = (pixels - model.mean) / model.std if form.normalized_input else pixels
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    size = form.batch or len(given)
    batches = [given[start : start + size].numpy() for start in range(0, len(given) // size * size, size)]
    got = np.concatenate([session.run(None, {INPUT_NAME: batch})[0] for batch in batches])
    with torch.no_grad():
        expected = FormedEmbedder(model, SCANNER_FORM)(pixels[: len(got)]).numpy()
    lowest = float(np.min(np.sum(expected * got, axis=1) / np.linalg.norm(got, axis=1)))
    if not lowest >= LEAST_PARITY:
        raise ExportError(f"the graph {path.name} does not agree with the network: cosine {lowest:.6f} on card crops")
    return lowest


def check_parity(model: CardEmbedder, embedder: OnnxEmbedder, held_out: References) -> float:
    """Compare torch and ONNX Runtime on disturbed cards in batches of 1 to 5; returns the lowest cosine.

    Raises:
        ExportError: if it is below `LEAST_PARITY`.
    """
    crops = _queries(held_out, AugmentationSettings(), sum(PARITY_BATCHES), model)
    embed = torch_embedding(model, model.settings.width, model.settings.height)
    cosines = [np.float32(1)]
    for size in PARITY_BATCHES:
        batch, crops = crops[:size], crops[size:]
        cosines.append(np.sum(embed(batch) * embedder.embed(batch), axis=1).min())
    lowest = float(np.min(cosines))
    if not lowest >= LEAST_PARITY:
        raise ExportError(f"the exported model does not agree with the network: cosine {lowest:.6f} on card crops")
    return lowest


def score(embedder: OnnxEmbedder, held_out: References) -> dict[str, Any]:
    """Recognition of held-out cards by the file itself, normally and heavily disturbed."""
    normal = AugmentationSettings()
    heavy = replace(normal, clean=0.0, heavy=1.0)
    size = embedder.manifest.preprocessing
    figures = {}
    for name, augmentation in (("as in training", normal), ("heavily disturbed", heavy)):
        to_stderr(f"recognising {len(held_out.labels)} held-out cards, {name}\n")
        queries = disturbed_queries(held_out, augmentation, len(held_out.labels), (size.width, size.height))
        figures[name] = measure_retrieval(embedder.embed, held_out, queries).to_json()
    return figures


def write_manifest(manifest: ModelManifest, model_path: Path) -> None:
    """Write the manifest of a model beside it."""
    text = json.dumps(manifest.model_dump(), indent=2) + "\n"
    model_path.with_suffix(".json").write_text(text, encoding="utf-8")


def describe_training(folder: Path, state: dict[str, Any]) -> dict[str, Any]:
    """What the model card says about the training.

    Args:
        folder: of the run.
        state: of its checkpoint.

    Raises:
        ExportError: if the run's description or history cannot be read.
    """
    try:
        description = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        losses = [found for entry in read_history(folder) if (found := {k: entry[k] for k in LOSSES if k in entry})]
    except (OSError, json.JSONDecodeError) as cause:
        raise ExportError(f"cannot read the run's description and history in {folder}: {cause}") from cause
    lineage = {key: description[key] for key in (BEGUN_WITH, TAUGHT_BY, "card_labels") if key in description}
    return lineage | {
        "training": description["command"],
        "data": f"{_learnt(description['cards'])}; scored on {SCORED_CARDS} simulated cards that were not among them",
        "seed": description["settings"]["seed"],
        "processes": description["processes"],
        "steps": state["step"],
        "minutes": round(state["elapsed_s"] / 60, 1),
        "loss": losses[-1] if losses else {},
        "versions": description["versions"],
    }


def _learnt(cards: int | str) -> str:
    """The cards of a run: the number of the simulated ones, or their folder."""
    if isinstance(cards, int):
        return f"{cards} simulated cards"
    return f"the card images of the folder {Path(cards).name}, without the tenth that is held out"


def _queries(held_out: References, augmentation: AugmentationSettings, count: int, model: CardEmbedder) -> list[Image]:
    return disturbed_queries(held_out, augmentation, count, (model.settings.width, model.settings.height)).crops


def _manifest(model: CardEmbedder, path: Path, card: dict[str, Any]) -> ModelManifest:
    digest = file_sha256(path)
    return ModelManifest(
        model_id=f"{path.stem}-{digest[:12]}",
        file=path.name,
        sha256=digest,
        dimension=model.settings.dimension,
        preprocessing=model.settings.preprocessing,
        card=card | {"model": model.settings.to_json()},
    )
