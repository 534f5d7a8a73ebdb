"""The report on a model: a page, and its plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edge.geometry import Image
from training.evaluation.distances import Distances
from training.evaluation.model_difference import difference_table

ROC_PICTURE, HISTOGRAM_PICTURE, RECALL_PICTURE = "roc.png", "distances.png", "recall.png"
CONFUSIONS_PICTURE = "confusions.png"
_CELL = (189, 264)
_CAPTION_PX = 34
_PAIRS_A_ROW = 4


def model_to_markdown(summary: Mapping[str, Any]) -> str:
    """The summary as a page."""
    lines = [
        f"# {summary['model']['model_id']} on held-out cards",
        "",
        f"{summary['known_crops']} crops of cards among {summary['gallery_cards']} in the gallery, "
        f"{summary['unknown_crops']} of cards outside it. Command: `{summary['command']}`",
        "",
        *_criteria_table(summary["criteria"]),
        *_recognition_tables(summary["recognition"]),
        *(line for other, rows in summary.get("compared", {}).items() for line in difference_table(other, rows)),
        *_lookalike_table(summary["lookalikes"]),
        *_open_set_table(summary["open_set"]),
        "## Pictures",
        "",
        *(f"![{name}]({name})" for name in (RECALL_PICTURE, ROC_PICTURE, HISTOGRAM_PICTURE, CONFUSIONS_PICTURE)),
    ]
    return "\n".join(lines) + "\n"


def draw_plots(summary: Mapping[str, Any], distances: Distances, folder: Path) -> None:
    """Recall by condition, the open-set ROC, and histograms of the model's nearest distances, as PNG files."""
    _draw_recall(summary["recognition"], folder / RECALL_PICTURE)
    _draw_roc(summary["open_set"], folder / ROC_PICTURE)
    _draw_histogram(distances, folder / HISTOGRAM_PICTURE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledRow:
    """Pictures beside each other.

    Attributes:
        pictures: uint8 [h, w, 3] BGR, three of any size.
        labels: what stands above each.
        caption: what stands above all.
    """

    pictures: Sequence[Image]
    labels: Sequence[str]
    caption: str


def confusion_sheet(rows: Sequence[LabelledRow]) -> Image:
    """One cell for each confusion: the crop, its own card and the card that it was taken for."""
    cells = []
    for row in rows:
        small = [
            np.asarray(cv2.resize(each, _CELL, interpolation=cv2.INTER_AREA), dtype=np.uint8) for each in row.pictures
        ]
        strip = np.full((_CAPTION_PX, 3 * _CELL[0], 3), 255, np.uint8)
        said = [(row.caption, 0, 13), *((label, place * _CELL[0], 29) for place, label in enumerate(row.labels))]
        for text, left, bottom in said:
            cv2.putText(strip, text, (left + 4, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cv2.copyMakeBorder(np.vstack([strip, np.hstack(small)]), 4, 4, 4, 4, cv2.BORDER_CONSTANT))
    while len(cells) % _PAIRS_A_ROW:
        cells.append(np.zeros_like(cells[0]))
    starts = range(0, len(cells), _PAIRS_A_ROW)
    return np.vstack([np.hstack(cells[start : start + _PAIRS_A_ROW]) for start in starts])


def _criteria_table(criteria: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["## Criteria", "", "| criterion | aim | reached | 95 % interval | met |", "|---|---|---|---|---|"]
    for each in criteria:
        low, high = each["reached"]["interval_95"]
        met = {True: "yes", False: "NO", None: "undecided"}[each["met"]]
        lines.append(
            f"| {each['criterion']} | {each['aim']:.1%} | {_share(each['reached'])} | {low:.1%} to {high:.1%} | {met} |"
        )
    return [*lines, ""]


def _recognition_tables(recognition: Mapping[str, Any]) -> list[str]:
    methods = list(recognition)
    lines = ["## Right card first / among 3 / among 5, in %", "", "Cards without look-alikes.", ""]
    lines += [f"| condition | crops | {' | '.join(methods)} |", "|---" * (len(methods) + 2) + "|"]
    for condition, first in recognition[methods[0]].items():
        cells = " | ".join(
            " / ".join(f"{100 * recognition[m][condition][f'top{k}']['value']:.1f}" for k in (1, 3, 5)) for m in methods
        )
        lines.append(f"| {condition} | {first['top1']['count']} | {cells} |")
    return [*lines, ""]


def _lookalike_table(lookalikes: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Cards with a look-alike in the gallery",
        "",
        "| method | the card first | its art first |",
        "|---|---|---|",
    ]
    lines += [
        f"| {name} | {_share(row['card_first'])} | {_share(row['art_first'])} |" for name, row in lookalikes.items()
    ]
    return [*lines, ""]


def _open_set_table(open_set: Mapping[str, Any]) -> list[str]:
    lines = ["## Known cards identified, at a rate of unknown cards accepted", ""]
    lines += ["| method | false-accept rate | threshold | identified |", "|---|---|---|---|"]
    for name, row in open_set.items():
        lines += [
            f"| {name} | {at['false_accept_rate']:.1%} | {at['threshold']:.3f} | {_share(at['identified'])} |"
            for at in row["at"]
        ]
    return [*lines, ""]


def _draw_recall(recognition: Mapping[str, Any], path: Path) -> None:
    figure, axes = _figure(9)
    methods = list(recognition)
    conditions = list(recognition[methods[0]])
    places = np.arange(len(conditions))
    for number, method in enumerate(methods):
        top1 = [recognition[method][condition]["top1"] for condition in conditions]
        values = np.array([each["value"] for each in top1])
        ends = np.array([each["interval_95"] for each in top1])
        axes.bar(
            places + (number - len(methods) / 2 + 0.5) * 0.8 / len(methods),
            values,
            0.8 / len(methods),
            yerr=np.abs(ends.T - values),
            error_kw={"lw": 0.7},
            label=method,
        )
    axes.set_xticks(places, conditions, rotation=30, ha="right")
    axes.set_ylabel("right card first (95 % interval)")
    axes.legend(fontsize=7)
    _save(figure, path)


def _draw_roc(open_set: Mapping[str, Any], path: Path) -> None:
    figure, axes = _figure(6)
    for method, row in open_set.items():
        points = row["curve"]
        rates = [max(point["false_accept_rate"], 5e-4) for point in points]
        axes.plot(rates, [point["identified"] for point in points], label=method)
    axes.set_xscale("log")
    axes.set_xlabel("unknown cards accepted (below 0.05 % drawn at 0.05 %)")
    axes.set_ylabel("known cards rightly identified")
    axes.legend(fontsize=7)
    _save(figure, path)


def _draw_histogram(distances: Distances, path: Path) -> None:
    figure, axes = _figure(6)
    for name, values in (("right", distances.known), ("mistaken", distances.mistaken), ("unknown", distances.unknown)):
        axes.hist(values, bins=np.linspace(0, 1, 51).tolist(), alpha=0.5, label=f"{name} ({len(values)})")
    axes.set_xlabel("cosine distance to the nearest card")
    axes.set_ylabel("crops")
    axes.legend()
    _save(figure, path)


def _figure(width_inches: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width_inches, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=100)


def _share(figure: Mapping[str, Any]) -> str:
    return f"{100 * figure['value']:.1f} % ({figure['hits']}/{figure['count']})" if figure["count"] else "none"
