"""MLflow: runs side by side, in a local database or on a server."""

import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.engine.callbacks import Callback
from training.engine.found_runs import flattened
from training.engine.history import FILE as HISTORY_FILE

EXPERIMENT = "card-training"
DATABASE = "mlflow.db"
_RUN_ID_FILE = "mlflow_run_id"
_LONGEST_VALUE = 500

log = logging.getLogger(__name__)


@contextmanager
def tracked(folder: Path, description: Mapping[str, Any]) -> Iterator[Callback]:
    """Track the run in `folder` while the block lasts.

    Where `MLFLOW_TRACKING_URI` is not set, the store is the SQLite file `mlflow.db` beside the run's folder; the other
    variables of MLflow's client (user, password, token, experiment) count as usual. A run that is resumed goes on
    there too.

    Yields:
        What sends each line of the history; where MLflow is not installed, what does nothing.
    """
    if importlib.util.find_spec("mlflow") is None:
        log.info(
            "MLflow is not installed (in the repository: pip install -e '.[tracking]'); %s has all figures",
            folder / HISTORY_FILE,
        )
        yield Callback()
        return
    import mlflow

    if "MLFLOW_TRACKING_URI" not in os.environ:
        mlflow.set_tracking_uri(f"sqlite:///{(folder.parent / DATABASE).resolve()}")
    if not {"MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"} & os.environ.keys():
        mlflow.set_experiment(EXPERIMENT)
    kept = folder / _RUN_ID_FILE
    run_id = kept.read_text(encoding="utf-8") if kept.exists() else None
    with mlflow.start_run(run_id=run_id, run_name=folder.name) as run:
        if run_id is None:
            kept.write_text(run.info.run_id, encoding="utf-8")
            mlflow.log_params({key: str(value)[:_LONGEST_VALUE] for key, value in flattened(description).items()})

        def after_entry(entry: Mapping[str, Any]) -> None:
            mlflow.log_metrics(metrics_of(entry), step=entry["step"])

        yield Callback(after_entry=after_entry)


def metrics_of(entry: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a line of the history."""
    return {key: float(value) for key, value in entry.items() if key != "step" and isinstance(value, int | float)}
