"""A calibrated database of some gallery, for measuring."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge.database.build import Gallery, write_bundle
from edge.database.search import CardDatabase
from edge.embedding.base import Embedder
from training.calibration.fitting import calibrate
from training.data.gallery import GalleryImage


def trial_database(
    path: Path,
    gallery: Gallery,
    embedder: Embedder,
    images: Sequence[GalleryImage],
    false_accepts: float,
    workers: int,
) -> CardDatabase:
    """Write, calibrate and open a database.

    Args:
        path: where it is written.
        gallery: what is in it.
        embedder: of the gallery.
        images: of its cards, or of those whose arts alone the calibration looks at.
        false_accepts: share of the looks at unknown cards that may confirm one.
        workers: processes that make the calibration's crops.

    Raises:
        CalibrationError: if there are too few cards.
        ScannerError: if a picture, the model or the database cannot be used.
    """
    write_bundle(path, gallery)
    uncalibrated = CardDatabase.open(path, embedder.manifest)
    calibration = calibrate(uncalibrated, embedder, images, gallery.metadata, false_accepts, workers)
    write_bundle(path, replace(gallery, calibration=calibration))
    return CardDatabase.open(path, embedder.manifest)
