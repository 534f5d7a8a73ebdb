"""Learned cards with the model and the card database that are in use: made from views, and opened again later."""

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from edge.database.learned_card import VIEWS, LearnedCard, decode_view, encode_view, new_id
from edge.database.learned_folder import LearnedFolder
from edge.database.learned_gallery import LearnedGallery
from edge.embedding.base import Embedder
from edge.errors import DatabaseError, LearningError
from edge.geometry import Image
from edge.imaging.print_reference import PrintReference, encode_reference
from edge.imaging.rectification import upside_down
from edge.recognition.evidence import agreement
from edge.recognition.learned_matches import LEAST_AGREEMENT
from edge.recognition.recognition import Recognition
from edge.recognition.recognizer import Recognizer

# chosen: cosine distance between views of one card that lies still, which one of 150 cards exceeded (`card-training
# evaluate learned`); and their correlation, well above that by which the card will be known.
_GREATEST_DISTANCE, _LEAST_CORRELATION = 0.1, 0.7
# physics: cosine distance to the picture of a back; looks at one in 80 lights, some with an outline that is off, were
# up to 0.22 away, 330 fronts 0.59 and more (by hand, no command makes it).
_BACK_DISTANCE = 0.4
# physics: grey level from which all colours of a pixel are clipped; and a spot of 10 x 16 mm on a card, which a lamp
# makes.
_CLIPPED = 250
_GREATEST_GLARE = 0.03

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A sharp look at a card.

    Attributes:
        card: rectified, uint8 [704, 504, 3] BGR, the side on top that is higher in the picture.
        sharpness: variance of the Laplacian, as the selector measures it.
        shown_since: first frame since which its track has shown what it shows.
    """

    card: Image
    sharpness: float
    shown_since: int


def learned_card(recognizer: Recognizer, name: str, views: Sequence[View]) -> tuple[LearnedCard, tuple[bytes, ...]]:
    """A card that is known by these views from now on.

    Args:
        recognizer: that does not know it; used meanwhile.
        name: of the card, checked (`edge.database.learned_card.CardName`).
        views: of one card.

    Returns:
        The card, and its views as they are kept.

    Raises:
        LearningError: if there are too few views, or they show glare, a card's back, a card that is known, or not one
            card.
        InferenceError: if the model fails.
    """
    if len(views) < VIEWS:
        raise LearningError(
            f"only {len(views)} of {VIEWS} sharp views of the card so far; let it lie still in even light and try again"
        )
    best = sorted(views, key=lambda view: -view.sharpness)[:VIEWS]
    _check_glare(best)
    encoded = tuple(encode_view(view.card) for view in best)
    card_id = new_id()
    cards = [decode_view(each, card_id) for each in encoded]
    _check_face_up(recognizer, cards[0])
    _check_unknown(recognizer, recognizer.recognize(cards))
    embeddings = _embedded(recognizer.embedder, cards)
    reference = PrintReference(encoded=encode_reference(cards[0]), borders_mm=None, name=card_id)
    _check_agreement(embeddings[0], [agreement(card, 0, reference) for card in cards])
    manifest = recognizer.embedder.manifest
    card = LearnedCard(
        card_id=card_id,
        name=name,
        learned_at=datetime.now(UTC).replace(microsecond=0),
        model_id=manifest.model_id,
        model_sha256=manifest.gallery_sha256,
        database_sha256=recognizer.database.manifest.sha256,
        embeddings=embeddings,
        print=reference.encoded,
    )
    return card, encoded


def open_learned(folder: LearnedFolder, recognizer: Recognizer) -> Recognizer:
    """The recogniser with the cards of a folder, as far as they can be used.

    A card that was learned with another model is embedded anew from its views; one that the card database knows is left
    out: it would tie with itself. What is torn is named and left out, never a reason not to scan.

    Raises:
        InferenceError: if the model fails.
    """
    try:
        kept = folder.read()
    except DatabaseError as fault:
        _log.warning("%s", fault)
        return recognizer.with_learned(LearnedGallery(faults={folder.path.name: str(fault)}))
    cards: list[LearnedCard] = []
    known: dict[str, str] = {}
    faults = dict(kept.faults)
    for card in kept.cards:
        try:
            fitted, known_as = _fitted(folder, recognizer, card)
        except DatabaseError as cause:
            faults[card.card_id] = str(cause)
            continue
        if known_as is None:
            cards.append(fitted)
        else:
            known[card.card_id] = known_as
            _log.info("%s is known to the card database as %s, and left out", card.card_id, known_as)
    for sentence in faults.values():
        _log.warning("a learned card is left out: %s", sentence)
    return recognizer.with_learned(LearnedGallery(cards, known, faults))


def _fitted(folder: LearnedFolder, recognizer: Recognizer, card: LearnedCard) -> tuple[LearnedCard, str | None]:
    """The card as it is searched with this model and database, and which of the database's cards it is, if any."""
    if card.card_id in recognizer.database.card_ids:
        return card, card.card_id
    manifest, database_sha256 = recognizer.embedder.manifest, recognizer.database.manifest.sha256
    embedded_by = (card.model_sha256, card.database_sha256, card.embeddings.shape[2])
    if embedded_by == (manifest.gallery_sha256, database_sha256, manifest.dimension):
        return card, None
    encoded = folder.card(card.card_id)[1]
    views = [decode_view(each, card.card_id) for each in encoded]
    first = recognizer.recognize(views[:1])[0]
    if first.sure:
        return card, first.matches[0].card_id
    fitted = replace(
        card,
        model_id=manifest.model_id,
        model_sha256=manifest.gallery_sha256,
        database_sha256=database_sha256,
        embeddings=_embedded(recognizer.embedder, views),
    )
    try:
        folder.write(fitted, encoded)
    except DatabaseError as fault:
        _log.warning("what a learned card is with the model in use is found anew at each start: %s", fault)
    return fitted, None


