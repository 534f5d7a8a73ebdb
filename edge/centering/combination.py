"""Many frames beat one: measurements of the same resting card, combined place by place."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge.centering.figures import MIN_STD_MM, figures_from_places
from edge.centering.grading import GradingTables, shipped_tables
from edge.centering.result import Centering, Place
from edge.errors import MeasurementError

# A reading further than this many standard deviations from the median of the others is left out.
MAX_DEVIATION = 4.0
# Where fewer agree than this, no reading is better than another: all count, and their spread is the uncertainty.
MIN_AGREEING = 0.6


def combine(measurements: Sequence[Centering], tables: GradingTables | None = None) -> Centering:
    """Combine measurements of one card by inverse variance, each place on its own.

    A place that is an outlier in one frame (glare, a shadow) is filled from the frames in which it is not.

    Args:
        measurements: of the same side of the same card, its top at the same end; those without figures are left out.
        tables: grading tables; the shipped ones by default.

    Returns:
        The combination, with the pixels of the newest measurement; or the newest refusal when no frame could be
        measured.

    Raises:
        MeasurementError: when there are no measurements, or they show different faces.
    """
    if not measurements:
        raise MeasurementError("no measurements to combine")
    usable = [each for each in measurements if each.measurable]
    if not usable:
        return measurements[-1]
    newest = usable[-1]
    if any(each.face != newest.face for each in usable):
        raise MeasurementError("measurements of the front and of the back of a card cannot be combined")
    places = tuple(_combined([each.places[k] for each in usable]) for k in range(len(newest.places)))
    scale = float(np.mean([each.px_per_mm for each in usable]))
    return replace(
        newest,
        figures=figures_from_places(places, newest.face, tables or shipped_tables()),
        places=places,
        px_per_mm=scale,
        frames=sum(each.frames for each in usable),
    )


def _combined(readings: Sequence[Place]) -> Place:
    """One place from its readings in several frames; drawn where the newest frame has it.

    What displaces a whole edge is taken to displace it in every frame alike, so that it does not average out.
    """
    newest = readings[-1]
    good = [r for r in readings if not r.outlier and r.width_mm is not None and r.std_mm is not None]
    if not good:
        return newest
    widths = np.array([reading.width_mm for reading in good], dtype=np.float64)
    stds = np.array([reading.std_mm for reading in good], dtype=np.float64)
    shares = np.array([reading.shared_std_mm for reading in good], dtype=np.float64)
    kept = np.abs(widths - np.median(widths)) <= MAX_DEVIATION * np.maximum(stds, np.median(stds))
    if np.mean(kept) < MIN_AGREEING:
        kept = np.ones(len(good), dtype=bool)
    weights = kept / stds**2
    width = float(weights @ widths / weights.sum())
    shared = float(weights @ shares / weights.sum())
    own = np.maximum(stds**2 - shares**2, MIN_STD_MM**2)
    misfit = float(np.sum(kept * (widths - width) ** 2 / own)) / max(int(kept.sum()) - 1, 1)
    random = float(weights**2 @ own) / float(weights.sum()) ** 2 * max(1.0, misfit)
    return replace(
        newest if newest in good else good[-1],
        width_mm=width,
        std_mm=float(np.sqrt(random + shared**2)),
        shared_std_mm=shared,
        outlier=False,
    )
