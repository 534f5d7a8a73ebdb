"""Pictures of how a run went."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from training.engine.history import FILE as HISTORY_FILE
from training.engine.history import RETRY, read_history
from training.engine.objective import GRADIENT

FILE = "curves.png"
_NO_LOSS = {"step", "progress", "learning_rate", "images_per_s", "waiting", "elapsed_s", "eta_s"}


def draw_curves(folder: Path) -> None:
    """Draw losses, learning rate and, if measured, held-out recognition of the run in `folder`, as `curves.png`.

    Raises:
        OSError: if the picture cannot be written.
    """
    if not (folder / HISTORY_FILE).exists():
        return
    entries = read_history(folder)
    losses = [entry for entry in entries if "learning_rate" in entry]
    measured = [entry for entry in entries if "recall_at_1" in entry]
    figure = Figure(figsize=(9, 9), layout="constrained")
    labels = ["loss", "learning rate", "held-out recognition"][: 3 if measured else 2]
    panels = figure.subplots(len(labels), 1, sharex=True)
    parts = {key for entry in losses for key in entry if not key.startswith(GRADIENT)}
    for name in sorted(parts - _NO_LOSS):
        _plot(panels[0], losses, name)
    _plot(panels[1], losses, "learning_rate")
    for name in ("recall_at_1", "recall_at_5", "hash_recall_at_1"):
        _plot(panels[-1], measured, name)
    for entry in entries:
        if RETRY in entry:
            panels[0].axvline(entry["step"], color="grey", linestyle=":")
    for axes, label in zip(panels, labels, strict=True):
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(loc="best", fontsize="small")
    panels[-1].set_xlabel("step")
    figure.savefig(folder / FILE, dpi=90)


def _plot(axes: Any, entries: list[dict[str, Any]], name: str) -> None:  # noqa: ANN401 (matplotlib's Axes are untyped)
    points = [(entry["step"], entry[name]) for entry in entries if name in entry]
    if points:
        steps, values = zip(*points, strict=True)
        axes.plot(steps, values, marker="." if len(points) < 30 else None, label=name)