def _embedded(embedder: Embedder, views: Sequence[Image]) -> NDArray[np.float32]:
    """Embeddings of views upright, then upside down: float32 [2, views, dimension]."""
    embeddings = embedder.embed([*views, *(upside_down(view) for view in views)])
    return embeddings.reshape(2, len(views), -1)


def _check_unknown(recognizer: Recognizer, answers: Sequence[Recognition]) -> None:
    if recognizer.database.manifest.calibration is None:
        raise LearningError(
            "the card database is uncalibrated: no card would be confirmed, learned or not; build it again with "
            "'card-training index'"
        )
    named = next((answer.card_id for answer in answers if answer.named), None)
    if named is not None:
        raise LearningError(f"the card looks like {recognizer.details(named).name} ({named}), which is known already")


def _check_face_up(recognizer: Recognizer, card: Image) -> None:
    """Every card that lies face down would be taken for one that was learned so."""
    backs = recognizer.database.backs
    if not backs:
        return
    pictures = recognizer.embedder.embed([back.picture_in_color() for back in backs])
    nearest = float((1 - recognizer.embedder.embed([card, upside_down(card)]) @ pictures.T).min())
    agreements = [agreement(card, rotation, back) for back in backs for rotation in (0, 180)]
    if nearest < _BACK_DISTANCE or max(agreements) >= LEAST_AGREEMENT:
        raise LearningError("the card lies face down; turn it over, and try again")


def _check_glare(views: Sequence[View]) -> None:
    shares = [float((view.card.min(axis=2) >= _CLIPPED).mean()) for view in views]
    if max(shares) > _GREATEST_GLARE:
        raise LearningError(
            f"{max(shares):.0%} of the card is lost in glare or too bright; turn the lamp or the card, and try again"
        )


def _check_agreement(embeddings: NDArray[np.float32], agreements: Sequence[float]) -> None:
    farthest = max(float(1 - first @ second) for first, second in itertools.combinations(embeddings, 2))
    if farthest > _GREATEST_DISTANCE or min(agreements) < _LEAST_CORRELATION:
        raise LearningError(
            f"the views do not agree (cosine distance {farthest:.2f}, correlation {min(agreements):.2f}): something "
            "moved, or covers part of the card; leave one card alone in the light, and try again"
        )
