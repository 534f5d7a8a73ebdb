"""The card database: which cards of the gallery are nearest to a query embedding."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import (
    EMBEDDINGS_FILE,
    REPAIR,
    VECTORS_FILE,
    LookalikeGroup,
    open_manifest,
    read_golden,
    read_lookalikes,
    read_metadata,
    read_rows,
)
from edge.database.consistency import check_golden_crops, check_lookalikes, check_rows
from edge.database.details import CompactDetails
from edge.database.hashes import HashDistances, card_hash, open_hashes
from edge.database.prints import open_prints
from edge.database.projection import projected
from edge.database.references import open_references
from edge.database.vectors import MappedVectors, of_unit_length, open_vectors, quantised, rounding_errors
from edge.errors import DatabaseError, InferenceError, ModelMismatchError
from edge.geometry import Image
from edge.imaging.print_reference import PrintReference
from edge.manifests import DatabaseManifest, ModelManifest
from edge.wire.messages import CardDetails

# With fewer, the rounding asks for a second scan of 17,592 cards more often; `card-scanner bench` shows it in p99.
_FIRST_CANDIDATES = 128
_WIDENING = 4
# measured: of 200,000 cards the nearest is among so many 999 times of 1,000 (`card-scanner bench --cards 200000`).
_NARROW_CANDIDATES = 256
# chosen: rows that stand for all in mean and deviation; a tenth of a millisecond at 768 dimensions.
_SAMPLE_ROWS = 1024
# physics: the system maps 64 kB around each that is read.
_SAMPLED_AT_ONCE = 64
# What float32 arithmetic may add to a distance, usearch's and ours.
_ARITHMETIC_ERROR = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A card of the gallery that resembles a query.

    Attributes:
        card_id: the card.
        distance: cosine distance, 0 (equal) to 2.
        rotation: 0, or 180 where the query shows the card upside down.
    """

    card_id: str
    distance: float
    rotation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far a gallery lies from a query: mean and standard deviation of its cosine distances."""

    mean: float
    deviation: float


class CardDatabase:
    """A bundle, opened read-only and memory-mapped. Open one with `CardDatabase.open`.

    The compact vectors of the index find candidates by comparing the query with every row; the candidates' distances
    are then computed from the float32 embeddings. The index never decides between two cards. Galleries that take too
    long to scan are scanned in fewer dimensions.
    """

    def __init__(self, path: Path, manifest: DatabaseManifest, vectors: MappedVectors) -> None:
        """Read the tables of a bundle whose files have been checked, and check that they fit each other."""
        self._path = path
        self._manifest = manifest
        self._vectors = vectors
        self._lookalikes = read_lookalikes(path)
        self._references = open_references(path, manifest, self._lookalikes)
        metadata = read_metadata(path)
        rows = read_rows(path)
        check_rows(path, rows, metadata, manifest)
        check_lookalikes(path, self._lookalikes, rows, self._references)
        check_golden_crops(path, read_golden(path), manifest)
        self._details = CompactDetails(metadata)
        del metadata
        self._card_ids = self._details.card_ids
        self._prints = open_prints(path, self._card_ids, manifest)
        self._numbers = {card_id: number for number, card_id in enumerate(self._card_ids)}
        self._row_card = np.array([self._numbers[row.card_id] for row in rows], dtype=np.int32)
        self._row_rotation = np.array([row.rotation for row in rows], dtype=np.int16)
        self._alike = _alike(self._lookalikes)
        upright = self._row_card[self._row_rotation == 0]
        self._hashes = open_hashes(path, manifest, upright, self._card_ids)
        self._sample = _sample(vectors)

    @classmethod
    def open(cls, path: Path, model: ModelManifest) -> "CardDatabase":
        """Open the bundle in the folder `path` for queries that `model` embeds.

        Raises:
            ModelMismatchError: if the bundle was built with another model, dimension or preprocessing.
            DatabaseError: if a file is missing, damaged or does not fit the others.
        """
        path = path.resolve()  # a link that is changed meanwhile must not mix two bundles
        manifest = open_manifest(path, model)
        return cls(path, manifest, open_vectors(path, manifest))

    @property
    def path(self) -> Path:
        """The bundle's folder."""
        return self._path

    @property
    def manifest(self) -> DatabaseManifest:
        """What the bundle holds and with which model it was built."""
        return self._manifest

    @property
    def lookalikes(self) -> tuple[LookalikeGroup, ...]:
        """Groups of cards that differ in small details only."""
        return self._lookalikes

    def alike(self, card_id: str) -> frozenset[str]:
        """A card with all that differ from it in small details only."""
        return self._alike.get(card_id, frozenset({card_id}))

    @property
    def card_ids(self) -> Sequence[str]:
        """Every card of the gallery, sorted."""
        return self._card_ids

    @property
    def backs(self) -> tuple[PrintReference, ...]:
        """Reference pictures of the backs that the cards have; none where the bundle was built without them."""
        return () if self._prints is None else self._prints.backs

    def print_reference(self, card_id: str) -> PrintReference | None:
        """The reference picture of a card, for reading centering; None where the bundle was built without them.

        Raises:
            DatabaseError: if the card is not in this database.
        """
        self._number(card_id)
        return None if self._prints is None else self._prints.of(card_id)

    def details(self, card_id: str) -> CardDetails:
        """What is known of a card.

        Raises:
            DatabaseError: if the card is not in this database.
        """
        return self._details[self._number(card_id)]

    def reference(self, name: str) -> bytes:
        """One of the pictures that groups of look-alikes name, as it was encoded.

        Raises:
            DatabaseError: if its file was cut short meanwhile.
        """
        return self._references.of(name)

    def search(self, queries: NDArray[np.float32], k: int) -> list[tuple[Match, ...]]:
        """The `k` nearest cards of each query; fewer where the gallery holds fewer.

        Args:
            queries: float32 [N, dimension], rows L2-normalised.
            k: number of distinct cards, at least 1.

        Returns:
            One tuple a query: distinct card ids, by ascending distance. Of several images of a card the nearest counts.

        Raises:
            ModelMismatchError: if the queries have another dimension.
            InferenceError: if a query is not finite or not normalised.
            DatabaseError: if the index gives an unusable answer, or its files are changed meanwhile.
        """
        self._check_queries(queries)
        self._check_unchanged()
        matches = [self._search_one(query, k) for query in np.asarray(queries, dtype=np.float32)]
        self._check_unchanged()
        self._vectors.release_pages()
        return matches

    def distance(self, query: NDArray[np.float32], card_id: str, rotation: int) -> float:
        """Cosine distance from one query [dimension] to the nearest image of a card, embedded in that rotation.

        Raises:
            DatabaseError: if the card is not in this database.
        """
        of_card = self._row_card == self._number(card_id)
        rows = np.flatnonzero(of_card & (self._row_rotation == rotation))
        return float(self._distances(query, rows).min())

    def spread(self, query: NDArray[np.float32]) -> Spread:
        """How far the gallery lies from one query [dimension]; of up to 1,024 of its rows, evenly chosen."""
        distances = 1 - self._sample @ query
        return Spread(mean=float(distances.mean()), deviation=float(distances.std()))

    def hash_distances(self, card: Image) -> HashDistances | None:
        """How far the hash of every card is from that of a picture; None where the bundle was built without hashes.

        Args:
            card: rectified card, uint8 [height, width, 3] BGR, upright.
        """
        return None if self._hashes is None else self._hashes.distances(card_hash(card))

    def _search_one(self, query: NDArray[np.float32], k: int) -> tuple[Match, ...]:
        narrowed = self._vectors.projection is not None
        scanned = projected(query[None], self._vectors.projection)
        compact = quantised(scanned)
        error = self._vectors.error + float(rounding_errors(scanned, compact)[0]) + _ARITHMETIC_ERROR
        count = min(self._manifest.rows, max(_NARROW_CANDIDATES if narrowed else _FIRST_CANDIDATES, _WIDENING * k))
        while True:
            rows, horizon = self._candidates(compact[0], count)
            matches = self._merge(rows, self._distances(query, rows), k)
            # Two unit vectors that are moved by e and f change their product by no more than e + f, whatever they are:
            # rows that are no candidates are farther than `horizon - error`. Of narrowed ones nothing is proven; how
            # often the nearest is among the candidates is measured.
            complete = len(matches) == k and (narrowed or matches[-1].distance < horizon - error)
            if complete or count == self._manifest.rows:
                return matches
            count = min(self._manifest.rows, _WIDENING * count)

    def _candidates(self, compact: NDArray[np.int8], count: int) -> tuple[NDArray[np.int64], float]:
        """The rows nearest to the query in 8 bits, and the distance in 8 bits of the farthest of them."""
        found = self._vectors.index.search(compact, count, exact=True, threads=1)
        rows = np.asarray(found.keys).astype(np.int64).ravel()
        horizon = float(np.asarray(found.distances).ravel()[-1]) if len(rows) else np.nan
        if len(rows) != count or not np.isfinite(horizon) or rows.min() < 0 or rows.max() >= self._manifest.rows:
            raise DatabaseError(f"{self._path / VECTORS_FILE} gives unusable answers; {REPAIR}")
        return rows, horizon

    def _distances(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        distances = np.asarray(1 - self._vectors.embeddings[rows] @ query, dtype=np.float32)
        if not np.isfinite(distances).all():
            raise DatabaseError(f"{self._path / EMBEDDINGS_FILE} gives distances that are no numbers; {REPAIR}")
        return np.maximum(distances, 0)

    def _merge(self, rows: NDArray[np.int64], distances: NDArray[np.float32], k: int) -> tuple[Match, ...]:
        order = np.lexsort((rows, distances))
        cards = self._row_card[rows[order]]
        _, first = np.unique(cards, return_index=True)
        best = order[np.sort(first)[:k]]
        return tuple(
            Match(
                card_id=self._card_ids[self._row_card[rows[i]]],
                distance=float(distances[i]),
                rotation=int(self._row_rotation[rows[i]]),
            )
            for i in best
        )

    def _number(self, card_id: str) -> int:
        number = self._numbers.get(card_id)
        if number is None:
            raise DatabaseError(f"the card {card_id} is not in the database {self._path}")
        return number

    def _check_unchanged(self) -> None:
        for file in self._vectors.files:
            file.check()

    def _check_queries(self, queries: NDArray[np.float32]) -> None:
        if queries.ndim != 2 or queries.shape[1] != self._manifest.dimension:
            raise ModelMismatchError(
                f"the queries have the shape {queries.shape}, but the database {self._path} holds embeddings of "
                f"{self._manifest.dimension} dimensions"
            )
        if not of_unit_length(queries).all():
            raise InferenceError("a query embedding is not finite or not normalised; the embedder is not working")


def _sample(vectors: MappedVectors) -> NDArray[np.float32]:
    """Rows that stand for all, evenly chosen; each draws the pages around it in, which are given back as they come."""
    step = -(-len(vectors.embeddings) // _SAMPLE_ROWS)
    parts = []
    for start in range(0, len(vectors.embeddings), _SAMPLED_AT_ONCE * step):
        parts.append(np.array(vectors.embeddings[start : start + _SAMPLED_AT_ONCE * step : step]))
        vectors.release_pages()
    return np.concatenate(parts)


def _alike(groups: Sequence[LookalikeGroup]) -> dict[str, frozenset[str]]:
    """Card id -> the members of its groups of look-alikes; a card with several images may be in several."""
    found: dict[str, frozenset[str]] = {}
    for group in groups:
        members = frozenset(member.card_id for member in group.members)
        for card_id in members:
            found[card_id] = found[card_id] | members if card_id in found else members
    return found
