"""A network of the detector as a run left it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from training.detection.objective import SUBJECTS
from training.engine.checkpoint import load_checkpoint
from training.engine.run_folder import RUN_FILE
from training.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedDetector:
    """What a checkpoint and the `run.json` beside it hold.

    Attributes:
        network: with the averaged weights.
        description: how they were made, for a model card; the key of `SUBJECTS` is under `network`.
    """

    network: nn.Module
    description: dict[str, Any]


def read_detector(checkpoint: Path) -> TrainedDetector:
    """Read a run of `card-training detector`.

    Raises:
        TrainingError: if the checkpoint is missing, damaged or of another run.
    """
    state = load_checkpoint(checkpoint)
    try:
        subject = state["settings"]["network"]
        network = SUBJECTS[subject].network()
        network.load_state_dict(state["average"])
        run = json.loads(checkpoint.with_name(RUN_FILE).read_text(encoding="utf-8"))
        description = {
            "command": run["command"],
            "network": subject,
            "data": f"{run['settings']['scenes']} simulated scenes of training cards",
            "seed": run["settings"]["seed"],
            "processes": run["processes"],
            **({"begun_with": run["begun_with"]} if "begun_with" in run else {}),
            "steps": state["step"],
            "minutes": round(state["elapsed_s"] / 60, 1),
        }
    except (OSError, KeyError, RuntimeError, json.JSONDecodeError) as cause:
        raise TrainingError(
            f"{checkpoint} and the {RUN_FILE} beside it are not of a run of `card-training detector`: {cause}"
        ) from cause
    return TrainedDetector(network=network, description=description)
