"""Many frames beat one: measurements of the same resting card, combined place by place."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge.centering.figures.figures import MIN_STD_MM, figures_from_places, registered_figures
from edge.centering.figures.grading import GradingTables, shipped_tables
from edge.centering.result import Balance, Centering, Estimate, Place, Registration
from edge.errors import MeasurementError
from edge.geometry import SIDES

# chosen: a reading further than this many standard deviations from the median of the others is left out.
MAX_DEVIATION = 4.0
# chosen: where fewer agree than this, no reading is better than another: all count, and their spread is the
# uncertainty.
MIN_AGREEING = 0.6


def combine(measurements: Sequence[Centering], tables: GradingTables | None = None) -> Centering:
    """Combine measurements of one card by inverse variance, each place on its own.

    A place that is an outlier in one frame (glare, a shadow) is filled from the frames in which it is not.

    Args:
        measurements: of the same side of the same card, its top at the same end; those without any number are left
            out, and those by registration where others read the print's edges.
        tables: grading tables; the shipped ones by default.

    Returns:
        The combination, with the pixels of the newest measurement; or the newest refusal when no frame could be
        measured. Registrations are combined over all frames that have one.

    Raises:
        MeasurementError: when there are no measurements, or they show different faces.
    """
    if not measurements:
        raise MeasurementError("no measurements to combine")
    if any(each.face != measurements[-1].face for each in measurements):
        raise MeasurementError("measurements of the front and of the back of a card cannot be combined")
    registration = _registered([each.registration for each in measurements if each.registration is not None])
    measured = [each for each in measurements if each.measurable]
    usable = [each for each in measured if each.method == "print edges"] or measured
    if not usable:
        registered = [each for each in measurements if each.registration is not None]
        if not registered:
            return measurements[-1]
        return replace(registered[-1], registration=registration, frames=sum(each.frames for each in registered))
    newest = usable[-1]
    places = tuple(_combined([each.places[k] for each in usable]) for k in range(len(newest.places)))
    scale = float(np.mean([each.px_per_mm for each in usable]))
    chosen = tables or shipped_tables()
    if newest.method == "registration" and registration is not None:
        figures = registered_figures(places, registration, newest.face, chosen)
    else:
        figures = figures_from_places(places, newest.face, chosen, newest.designed_mm)
    return replace(
        newest,
        figures=figures,
        registration=registration,
        places=places,
        px_per_mm=scale,
        frames=sum(each.frames for each in usable),
    )


def _registered(found: Sequence[Registration]) -> Registration | None:
    """One registration from those of several frames; what the frames share does not average out."""
    if not found:
        return None
    newest = found[-1]
    shift = tuple(
        _mean([each.shift_mm[axis] for each in found], [each.shared_std_mm[axis] for each in found]) for axis in (0, 1)
    )
    shared = tuple(float(np.mean([each.shared_std_mm[axis] for each in found])) for axis in (0, 1))
    combined = replace(
        newest,
        shift_mm=(shift[0], shift[1]),
        shared_std_mm=(shared[0], shared[1]),
        rotation_deg=_mean([each.rotation_deg for each in found]),
        scale=(_mean([each.scale[0] for each in found]), _mean([each.scale[1] for each in found])),
    )
    bordered = [each for each in found if each.borders_mm is not None]
    if len(bordered) < len(found):
        return combined
    return replace(
        combined,
        borders_mm={side: _mean([each.borders_mm[side] for each in bordered if each.borders_mm]) for side in SIDES},
        left_right=_mean_balance([each.left_right for each in bordered if each.left_right]),
        top_bottom=_mean_balance([each.top_bottom for each in bordered if each.top_bottom]),
    )


def _mean(estimates: Sequence[Estimate], shared: Sequence[float] | None = None) -> Estimate:
    """Weighted mean; with `shared` unknown, all the uncertainty is taken as common to all frames."""
    values, stds = (np.array(part) for part in zip(*((each.value, each.std) for each in estimates), strict=True))
    weights = 1 / stds**2 / np.sum(1 / stds**2)
    common = stds if shared is None else np.minimum(shared, stds)
    own = np.sqrt(np.sum(weights**2 * (stds**2 - common**2)))
    return Estimate(value=float(weights @ values), std=float(np.hypot(own, weights @ common)))


def _mean_balance(balances: Sequence[Balance]) -> Balance:
    found = _mean([Estimate(value=each.first, std=each.std) for each in balances])
    return Balance(first=found.value, std=found.std)


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
    common = float(weights @ [reading.common_std_mm for reading in good] / weights.sum())
    own = np.maximum(stds**2 - shares**2, MIN_STD_MM**2)
    misfit = float(np.sum(kept * (widths - width) ** 2 / own)) / max(int(kept.sum()) - 1, 1)
    random = float(weights**2 @ own) / float(weights.sum()) ** 2 * max(1.0, misfit)
    return replace(
        newest if newest in good else good[-1],
        width_mm=width,
        std_mm=float(np.sqrt(random + shared**2)),
        shared_std_mm=shared,
        common_std_mm=common,
        outlier=False,
    )
