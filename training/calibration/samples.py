"""Crops of a gallery's own cards, each looked at twice: with its art in the gallery, and without.

An art that is left out makes an unknown card of the very kind that the gallery will meet: of its templates, its sets,
among as many others. Nothing is searched anew for it: the search's answer without that art is the answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.database.search import CardDatabase, Match
from edge.embedding.base import Embedder
from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.recognition.evidence import Evidence, evidence_for, with_agreement
from edge.recognition.verification import Verifier
from edge.wire.messages import CardDetails
from training.augmentation import AugmentationSettings, augment
from training.calibration.left_out import WithoutCards
from training.calibration.logistic import FEATURES, Floats, features
from training.data.art_names import art_name
from training.data.gallery import GalleryImage
from training.parallel.processes import in_processes
from training.progress import Progress

# Four pixels/mm: as the scanner sees a card that fills a sixth of a frame of 1520 pixels.
_CROP_SIZE = (252, 352)
_MATCHES = 8
# Every second crop is as clear as the gallery's own picture: an unknown card that is clearly seen comes nearest to
# another of its template, and the rate of false accepts has to hold for it, too.
_DISTURBANCES = AugmentationSettings(clean=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one search says of one crop.

    Attributes:
        evidence: for its first match.
        right: whether that shows the crop's art.
    """

    evidence: Evidence
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One crop of a card of the gallery.

    Attributes:
        art: number of its art, the same for look-alikes.
        known: what the gallery says of it.
        unknown: what the gallery without its art says; None where nothing else is in it.
        told_apart: whether the look-alike check named the very card; None where there was none, or it did not decide.
    """

    art: int
    known: Look
    unknown: Look | None
    told_apart: bool | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Samples as columns.

    Attributes:
        rows: float64 [N, F], features of the evidence.
        right: bool [N], whether the first match shows the card.
        known: bool [N], whether the card was in the gallery.
        arts: int64 [N], equal for crops of one art.
    """

    rows: Floats
    right: NDArray[np.bool_]
    known: NDArray[np.bool_]
    arts: NDArray[np.int64]

    def part(self, chosen: NDArray[np.bool_]) -> "Samples":
        """Some of them."""
        return Samples(
            rows=self.rows[chosen], right=self.right[chosen], known=self.known[chosen], arts=self.arts[chosen]
        )


def as_columns(samples: Sequence[Sample]) -> Samples:
    """Every look at every crop."""
    looks = [(sample.art, sample.known, True) for sample in samples]
    looks += [(sample.art, sample.unknown, False) for sample in samples if sample.unknown is not None]
    return Samples(
        rows=np.array([features(look.evidence) for _, look, _ in looks], dtype=np.float64).reshape(-1, len(FEATURES)),
        right=np.array([look.right for _, look, _ in looks], dtype=np.bool_),
        known=np.array([known for _, _, known in looks], dtype=np.bool_),
        arts=np.array([art for art, _, _ in looks], dtype=np.int64),
    )


def arts_of(database: CardDatabase, metadata: Mapping[str, CardDetails]) -> list[frozenset[str]]:
    """The gallery's arts, each as the cards that show it: look-alikes, and cards of the same name.

    Two cards of one name seldom share their art, but one that does is no unknown card.
    """
    by_name: dict[str, set[str]] = {}
    for card_id in database.card_ids:
        by_name.setdefault(art_name(metadata[card_id].name) or card_id, set()).add(card_id)
    arts: dict[frozenset[str], None] = {}
    for card_id in database.card_ids:
        alike = database.alike(card_id)
        arts[alike.union(*(by_name[art_name(metadata[each].name) or each] for each in alike))] = None
    return list(arts)


def spread_over_sets(
    arts: Sequence[frozenset[str]], metadata: Mapping[str, CardDetails], count: int
) -> list[frozenset[str]]:
    """At most `count` arts, as evenly from all sets as they come."""
    ordered = sorted(arts, key=lambda art: (metadata[min(art)].set_code, min(art)))
    places = np.unique(np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int))
    return [ordered[place] for place in places]


def gather_samples(
    database: CardDatabase,
    embedder: Embedder,
    faces: Sequence[tuple[GalleryImage, frozenset[str]]],
    shots: int,
    workers: int,
) -> Iterator[Sample]:
    """Look at each face `shots` times, disturbed as in training.

    Args:
        database: the gallery.
        embedder: of its model.
        faces: images of the gallery, each with the cards that show its art.
        shots: crops of each.
        workers: processes that make them.

    Raises:
        ImageError: if a picture can no longer be read.
        InferenceError: if the model fails.
        DatabaseError: if the database fails.
    """
    verifier = Verifier(database)
    progress = Progress(len(faces) * shots, "crops for the calibration")
    pictures = in_processes(partial(_shots, shots), list(enumerate(image for image, _ in faces)), workers)
    for number, ((image, art), crops) in enumerate(zip(faces, pictures, strict=True)):
        for crop, embedding in zip(crops, embedder.embed(crops), strict=True):
            yield _looked_at(database, verifier, crop, embedding, _Shown(number=number, card_id=image.card_id, art=art))
        progress.add(len(crops))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What a crop shows."""

    number: int
    card_id: str
    art: frozenset[str]


def _looked_at(
    database: CardDatabase, verifier: Verifier, crop: Image, embedding: NDArray[np.float32], shown: _Shown
) -> Sample:
    (matches,) = database.search(embedding[None], _MATCHES + len(shown.art))
    others = [match for match in matches if match.card_id not in shown.art]
    return Sample(
        art=shown.number,
        known=_look(database, crop, embedding, matches, shown),
        unknown=_look(WithoutCards(database, shown.art), crop, embedding, others, shown) if others else None,
        told_apart=_told_apart(verifier, crop, matches, shown),
    )


def _look(
    database: CardDatabase, crop: Image, embedding: NDArray[np.float32], matches: Sequence[Match], shown: _Shown
) -> Look:
    first = next(evidence_for(database, crop, embedding, matches))
    return Look(evidence=with_agreement(first, database, crop, matches[0]), right=matches[0].card_id in shown.art)


def _told_apart(verifier: Verifier, crop: Image, matches: Sequence[Match], shown: _Shown) -> bool | None:
    if matches[0].card_id not in shown.art or matches[0].rotation:
        return None
    large = cv2.resize(crop, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), interpolation=cv2.INTER_CUBIC)
    verification = verifier.verify(np.asarray(large, dtype=np.uint8), matches)
    if verification is None or not verification.decided:
        return None
    return verification.card_id == shown.card_id


def _shots(count: int, numbered: tuple[int, GalleryImage]) -> list[Image]:
    number, image = numbered
    cv2.setNumThreads(1)
    card, rng = image.load(), np.random.default_rng([number, 77])
    return [augment(card, rng, _DISTURBANCES, _CROP_SIZE) for _ in range(count)]
