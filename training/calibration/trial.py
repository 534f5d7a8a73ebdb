"""A calibrated database of some cards, for measuring; what only centering needs is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.database import CardDatabase
from edge.database.build import Gallery, write_bundle
from edge.database.bundle import IndexRow
from edge.database.hashes import card_hash
from edge.embedding.base import Embedder
from edge.imaging.print_reference import PrintReference, encode_reference
from edge.imaging.rectification import upside_down
from edge.wire.messages import CardDetails
from training.calibration.fitting import calibrate
from training.data.gallery import GalleryImage
from training.data.lookalikes import cut_references, fingerprint, group_fingerprints


def trial_database(
    path: Path,
    embedder: Embedder,
    images: Sequence[GalleryImage],
    metadata: Mapping[str, CardDetails],
    false_accepts: float,
    workers: int,
) -> CardDatabase:
    """Build, calibrate and open a database.

    Args:
        path: where it is written.
        embedder: of the gallery.
        images: one of each card.
        metadata: of these cards, and perhaps of others.
        false_accepts: share of the looks at unknown cards that may confirm one.
        workers: processes that make the calibration's crops.

    Raises:
        CalibrationError: if there are too few cards.
        ScannerError: if a picture, the model or the database cannot be used.
    """
    embeddings, fingerprints, hashes, prints = [], [], [], {}
    for image in images:
        card = image.load()
        embeddings.append(embedder.embed([card, upside_down(card)]))
        fingerprints.append(fingerprint(card))
        hashes.append(card_hash(card))
        prints[image.card_id] = PrintReference(encoded=encode_reference(card), borders_mm=None, name=image.card_id)
    lookalikes = cut_references(images, group_fingerprints(fingerprints))
    gallery = Gallery(
        name=path.name,
        model=embedder.manifest,
        embeddings=np.concatenate(embeddings),
        rows=[IndexRow(card_id=image.card_id, variant=0, rotation=turn) for image in images for turn in (0, 180)],
        metadata={image.card_id: metadata[image.card_id] for image in images},
        lookalikes=lookalikes.groups,
        references=lookalikes.references,
        prints=prints,
        hashes=hashes,
    )
    write_bundle(path, gallery)
    uncalibrated = CardDatabase.open(path, embedder.manifest)
    calibration = calibrate(uncalibrated, embedder, images, gallery.metadata, false_accepts, workers)
    write_bundle(path, replace(gallery, calibration=calibration))
    return CardDatabase.open(path, embedder.manifest)
