"""From samples to a calibration: weights, the probabilities that confirm and name, and how well they do."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import EMBEDDINGS_FILE, LOOKALIKES_FILE, METADATA_FILE, ROWS_FILE
from edge.database.hashes import HASHES_FILE
from edge.database.prints import PICTURES_FILE
from edge.database.search import CardDatabase
from edge.embedding.base import Embedder
from edge.manifests import Calibration, DatabaseManifest, EvidenceWeights
from edge.recognition.belief import OPEN
from edge.wire.messages import CardDetails
from training.calibration.intervals import calibration_error, counted
from training.calibration.logistic import FEATURES, Floats, fit_logistic
from training.calibration.samples import Sample, Samples, arts_of, as_columns, gather_samples, spread_over_sets
from training.data.gallery import GalleryImage
from training.errors import CalibrationError

FALSE_ACCEPTS = 0.001
LEAST_ARTS = 50
_MOST_ARTS = 1000
_MOST_SHOTS = 40
_LEAST_SHOTS = 3
# Of crops of unknown cards; a candidate is shown with its alternatives and never as an identification.
_FALSE_NAMES = 0.03
_LEAST_NAMED = 0.05
# However well a gallery tells its cards apart, less is not confirmed.
_LEAST_CONFIRMED = 0.9
# The part that is fitted and chosen on; the rest is only looked at.
_FITTED = 2 / 3
# So many false accepts may be among the crops that the probability is chosen on, where there are enough cards.
_ACCEPTED = 2
# Of the evidence and of how it is weighed; a calibration of another version is measured anew.
VERSION = 4
# Which way each kind of evidence speaks for a match.
_SPEAKS_FOR = {"distance": -1, "lead": 1, "separation": 1, "hash_lead": 1, "agreement": 1}


def calibrate(
    database: CardDatabase,
    embedder: Embedder,
    images: Sequence[GalleryImage],
    metadata: Mapping[str, CardDetails],
    false_accepts: float,
    workers: int,
) -> Calibration:
    """Measure what evidence is worth in a gallery.

    Args:
        database: the gallery.
        embedder: of its model.
        images: that it was made of, or those of some of its arts, which alone are looked at then.
        metadata: of its cards.
        false_accepts: share of the looks at unknown cards that may confirm one.
        workers: processes that make crops.

    Raises:
        CalibrationError: if it holds too few arts for that.
        ScannerError: if a picture, the model or the database cannot be used.
    """
    first = {image.card_id: image for image in reversed(images)}
    arts = [art for art in arts_of(database, metadata) if min(art) in first]
    faces = [(first[min(art)], art) for art in spread_over_sets(arts, metadata, _MOST_ARTS)]
    shots = _shots(len(arts), len(faces), false_accepts)
    samples = list(gather_samples(database, embedder, faces, shots, workers))
    digest = calibrated_gallery(database.manifest, false_accepts)
    return fit_calibration(samples, false_accepts, digest)


def calibrated_gallery(manifest: DatabaseManifest, false_accepts: float) -> str:
    """Digest of all that a calibration depends on."""
    parts = [EMBEDDINGS_FILE, ROWS_FILE, LOOKALIKES_FILE, METADATA_FILE, PICTURES_FILE, HASHES_FILE]
    files = {name: manifest.files.get(name) for name in parts}
    return hashlib.sha256(json.dumps([VERSION, false_accepts, manifest.model_sha256, files]).encode()).hexdigest()


def fit_calibration(samples: Sequence[Sample], false_accepts: float, gallery: str) -> Calibration:
    """The calibration that samples come to; a third of the arts is kept apart to look at it.

    Raises:
        CalibrationError: if there are too few samples for that rate.
    """
    columns = as_columns(samples)
    given = [name for name, column in zip(FEATURES, columns.rows.T, strict=True) if not np.isnan(column).any()]
    fitted = _fitted_arts(columns.arts)
    own, kept = columns.part(fitted), columns.part(~fitted)
    told = [sample.told_apart for sample in samples if sample.told_apart is not None]
    full = _weights(own, given) if "agreement" in given else None
    chosen = Calibration(
        confirmed=_LEAST_CONFIRMED,
        named=_LEAST_NAMED,
        not_a_card=float(columns.rows[:, 0].max()),
        cheap=_weights(own, [name for name in given if name != "agreement"]),
        full=None if full is None or full.agreement == 0 else full,
        told_apart=(sum(told) + 1) / (len(told) + 2),
        gallery=gallery,
    )
    wrong = np.sort(_probabilities(own, chosen)[~own.right])[::-1]
    levels = {
        "confirmed": max(_LEAST_CONFIRMED, _level(wrong, false_accepts)),
        "named": max(_LEAST_NAMED, _level(wrong, _FALSE_NAMES)),
    }
    chosen = chosen.model_copy(update=levels)
    return chosen.model_copy(update={"measured": _measured(chosen, kept, false_accepts)})


def _shots(arts: int, faces: int, false_accepts: float) -> int:
    """How often each face is looked at.

    Raises:
        CalibrationError: if there are too few arts, or no number of looks is enough.
    """
    if arts < LEAST_ARTS:
        raise CalibrationError(f"a calibration needs {LEAST_ARTS} arts to leave out in turn; there are {arts}")
    wanted = math.ceil(_ACCEPTED / false_accepts / _FITTED / faces)
    shots = min(_MOST_SHOTS, max(_LEAST_SHOTS, wanted))
    if faces * shots * _FITTED * false_accepts < 1:
        raise CalibrationError(
            f"a rate of {false_accepts:g} false accepts cannot be told from {faces * shots} looks at {faces} arts; "
            f"with --false-accepts {1.1 / (faces * shots * _FITTED):.2g} or more it can"
        )
    return shots


def _fitted_arts(arts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which looks are at arts that are fitted; at random, the same each time."""
    numbers = np.unique(arts)
    order = np.random.default_rng(0).permutation(len(numbers))
    fitted = numbers[order[: round(_FITTED * len(numbers))]]
    return np.isin(arts, fitted)


