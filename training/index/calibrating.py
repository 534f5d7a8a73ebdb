"""The calibration of a card database that is being built: the former one where nothing changed, else measured anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.database.build import Gallery, write_bundle
from edge.database.search import CardDatabase
from edge.embedding.base import Embedder
from edge.manifests import Calibration
from training.calibration.fitting import VERSION, calibrate, calibrated_gallery
from training.data.gallery import GalleryImage
from training.errors import CalibrationError

# chosen: share of the images that may change before it is measured again, which takes minutes: what one card in a
# hundred adds to the false accepts is less than the interval of a measurement.
MOST_CHANGED = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A calibration, or why there is none."""

    calibration: Calibration | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a gallery is to be calibrated.

    Attributes:
        false_accepts: share of the looks at unknown cards that may confirm one.
        workers: processes that make crops.
        folder: where the gallery may be written meanwhile; it is removed again.
        changed: how many of the gallery's images the former database did not have, or had besides.
    """

    false_accepts: float
    workers: int
    folder: Path
    changed: int


def calibrated(
    gallery: Gallery,
    embedder: Embedder,
    images: Sequence[GalleryImage],
    former: Calibration | None,
    wanted: Wanted,
) -> Calibrated:
    """Calibrate a gallery before it takes the place of the former one.

    Args:
        gallery: that is to be written.
        embedder: of its model.
        images: of its rows.
        former: calibration of the database that is replaced.
        wanted: how.

    Raises:
        ScannerError: if a picture, the model or the database cannot be used.
    """
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=wanted.folder, prefix=".calibrating-") as scratch:
        manifest = write_bundle(Path(scratch) / "bundle", gallery)
        if former is not None and former.gallery == calibrated_gallery(manifest, wanted.false_accepts):
            return Calibrated(calibration=former)
        kept = None if former is None else _kept(former, len(images), wanted)
        if kept is not None:
            return Calibrated(calibration=kept)
        database = CardDatabase.open(Path(scratch) / "bundle", gallery.model)
        try:
            found = calibrate(database, embedder, images, gallery.metadata, wanted.false_accepts, wanted.workers)
        except CalibrationError as cause:
            return Calibrated(calibration=None, reason=str(cause))
        return Calibrated(calibration=found)


def _kept(former: Calibration, images: int, wanted: Wanted) -> Calibration | None:
    """The former calibration, where little of the gallery has changed since it was measured."""
    changed = former.measured.get("changed_since", 0) + wanted.changed
    current = former.measured.get("version") == VERSION and former.measured.get("false_accepts") == wanted.false_accepts
    if not current or changed > MOST_CHANGED * images:
        return None
    return former.model_copy(update={"measured": former.measured | {"changed_since": changed}})


def describe_calibration(outcome: Calibrated) -> list[str]:
    """What there is to say of it, for a person."""
    if outcome.calibration is None:
        return [f"uncalibrated: {outcome.reason}; nothing will be confirmed"]
    calibration, measured = outcome.calibration, outcome.calibration.measured
    aim, accepted = measured["false_accepts"], measured["unknown_confirmed"]
    changed = measured.get("changed_since", 0)
    return [
        *([f"calibrated before {changed} images changed, too few to do it again"] if changed else []),
        f"calibrated: confirmed from a probability of {calibration.confirmed:.2%}, named from {calibration.named:.2%}",
        f"  of {measured['arts_kept_apart']} arts that were kept apart, looked at once:",
        f"  unknown confirmed {_share(accepted)}, aim {aim:.2%}: {_verdict(accepted, aim)}; named "
        f"{_share(measured['unknown_named'])}",
        f"  known confirmed {_share(measured['known_confirmed'])}, wrongly "
        f"{_share(measured['known_confirmed_wrongly'])}; calibration error {measured['calibration_error']:.3f}",
    ]


def _share(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval_95"]
    return f"{figure['value']:.2%} ({low:.2%} to {high:.2%})"


def _verdict(figure: Mapping[str, Any], aim: float) -> str:
    low, high = figure["interval_95"]
    return "met" if high <= aim else "missed" if low > aim else "undecided"
