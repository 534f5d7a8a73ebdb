"""Checkpoints: complete or absent, never half-written."""

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import torch

from training.engine import names
from training.errors import TrainingError

FILE = names.CHECKPOINT
BEST_FILE = names.BEST
FORMAT = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path`, which holds either the old or the new one at every moment.

    Raises:
        TrainingError: if it cannot be written.
    """
    unfinished = path.with_suffix(".partial")
    try:
        with unfinished.open("wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, RuntimeError) as cause:
        unfinished.unlink(missing_ok=True)
        raise TrainingError(f"cannot write the checkpoint {path}: {cause}; is the disk full?") from cause


def keep_as_best(folder: Path) -> None:
    """Copy a run's checkpoint to the one that is kept as its best; that holds either the old or the new one.

    Raises:
        TrainingError: if it cannot be written.
    """
    unfinished = (folder / BEST_FILE).with_suffix(".best.partial")
    try:
        shutil.copyfile(folder / FILE, unfinished)
        unfinished.replace(folder / BEST_FILE)
    except OSError as cause:
        unfinished.unlink(missing_ok=True)
        raise TrainingError(f"cannot write the checkpoint {folder / BEST_FILE}: {cause}; is the disk full?") from cause


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote. Only plain values and tensors are read, no code is run.

    Raises:
        TrainingError: if it is missing, damaged or of another format.
    """
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint {path}; is the run's folder right, and did it get that far?")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as cause:
        raise TrainingError(f"{path} is not a checkpoint or is damaged: {str(cause)[:200]}") from cause
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise TrainingError(f"{path} is not a checkpoint of this version; train again or use the version that wrote it")
    return state