def _weights(samples: Samples, names: Sequence[str]) -> EvidenceWeights:
    """By maximum likelihood; what other evidence says already, and would count the wrong way round, is left out.

    A picture that lies on its reference speaks for the card, whatever the few crops say in which nothing else decides:
    cards and cameras come that these samples do not have.
    """
    columns = [FEATURES.index(name) for name in names]
    intercept, weights = fit_logistic(samples.rows[:, columns], samples.right)
    spoken_for = weights * [_SPEAKS_FOR[name] for name in names] * samples.rows[:, columns].std(axis=0)
    if (spoken_for < 0).any():
        contrary = names[int(spoken_for.argmin())]
        return _weights(samples, [name for name in names if name != contrary])
    found = dict(zip(names, map(float, weights), strict=True))
    return EvidenceWeights(intercept=intercept, **dict.fromkeys(FEATURES, 0.0) | found)


def _probabilities(samples: Samples, calibration: Calibration) -> Floats:
    """What recognition would state of each: with agreement only where it would look at that."""
    odds = _log_odds(samples, calibration.cheap)
    if calibration.full is not None:
        odds = np.where((odds > OPEN[0]) & (odds < OPEN[1]), _log_odds(samples, calibration.full), odds)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), dtype=np.float64)


def _log_odds(samples: Samples, weights: EvidenceWeights) -> Floats:
    factors = np.array([getattr(weights, name) for name in FEATURES], dtype=np.float64)
    return np.asarray(weights.intercept + np.nan_to_num(samples.rows) @ factors, dtype=np.float64)


def _level(wrong: Floats, rate: float) -> float:
    """The least probability that at most that share of the wrong answers, in descending order, reach."""
    allowed = int(rate * len(wrong))
    return math.nextafter(float(wrong[allowed]), 1.0)


def _measured(chosen: Calibration, kept: Samples, false_accepts: float) -> dict[str, Any]:
    """How the calibration does on the arts that were kept apart."""
    likely = _probabilities(kept, chosen)
    unknown, confirmed = ~kept.known, likely >= chosen.confirmed

    def share(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> dict[str, Any]:
        return counted(hits[among], kept.arts[among])

    return {
        "version": VERSION,
        "false_accepts": false_accepts,
        "arts_kept_apart": len(np.unique(kept.arts)),
        "unknown_confirmed": share(confirmed, unknown),
        "unknown_named": share(likely >= chosen.named, unknown),
        "known_confirmed": share(confirmed & kept.right, kept.known),
        "known_confirmed_wrongly": share(confirmed & ~kept.right, kept.known),
        "calibration_error": calibration_error(likely, kept.right),
    }
