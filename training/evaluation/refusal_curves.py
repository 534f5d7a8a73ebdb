"""Pictures of how far stated probabilities hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

FILE = "refusal.png"


def draw_refusal(summary: Mapping[str, Any], folder: Path) -> None:
    """Draw the reliability diagram, and error against coverage, of each gallery of a summary as `refusal.png`.

    Raises:
        OSError: if the picture cannot be written.
    """
    figure = Figure(figsize=(10, 5), layout="constrained")
    reliability, coverage = figure.subplots(1, 2)
    reliability.plot([0, 1], [0, 1], color="grey", linestyle=":")
    for gallery in summary["galleries"]:
        label, bins, curve = f"{gallery['cards']} cards", gallery["reliability"]["bins"], gallery["curve"]
        reliability.plot([row["stated"] for row in bins], [row["right"] for row in bins], marker="o", label=label)
        coverage.plot(curve["answered"], curve["wrong"], label=label)
    for axes, across, up in (
        (reliability, "stated probability", "share that is right"),
        (coverage, "share of the looks that is answered", "share of these that is wrong"),
    ):
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.grid(alpha=0.3)
        axes.legend(loc="best", fontsize="small")
    figure.savefig(folder / FILE, dpi=90)
