"""How a network was made that another begins with or learns from, for the model card of that one."""

import json
from pathlib import Path
from typing import Any

from edge.manifests import file_sha256, read_model_manifest
from training.engine.checkpoint import load_checkpoint
from training.engine.run_folder import RUN_FILE
from training.networks.exported import ONNX_SUFFIX

# Where a run's description and a model card say what their network began with, and what it learnt from.
BEGUN_WITH, TAUGHT_BY = "begun_with", "taught_by"
# What a model card says of how a network was made; the rest says how good it is.
_OF_A_CARD = ("note", "training", "data", "card_labels", "seed", "processes", "steps", "minutes", BEGUN_WITH, TAUGHT_BY)
_OF_A_RUN = ("cards", "card_labels", "processes", BEGUN_WITH, TAUGHT_BY)


def lineage_of(path: Path) -> dict[str, Any]:
    """The digest of a network's file and how it was made, as far as its manifest or the `run.json` beside it says.

    Args:
        path: of a checkpoint, or of an ONNX file with its manifest beside it.

    Raises:
        ModelError: if the manifest of an exported one cannot be read.
        TrainingError: if the checkpoint cannot be read.
    """
    digest = {"sha256": file_sha256(path)}
    if path.suffix == ONNX_SUFFIX:
        manifest = read_model_manifest(path.with_suffix(".json"))
        card = manifest.card
        return {"model_id": manifest.model_id, **digest, **{key: card[key] for key in _OF_A_CARD if key in card}}
    run = path.with_name(RUN_FILE)
    if not run.exists():
        return digest
    description, state = json.loads(run.read_text(encoding="utf-8")), load_checkpoint(path)
    return {
        **digest,
        "training": description.get("command"),
        "seed": description.get("settings", {}).get("seed"),
        "steps": state.get("step"),
        "minutes": round(state.get("elapsed_s", 0) / 60, 1),
        **{key: description[key] for key in _OF_A_RUN if key in description},
    }
