"""From rectified cards to answers: embed, search the gallery, tell look-alikes apart."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.database.learned_gallery import LearnedGallery
from edge.database.search import CardDatabase, Match
from edge.embedding.base import Embedder
from edge.errors import ModelMismatchError
from edge.geometry import Image
from edge.imaging.print_reference import PrintReference
from edge.imaging.rectification import upside_down
from edge.recognition.belief import Belief, believe, is_open, log_odds, worth_of
from edge.recognition.evidence import Evidence, agreement, evidence_for, with_agreement
from edge.recognition.learned_matches import with_learned
from edge.recognition.near_ties import near_tie
from edge.recognition.printings import Printings, tied_printings
from edge.recognition.recognition import Recognition
from edge.recognition.verification import Verifier
from edge.wire.messages import CardDetails


class Recognizer:
    """Holds one model and one card database. Used by one thread at a time."""

    def __init__(
        self,
        embedder: Embedder,
        database: CardDatabase,
        verifier: Verifier | None = None,
        matches: int = 5,
        learned: LearnedGallery | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            embedder: of the queries.
            database: that was built with the same model.
            verifier: of that database's look-alikes; None leaves look-alikes as the search ranks them.
            matches: how many an answer lists.
            learned: cards that are known besides, embedded by the same model.

        Raises:
            ModelMismatchError: if the database was built with another model.
        """
        if database.manifest.model_sha256 != embedder.manifest.gallery_sha256:
            raise ModelMismatchError(
                f"the card database {database.path} was built with {database.manifest.model_id}, not with the loaded "
                f"{embedder.manifest.model_id}; use the model it was built with"
            )
        self._embedder = embedder
        self._database = database
        self._verifier = verifier
        self._matches = matches
        self._learned = learned or LearnedGallery()

    def with_learned(self, learned: LearnedGallery) -> "Recognizer":
        """The same with other learned cards; both use one model, which is released once."""
        return Recognizer(self._embedder, self._database, self._verifier, self._matches, learned)

    @property
    def database(self) -> CardDatabase:
        """The gallery."""
        return self._database

    @property
    def learned(self) -> LearnedGallery:
        """The cards that are known besides."""
        return self._learned

    @property
    def embedder(self) -> Embedder:
        """The model."""
        return self._embedder

    def details(self, card_id: str) -> CardDetails:
        """What is known of a card.

        Raises:
            DatabaseError: if it is not known.
        """
        return self._learned.details(card_id) if card_id in self._learned else self._database.details(card_id)

    def original(self, card_id: str) -> PrintReference | None:
        """The picture of a card's original, for reading centering; None where there is none, as of a learned card.

        Raises:
            DatabaseError: if the card is not known.
        """
        return None if card_id in self._learned else self._database.print_reference(card_id)

    def recognize(self, cards: Sequence[Image]) -> list[Recognition]:
        """Recognise a batch of any size.

        Args:
            cards: rectified cards, uint8 [704, 504, 3] BGR, either way up.

        Returns:
            One answer a card.

        Raises:
            InferenceError: if the model fails.
            DatabaseError: if the database fails.
        """
        start = time.perf_counter()
        embeddings = self._embedder.embed(cards)
        embedded = time.perf_counter()
        found = self._nearest(embeddings)
        searched = time.perf_counter()
        timings_ms = {"embed": 1000 * (embedded - start), "search": 1000 * (searched - embedded)}
        return [
            self._answer(card, embedding, matches, timings_ms)
            for card, embedding, matches in zip(cards, embeddings, found, strict=True)
        ]

    def close(self) -> None:
        """Release the model. Safe to call twice."""
        self._embedder.close()

    def _nearest(self, embeddings: NDArray[np.float32]) -> list[tuple[Match, ...]]:
        """The nearest cards of each, as many as an answer lists and one of another art than the first."""
        found = self._database.search(embeddings, self._matches + 1)
        return [self._beyond_alike(*each) for each in zip(embeddings, found, strict=True)]

    def _beyond_alike(self, embedding: NDArray[np.float32], matches: tuple[Match, ...]) -> tuple[Match, ...]:
        """More matches where all that were asked for are look-alikes of the first."""
        alike = self._database.alike(matches[0].card_id) if matches else frozenset()
        if len(matches) <= self._matches or any(match.card_id not in alike for match in matches):
            return matches
        (wider,) = self._database.search(embedding[None], len(alike) + 1)
        return wider

    def _answer(
        self, card: Image, embedding: NDArray[np.float32], matches: tuple[Match, ...], timings_ms: dict[str, float]
    ) -> Recognition:
        if not matches:
            return Recognition(matches=(), embedding=embedding, timings_ms=timings_ms)
        start = time.perf_counter()
        matches = with_learned(matches, self._learned, embedding, card)
        verification = None
        if self._verifier is not None:
            verification = self._verifier.verify(upside_down(card) if matches[0].rotation else card, matches)
        printings = tied_printings(self._database, matches, verification)
        answer = matches
        if verification is not None and verification.decided and verification.card_id is not None:
            answer = self._with_first(verification.card_id, embedding, matches)
        if printings is None:
            printings = near_tie(card, answer, self._database.alike(answer[0].card_id), self._picture)
        answer = answer[: self._matches]
        belief = self._belief(card, embedding, matches, answer, printings)
        calibration = self._database.manifest.calibration
        worth = worth_of(matches[0].distance, belief, calibration, tied=printings is not None)
        return Recognition(
            matches=answer,
            embedding=embedding,
            worth=worth,
            belief=belief,
            verified=None if verification is None else verification.decided,
            verification=verification,
            printings=printings if worth.named else None,
            timings_ms=timings_ms | {"verify": 1000 * (time.perf_counter() - start)},
        )

    def _belief(
        self,
        card: Image,
        embedding: NDArray[np.float32],
        nearest: Sequence[Match],
        answer: Sequence[Match],
        printings: Printings | None,
    ) -> Belief | None:
        """How probable the answer's matches are, by what speaks for the nearest ones."""
        calibration = self._database.manifest.calibration
        if calibration is None:
            return None
        first, *others = evidence_for(self._database, card, embedding, nearest, self._learned)
        if is_open(first, calibration):
            first = self._with_agreement(first, card, nearest[0])
        alike = self._database.alike(nearest[0].card_id)
        odds = {
            match.card_id: log_odds(each, calibration)
            for match, each in zip(nearest[1:], others, strict=True)
            if match.card_id not in alike
        }
        shares = _shares([match.card_id for match in answer], alike, printings, calibration.told_apart)
        return believe(
            log_odds(first, calibration),
            [odds.get(match.card_id, -math.inf) for match in answer],
            shares,
            calibration.confirmed,
        )

    def _picture(self, card_id: str) -> PrintReference | None:
        known = self._learned if card_id in self._learned else self._database
        return known.print_reference(card_id)

    def _with_agreement(self, evidence: Evidence, card: Image, match: Match) -> Evidence:
        if match.card_id not in self._learned:
            return with_agreement(evidence, self._database, card, match)
        reference = self._learned.print_reference(match.card_id)
        return replace(evidence, agreement=agreement(card, match.rotation, reference))

    def _with_first(
        self, card_id: str, embedding: NDArray[np.float32], matches: tuple[Match, ...]
    ) -> tuple[Match, ...]:
        """The matches with that card first, at its own distance in the first match's rotation."""
        rotation = matches[0].rotation
        distance = self._database.distance(embedding, card_id, rotation)
        others = [match for match in matches if match.card_id != card_id]
        first = Match(card_id=card_id, distance=distance, rotation=rotation)
        return (first, *others)


def _shares(
    card_ids: Sequence[str], alike: frozenset[str], printings: Printings | None, told_apart: float
) -> list[float]:
    """How the first art's probability is shared by the cards of an answer."""
    if printings is not None:
        return [1 / len(printings.card_ids) if card_id in printings.card_ids else 0.0 for card_id in card_ids]
    if len(alike) == 1:
        return [1.0, *[0.0] * (len(card_ids) - 1)]
    other = (1 - told_apart) / (len(alike) - 1)
    return [told_apart, *(other if card_id in alike else 0.0 for card_id in card_ids[1:])]
